"""Greedy weighting of models by their out-of-fold answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.automl.engine.scores import Score

Array = NDArray[Any]
ROUNDS = 25
CANDIDATES = 15
SAMPLE = 20_000
LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class Purse:
    """What each answer's model would cost to train on all rows, and what may be spent [CPU s]."""

    costs: list[float]
    allowance: float


def greedy(
    answers: list[Array],
    y: Array,
    score: Score,
    purse: Purse,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[int, float]:
    """Choose weights that sum to 1 by adding, with repetition, whichever answer helps most.

    Starts from the best answer. An answer that the purse
    can no longer pay is not added for the first time. More than 20,000 rows are judged on a sample.
    Shapes: answers (n, k) or (n,), y (n,).     Random: seeded, only for the sample.
    Cost: O(rounds x candidates x n log n).
    Source: Caruana et al., Ensemble selection from libraries of models, 2004.
    """
    if len(y) > SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(y), SAMPLE, replace=False)
        answers, y = [answer[chosen] for answer in answers], y[chosen]
    alone = [score.guide(y, answer) for answer in answers]
    order = sorted(range(len(answers)), key=lambda at: (-alone[at], at))[:CANDIDATES]
    counts = {order[0]: 1}
    total, best = answers[order[0]].astype(np.float64), alone[order[0]]
    left = purse.allowance - purse.costs[order[0]]
    for size in range(2, rounds + 1):
        fits = [at for at in order if at in counts or purse.costs[at] <= left]
        guides = [score.guide(y, (total + answers[at]) / size) for at in fits]
        found = int(np.argmax(guides))
        if guides[found] <= best + LEAST_GAIN:
            break
        chosen_one, best = fits[found], guides[found]
        if chosen_one not in counts:
            left -= purse.costs[chosen_one]
        counts[chosen_one] = counts.get(chosen_one, 0) + 1
        total += answers[chosen_one]
    size = sum(counts.values())
    return {at: count / size for at, count in sorted(counts.items())}


def combine(answers: list[Array], weights: dict[int, float]) -> Array:
    """Return the weighted mean of the answers."""
    total = np.zeros_like(answers[0], dtype=np.float64)
    for at, weight in weights.items():
        total += weight * answers[at]
    return total
