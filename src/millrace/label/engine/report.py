"""Agreement and consensus as plain facts to show."""

from typing import Any

import numpy as np

from millrace.core.errors import InvalidInput, choices
from millrace.label.engine import agreement as measures
from millrace.label.engine.agreement import Level
from millrace.label.engine.consensus import Consensus, dawid_skene, majority
from millrace.label.engine.ratings import Coded, Floats
from millrace.label.engine.settle import is_tied


def join(coded: Coded, method: str, strength: float = 1.0) -> Consensus:
    """Join answers by votes or by Dawid-Skene."""
    if method == "majority":
        return majority(coded.ratings)
    return dawid_skene(coded.ratings, strength=strength)


def agreement(coded: Coded, level: Level, draws: int, shown: int, seed: int) -> dict[str, Any]:
    """Measure every coefficient, with what is not defined left out and noted.

    Random: seeded. Cost: O(draws * n * k) and O(a^2 n).
    """
    counts = coded.ratings.counts()
    scale = numbers(coded.labels) if level == "interval" else None
    # A matrix a drawn item costs little, so intervals use the same functions on drawn rows.
    ways = {
        "observed": measures.observed,
        "fleiss_kappa": measures.fleiss,
        "krippendorff_alpha": lambda drawn: measures.alpha(drawn, level, scale),
        "gwet_ac1": measures.gwet_ac1,
    }
    metrics: list[dict[str, Any]] = []
    notes: list[str] = []
    for name, way in ways.items():
        low, high = measures.interval(counts, way, draws, seed) if draws else (None, None)
        _add(metrics, notes, name, (way(counts), low, high))
    pairs = measures.pairs(coded.ratings)
    _add(metrics, notes, "cohen_kappa_mean", (measures.mean_cohen(pairs), None, None))
    pairs.sort(key=lambda pair: (np.isnan(pair[3]), pair[3]))
    return {
        "metrics": metrics,
        "items": coded.ratings.n,
        "compared": int((counts.sum(1) >= 2).sum()),
        "answers": coded.ratings.m,
        "people": _shares(coded),
        "pairs": [
            {
                "first": coded.annotators[one],
                "second": coded.annotators[two],
                "items": items,
                "kappa": _defined(kappa),
            }
            for one, two, items, kappa in pairs[:shown]
        ],
        "notes": notes,
    }


def consensus(coded: Coded, method: str, strength: float, shown: int) -> dict[str, Any]:
    """Tell what the answers say together, who is how good, and where they differ most."""
    found = join(coded, method, strength)
    votes = majority(coded.ratings)
    tied = is_tied(found.posterior)
    labels = found.labels()
    differs = ~tied & ~is_tied(votes.posterior) & (labels != votes.labels())
    counts = coded.ratings.counts()
    split = np.flatnonzero((counts > 0).sum(1) > 1)
    split = split[np.argsort(found.confidence()[split], kind="stable")][:shown]
    answers = np.bincount(coded.ratings.annotators, minlength=coded.ratings.a)
    sizes = np.bincount(labels[~tied], minlength=coded.ratings.k)
    return {
        "items": coded.ratings.n,
        "labels": {name: int(size) for name, size in zip(coded.labels, sizes, strict=True) if size},
        "tied": int(tied.sum()),
        "overruled": int(differs.sum()),
        "iterations": found.iterations,
        "people": [
            {"annotator": name, "answers": int(answers[at]), "skill": float(found.skill()[at])}
            for at, name in enumerate(coded.annotators)
        ],
        "disputed": [
            {
                "item": coded.items[at],
                "label": None if tied[at] else coded.labels[labels[at]],
                "confidence": float(found.confidence()[at]),
                "answers": _votes(coded, counts[at]),
            }
            for at in split
        ],
    }


def numbers(labels: list[str]) -> Floats:
    """Return labels as the numbers they write.

    Errors: invalid_input, one writes none.
    """
    try:
        found = np.array([float(label) for label in labels])
        if not np.isfinite(found).all():  # 'nan' and 'inf' are words, too
            raise ValueError
    except ValueError as error:
        raise InvalidInput(
            f"The labels {choices(labels)} are not all numbers.",
            "Measure alpha at level nominal or ordinal.",
            field="level",
        ) from error
    return found


def _votes(coded: Coded, counts: Floats) -> dict[str, int]:
    return {coded.labels[at]: int(counts[at]) for at in np.flatnonzero(counts)}


def _add(
    metrics: list[dict[str, Any]],
    notes: list[str],
    name: str,
    found: tuple[float, float | None, float | None],
) -> None:
    if np.isnan(found[0]):
        notes.append(f"{name} is not defined: no item has two answers, or one label was used.")
        return
    low, high = (None if end is None else _defined(end) for end in found[1:])
    metrics.append({"name": name, "value": found[0], "low": low, "high": high})


def _shares(coded: Coded) -> list[dict[str, Any]]:
    share = measures.with_others(coded.ratings)
    answers = np.bincount(coded.ratings.annotators, minlength=coded.ratings.a)
    return [
        {"annotator": name, "answers": int(answers[at]), "share": _defined(share[at])}
        for at, name in enumerate(coded.annotators)
    ]


def _defined(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
