"""Likely label errors by confident learning, and classes too rare or too uneven.

`n` rows, `k` classes; `given` are the class codes that the data holds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from millrace.quality.engine.finding import Found, Severity

FEW = 5  # rows below which a class can hardly be learnt
KNOWING = 0.5  # skill from which a model is trusted to tell wrong rows from hard ones
CLEAR_ODDS = 2.0  # log odds, about 7 to 1
TINY = 1e-12
UNEVEN = 20.0  # times that the largest class is larger than the smallest

Floats = NDArray[np.floating]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Doubts:
    """Rows whose label is likely wrong, the surest first."""

    rows: Codes
    suggested: Codes
    confidence: Floats
    odds: Floats


@dataclass(frozen=True)
class Judged:
    """Out-of-fold probabilities, and how far they can be trusted."""

    probabilities: Floats
    how: str
    accuracy: float
    skill: float

    @classmethod
    def of(cls, given: Codes, probabilities: Floats, how: str) -> "Judged":
        """Measure how much better than the most frequent class the probabilities are."""
        accuracy = float((probabilities.argmax(1) == given).mean())
        base = float(np.bincount(given).max() / given.size)
        skill = max(0.0, (accuracy - base) / (1 - base)) if base < 1 else 0.0
        return cls(probabilities, how, accuracy, skill)

    def loss(self, given: Codes) -> float:
        """Return the log loss."""
        own = self.probabilities[np.arange(given.size), given]
        return float(-np.log(np.maximum(own, TINY)).mean())


def thresholds(given: Codes, probabilities: Floats) -> Floats:
    """Return for each class the mean probability of it among the rows labelled so.

    Source: Northcutt, Jiang, Chuang, Confident Learning, JAIR 2021, equation 2.
    """
    k = probabilities.shape[1]
    own = probabilities[np.arange(given.size), given]
    counts = np.bincount(given, minlength=k)
    sums = np.bincount(given, own, minlength=k)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def confident_joint(given: Codes, probabilities: Floats) -> NDArray[np.int64]:
    """Count rows labelled i that are confidently of class j.

    A row counts for the class with the largest probability among those whose threshold it reaches,
    and for none when it reaches none.
    Shapes: given (n,), probabilities (n, k) out-of-fold -> (k, k).
    Source: the same, equation 1.
    """
    k = probabilities.shape[1]
    reached = np.where(probabilities >= thresholds(given, probabilities), probabilities, -1.0)
    best = reached.argmax(1)
    sure = reached.max(1) >= 0
    joint = np.zeros((k, k), np.int64)
    np.add.at(joint, (given[sure], best[sure]), 1)
    return joint


def doubts(given: Codes, probabilities: Floats, least_odds: float = 0.0) -> Doubts:
    """Find likely label errors: as many as the confident joint counts, the largest odds first.

    How many rows are in doubt is read from the confident joint, off its diagonal. Which ones is
    decided by the log odds of the best class against the given one over all classes at once: on
    banking77 with 5 % random flips that finds 93 % of them at a precision of .94, where the
    margin p_j - p_i in each pair of classes finds 74 % at .75 (bench/quality.py).
    Source: the same, section 3; the order is ours.
    """
    joint = confident_joint(given, probabilities)
    count = int(joint.sum() - np.trace(joint))
    rows = np.arange(given.size)
    best = probabilities.argmax(1)
    odds = np.log(np.maximum(probabilities[rows, best], TINY))
    odds -= np.log(np.maximum(probabilities[rows, given], TINY))
    surest = np.argsort(-odds, kind="stable")[:count]
    surest = surest[(best[surest] != given[surest]) & (odds[surest] >= least_odds)]
    return Doubts(surest, best[surest], probabilities[surest, best[surest]], odds[surest])


def errors(
    target: str, names: list[str], given: Codes, judged: Judged, places: Codes
) -> list[Found]:
    """Say which labels are likely wrong; `places` are the row positions behind `given`.

    A model that knows little calls hard rows wrong. Of its doubts only those with odds of seven
    to one are listed (adult with 5 % flips: precision .79 instead of .46), and they cost less.
    """
    weak = judged.skill < KNOWING
    found = doubts(given, judged.probabilities, CLEAR_ODDS if weak else 0.0)
    if not found.rows.size:
        return []
    share = found.rows.size / given.size
    suggested = {
        int(places[row]): (names[code], round(float(confidence), 4))
        for row, code, confidence in zip(found.rows, found.suggested, found.confidence, strict=True)
    }
    severity: Severity = "info" if weak else "error" if share > 0.05 else "warning"
    doubt = "wrong, or only hard" if weak else "wrong"
    return [
        Found(
            check="label_errors",
            part="labels",
            severity=severity,
            column=target,
            says=f"{found.rows.size} labels of '{target}' are likely {doubt}, says a model that "
            f"did not see them ({judged.how}; {100 * judged.accuracy:.1f} % agree with it).",
            count=int(found.rows.size),
            share=share,
            loss=min(0.8, 4 * share) * judged.skill,
            rows=list(suggested),
            suggested=suggested,
        )
    ]


def contradictions(target: str, keys: Codes, given: Codes, names: list[str]) -> list[Found]:
    """Find equal rows with different labels; the rarer label of each group is listed.

    Shapes: keys (n,) equal for rows with equal features, -1 for none; given (n,), -1 for none.
    """
    rows = np.flatnonzero((keys >= 0) & (given >= 0))
    k = len(names)
    pairs, counts = np.unique(keys[rows] * k + given[rows], return_counts=True)
    usual: dict[int, int] = {}
    for at in np.argsort(-counts, kind="stable"):
        usual.setdefault(int(pairs[at] // k), int(pairs[at] % k))
    odd = [int(row) for row in rows if usual[int(keys[row])] != given[row]]
    if not odd:
        return []
    share = len(odd) / rows.size
    said = f"{len(odd)} rows have another '{target}' than equal rows have."
    return [
        Found(
            check="contradictions",
            part="labels",
            severity="warning",
            column=target,
            says=said,
            count=len(odd),
            share=share,
            loss=min(0.5, 4 * share),
            rows=odd,
            suggested={row: (names[usual[int(keys[row])]], 1.0) for row in odd},
        )
    ]


def imbalance(target: str, names: list[str], given: Codes) -> list[Found]:
    """Find classes with too few rows, and classes of very unequal size."""
    counts = np.bincount(given, minlength=len(names))
    present = np.flatnonzero(counts)
    if present.size < 2:
        said = f"'{target}' has one class only, so there is nothing to learn."
        return [Found("one_class", "labels", "error", said, given.size, 1.0, 1.0, target)]
    found: list[Found] = []
    rare = present[counts[present] < FEW]
    if rare.size:
        rows = np.isin(given, rare)
        shown = ", ".join(f"'{names[code]}' ({counts[code]})" for code in rare[:5])
        said = f"{rare.size} classes of '{target}' have fewer than {FEW} rows: {shown}."
        lost = min(0.3, float(rare.size / present.size))
        found.append(
            Found(
                "rare_classes",
                "labels",
                "warning",
                said,
                int(rows.sum()),
                float(rows.mean()),
                lost,
                target,
            )
        )
    most, least = int(counts.argmax()), int(present[counts[present].argmin()])
    ratio = counts[most] / counts[least]
    if ratio >= UNEVEN:
        said = (
            f"'{target}' is uneven: '{names[most]}' is {ratio:.0f} times as frequent as "
            f"'{names[least]}'; accuracy alone will mislead."
        )
        share = float(counts[least] / given.size)
        found.append(
            Found("imbalance", "labels", "info", said, int(counts[least]), share, 0.05, target)
        )
    return found
