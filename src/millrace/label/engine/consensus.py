"""One label an item out of many annotations: majority and Dawid-Skene."""

from dataclasses import dataclass

import numpy as np

from millrace.label.engine.ratings import Floats, Ints, Ratings

TINY = 1e-12


@dataclass(frozen=True)
class Consensus:
    """What the annotations together say."""

    posterior: Floats
    """How likely each label is for each item, (n, k); rows sum to 1, or to 0 without answers."""
    confusion: Floats
    """How annotator i labels items whose true label is c, (a, k, k): [i, c, label given]."""
    prior: Floats
    """How common each label is, (k,)."""
    iterations: int

    def labels(self) -> Ints:
        """Return the most likely label of each item, -1 where nobody answered."""
        best = self.posterior.argmax(1)
        return np.where(self.posterior.sum(1) > 0, best, -1).astype(np.int64)

    def confidence(self) -> Floats:
        """Return how likely the most likely label is, 0 where nobody answered."""
        return self.posterior.max(1)

    def skill(self) -> Floats:
        """Return how likely each annotator is right on an item drawn by the prior, (a,)."""
        return np.einsum("acc,c->a", self.confusion, self.prior)


def majority(ratings: Ratings) -> Consensus:
    """Count votes: the posterior of an item is the shares of its votes.

    A tie stays a tie in the posterior (and `labels` takes the first). Cost: O(m + n k).
    """
    counts = ratings.counts()
    total = counts.sum(1, keepdims=True)
    posterior = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    confusion = _confusion(_Groups(ratings), posterior, ratings, strength=1.0)
    prior = _prior(posterior)
    return Consensus(posterior, confusion, prior, 0)


def dawid_skene(
    ratings: Ratings, iterations: int = 100, tolerance: float = 1e-5, strength: float = 1.0
) -> Consensus:
    """Weigh annotators by what they confuse, found by expectation-maximisation.

    Better than the majority when annotators differ in skill or lean to some labels; with one
    annotation an item it can only repeat what was said.
    Shapes: see Ratings. `strength` is how many imagined annotations of the average annotator are
    added to each row of a confusion matrix, so that rare labels and rare annotators stay sane.
    Random: none. Cost: O(iterations * m * k) time, O((m + n) k + a k^2) memory.
    Source: Dawid and Skene, 1979, eq. 2.3 to 2.5; the shrinkage is ours.
    """
    groups = _Groups(ratings)
    posterior = majority(ratings).posterior
    seen = posterior.sum(1) > 0
    confusion, prior, done = np.empty(0), np.empty(0), 0
    while done < iterations:
        done += 1
        confusion = _confusion(groups, posterior, ratings, strength)
        prior = _prior(posterior)
        scores = groups.by_item(np.log(confusion).transpose(0, 2, 1), np.log(prior))
        scores -= scores.max(1, keepdims=True)
        renewed = np.exp(scores)
        renewed = np.where(seen[:, None], renewed / renewed.sum(1, keepdims=True), 0.0)
        moved = float(np.abs(renewed - posterior).max(initial=0.0))
        posterior = renewed
        if moved < tolerance:
            break
    return Consensus(posterior, confusion, prior, done)


class _Groups:
    """Annotations sorted twice, so that sums over items and over annotators are slices."""

    def __init__(self, ratings: Ratings) -> None:
        self.n = ratings.n
        order = np.argsort(ratings.items, kind="stable")
        self.who, self.what = ratings.annotators[order], ratings.values[order]
        self.items, self.item_starts = np.unique(ratings.items[order], return_index=True)
        cell = ratings.annotators * ratings.k + ratings.values
        second = np.argsort(cell, kind="stable")
        self.owner = ratings.items[second]
        self.cells, self.cell_starts = np.unique(cell[second], return_index=True)

    def by_item(self, given: Floats, start: Floats) -> Floats:
        """Sum `given[annotator, label given]` over each item's annotations, (n, k)."""
        found = np.tile(start, (self.n, 1))
        if len(self.items):
            found[self.items] += np.add.reduceat(given[self.who, self.what], self.item_starts)
        return found

    def by_cell(self, posterior: Floats, a: int, k: int) -> Floats:
        """Sum posteriors over what each annotator called each label, (a, true, given)."""
        found = np.zeros((a * k, k))
        if len(self.cells):
            found[self.cells] = np.add.reduceat(posterior[self.owner], self.cell_starts)
        return found.reshape(a, k, k).transpose(0, 2, 1)


def _confusion(groups: _Groups, posterior: Floats, ratings: Ratings, strength: float) -> Floats:
    counts = groups.by_cell(posterior, ratings.a, ratings.k)
    pooled = counts.sum(0) + np.eye(ratings.k) + 1 / max(ratings.k, 1)
    pooled /= pooled.sum(1, keepdims=True)
    found = counts + strength * pooled
    return found / np.maximum(found.sum(2, keepdims=True), TINY)


def _prior(posterior: Floats) -> Floats:
    found = posterior.sum(0) + 1 / max(posterior.shape[1], 1)
    return found / found.sum()
