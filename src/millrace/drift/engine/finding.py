"""What the tests of one column found."""

from dataclasses import dataclass, field

# From this size on a change is called so; below the first it is left out of the verdict.
STRENGTHS = ((0.02, "small"), (0.1, "medium"), (0.25, "large"))


@dataclass(frozen=True)
class Finding:
    """P values, effect and words for one column, before the correction over columns."""

    column: str
    kind: str
    tests: dict[str, float]
    effect: float
    effect_name: str
    size: float
    says: str
    psi: float | None = None
    facts: dict[str, float] = field(default_factory=dict[str, float])
    weights: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def p(self) -> float:
        """Return the least p value over its share of the error (Bonferroni; equal shares)."""
        equal = 1.0 / len(self.tests)
        return min(1.0, *(p / self.weights.get(name, equal) for name, p in self.tests.items()))

    @property
    def strength(self) -> str:
        """Return the size in a word."""
        return strength(self.size)


def strength(size: float) -> str:
    """Name a size between 0 and 1."""
    words = [word for least, word in STRENGTHS if size >= least]
    return words[-1] if words else "negligible"


def holm(p_values: list[float]) -> list[float]:
    """Return p values adjusted so that the chance of any false alarm stays below alpha.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for done, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[place]))
        adjusted[place] = highest
    return adjusted
