"""Suggest a label for each text from names alone or from names and a few examples."""

from dataclasses import dataclass

import numpy as np

from millrace.label.engine import calibration, head, prototypes
from millrace.label.engine.prototypes import Space, Vectors, softmax
from millrace.label.engine.ratings import Floats, Ints

ZERO_SHOT_TEMPERATURE = 0.08  # chosen on clinc150 and banking77 train; a guess for other data
CROWDED = 3.0  # few texts a label pull prototypes onto themselves, so are trusted less
CALIBRATION_ROWS = 30  # fewer labelled rows say nothing about calibration
FOLDS = 5
FEW_SHOT_TEMPERATURE = 0.75  # between what cross-validation finds on the two
LARGE = 2_000  # labelled rows from which one fold is held out instead of five
SAMPLE = 4_000  # unlabelled texts used while cross-validating


@dataclass(frozen=True)
class Suggester:
    """Weights that turn vectors into labels with confidence."""

    space: Space
    weights: Vectors
    temperature: float
    examples: int
    is_calibrated: bool
    accuracy: float | None
    """Accuracy on labelled rows held out in turn; None when they are too few."""
    calibration_error: float | None

    def proba(self, vectors: Vectors) -> Floats:
        """Return how likely each label is for each text. Shapes: (n, d) -> (n, k)."""
        scores = self.space.texts(vectors) @ self.weights.T
        return softmax(scores / np.float32(self.temperature)).astype(np.float64)


def fit(texts: Vectors, names: Vectors, labelled: Vectors, codes: Ints, seed: int = 0) -> Suggester:
    """Fit on unlabelled texts, label names and whatever labels exist.

    Without labels the prototypes decide and the confidence is a documented guess; with labels a
    linear head does, and from CALIBRATION_ROWS on its temperature comes from rows held out.
    Shapes: texts (n, d), names (k, d), labelled (l, d), codes (l,) below k; unit rows.
    Random: seeded (which rows are held out together).
    Cost: O(n k d) for the prototypes, O(l k d) for the head, five times that to calibrate.
    """
    where = prototypes.space(np.concatenate([texts, labelled]), names)
    x, centred, known = where.texts(texts), where.names(names), where.texts(labelled)
    if not len(codes):
        found = prototypes.prototypes(x, centred, known, codes)
        warmth = ZERO_SHOT_TEMPERATURE * (1 + min(len(names) / max(len(texts), 1), CROWDED))
        return Suggester(where, found, warmth, 0, False, None, None)
    weights = _head(x, centred, known, codes)
    if len(codes) < CALIBRATION_ROWS or len(np.unique(codes)) < 2:
        return Suggester(where, weights, FEW_SHOT_TEMPERATURE, len(codes), False, None, None)
    scores, held = _held_out(_sample(x, seed), centred, (known, codes), seed)
    warmth = calibration.temperature(scores, codes[held])
    p = softmax(scores / np.float32(warmth))
    right = (p.argmax(1) == codes[held]).astype(np.float64)
    error = calibration.calibration_error(p.max(1).astype(np.float64), right)
    return Suggester(where, weights, warmth, len(codes), True, float(right.mean()), error)


def _head(texts: Vectors, names: Vectors, labelled: Vectors, codes: Ints) -> Vectors:
    start = prototypes.prototypes(texts, names, labelled, codes)
    return head.fit(start, names, labelled, codes)


def _held_out(
    texts: Vectors, names: Vectors, known: tuple[Vectors, Ints], seed: int
) -> tuple[Vectors, Ints]:
    """Return scores of labelled rows by heads that did not see them, and which rows these are."""
    labelled, codes = known
    fold = folds(codes, FOLDS, seed)
    rounds = range(FOLDS) if len(codes) <= LARGE else range(1)
    scores, rows = [], []
    for number in rounds:
        out = fold == number
        weights = _head(texts, names, labelled[~out], codes[~out])
        scores.append(labelled[out] @ weights.T)
        rows.append(np.flatnonzero(out))
    return np.concatenate(scores), np.concatenate(rows)


def folds(codes: Ints, count: int, seed: int) -> Ints:
    """Deal rows into folds so that each label is spread as evenly as it can be."""
    order = np.random.default_rng(seed).permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    found = np.empty(len(codes), np.int64)
    found[order] = np.arange(len(codes)) % count
    return found


def _sample(texts: Vectors, seed: int) -> Vectors:
    if len(texts) <= SAMPLE:
        return texts
    return texts[np.random.default_rng(seed).choice(len(texts), SAMPLE, replace=False)]
