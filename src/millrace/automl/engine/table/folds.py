"""Which rows train and which judge."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.kinds.task import Task

Array = NDArray[Any]


@dataclass(frozen=True)
class Fold:
    """Row numbers of one split."""

    train: Array
    valid: Array


def plan(n: int) -> tuple[int, int]:
    """Return how many folds and repeats suit n rows; small tables need more to be stable."""
    if n < 1_000:
        return 5, 3
    if n < 2_500:
        return 5, 2
    return 5, 1


def make(
    y: Array,
    task: Task,
    count: int,
    repeats: int = 1,
    *,
    groups: Array | None = None,
    seed: int = 0,
) -> list[Fold]:
    """Split n rows into `count` folds, `repeats` times.

    Classes are spread evenly; a class with one row stays in training, so that every fold
    trains on every class. Rows of one group (numbers, (n,)) stay together.
    Random: seeded by `seed`. Cost: O(n log n) a repeat.
    """
    folds: list[Fold] = []
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        if groups is not None:
            place = _grouped(groups, count, random)
        elif task == "classification":
            place = _stratified(y, count, random)
        else:
            place = _ordered(y, count, random)
        everything = np.arange(len(y))
        for at in range(count):
            valid = everything[place == at]
            if len(valid):
                folds.append(Fold(everything[place != at], valid))
    return folds


def _stratified(y: Array, count: int, random: np.random.Generator) -> Array:
    place = np.full(len(y), -1)
    start = 0
    for value in np.unique(y):
        rows = random.permutation(np.flatnonzero(y == value))
        if len(rows) < 2:
            continue
        place[rows] = (np.arange(len(rows)) + start) % count
        start += len(rows)
    return place


def _ordered(y: Array, count: int, random: np.random.Generator) -> Array:
    """Deal the rows out by size of the target, so that folds have like distributions."""
    order = np.lexsort((random.random(len(y)), y))
    place = np.empty(len(y), dtype=np.int64)
    for start in range(0, len(y), count):
        block = order[start : start + count]
        place[block] = random.permutation(count)[: len(block)]
    return place


def _grouped(groups: Array, count: int, random: np.random.Generator) -> Array:
    """Give each group, the largest first, to the emptiest fold."""
    values, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.lexsort((random.random(len(values)), -sizes))
    load = np.zeros(count)
    owner = np.empty(len(values), dtype=np.int64)
    for group in order:
        owner[group] = int(load.argmin())
        load[owner[group]] += sizes[group]
    return owner[inverse]
