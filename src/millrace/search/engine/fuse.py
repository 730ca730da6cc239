"""Joining the legs: weighted reciprocal rank fusion, and weights validated on labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Source: Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009: k = 60.
RANK_CONSTANT = 60
GRID = (0.0, 0.25, 0.5, 0.75, 1.0)

Ranking = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Part:
    """What one leg added to a hit."""

    leg: str
    rank: int
    score: float
    weight: float
    points: float


@dataclass(frozen=True)
class Hit:
    """One row with its score and where the score comes from."""

    id: int
    score: float
    parts: list[Part]


def fuse(legs: Mapping[str, Ranking], weights: Mapping[str, float], k: int) -> list[Hit]:
    """Return the best k rows by the sum of weight / (60 + rank) over the legs.

    Ranks count from 1; a leg that did not return a row adds nothing. Ties go to the smaller
    id. Equal weights hurt when one leg is weak, so give the better one more.
    """
    parts: dict[int, list[Part]] = {}
    for leg, ranking in legs.items():
        weight = weights.get(leg, 0.0)
        if weight <= 0:
            continue
        for rank, (row, score) in enumerate(ranking, 1):
            points = weight / (RANK_CONSTANT + rank)
            parts.setdefault(row, []).append(Part(leg, rank, score, weight, points))
    hits = [Hit(row, sum(part.points for part in found), found) for row, found in parts.items()]
    hits.sort(key=lambda hit: (-hit.score, hit.id))
    return hits[:k]


def precision(found: Sequence[int], label: str, labels: Mapping[int, str]) -> float:
    """Return the share of rows found that carry the label [0..1]; 0 when none was found."""
    return sum(labels.get(row) == label for row in found) / len(found) if found else 0.0


def choose_weights(
    queries: Sequence[int],
    labels: Mapping[int, str],
    search: Callable[[int], Mapping[str, Ranking]],
    k: int = 10,
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the text/vector weights with the best same-label precision@k, and all scores.

    `search` gives each leg's ranking for a row used as the query; the row itself is left
    out of what it finds. Random: none.  Cost: len(queries) searches of each leg.
    """
    totals = dict.fromkeys(GRID, 0.0)
    for row in queries:
        legs = {
            leg: [hit for hit in ranking if hit[0] != row] for leg, ranking in search(row).items()
        }
        for text in GRID:
            hits = fuse(legs, {"text": text, "vector": 1 - text}, k)
            totals[text] += precision([hit.id for hit in hits], labels[row], labels)
    scores = {f"text {text:g}": totals[text] / max(len(queries), 1) for text in GRID}
    best = max(GRID, key=lambda text: (totals[text], -abs(text - 0.5)))
    return {"text": best, "vector": 1 - best}, scores
