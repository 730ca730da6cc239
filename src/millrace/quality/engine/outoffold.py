"""Out-of-fold class probabilities: each row is judged by a model that did not see it.

`n` rows, `d` features, `k` classes.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.floating]
Codes = NDArray[np.int64]
FOLDS = 5
WIDTH = 1024  # of hashed text features
SHRINK = 0.1
MOST_WORK = 1e9  # rows x features x classes (some 25 CPU-s) above which the discriminant stands in


def folds(given: Codes, seed: int, groups: Codes | None = None) -> Codes:
    """Assign each row a fold, classes spread evenly and rows of one group kept together.

    Copies of a row must share its fold, or the copy would betray the label that is in question.
    A group that makes up much of its class is taken apart, or no fold could learn that class.
    """
    rng = np.random.default_rng(seed)
    group = np.arange(given.size) if groups is None else _small(groups, given)
    _, first, place = np.unique(group, return_index=True, return_inverse=True)
    parts = np.empty(first.size, np.int64)
    order = rng.permutation(first.size)
    order = order[np.argsort(given[first[order]], kind="stable")]
    parts[order] = np.arange(first.size) % FOLDS
    return parts[place]


def _small(groups: Codes, given: Codes) -> Codes:
    _, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    most = np.maximum(3, np.bincount(given)[given] / (2 * FOLDS))
    return np.where(sizes[place] <= most, place, given.size + np.arange(given.size))


def fair(probabilities: Floats, given: Codes, parts: Codes) -> Floats:
    """Let a row alone whose class no other fold holds: its judge never saw that class."""
    found = probabilities.copy()
    for fold in np.unique(parts):
        held = parts == fold
        unseen = held & ~np.isin(given, given[~held])
        found[unseen] = 0.0
        found[unseen, given[unseen]] = 1.0
    return found


def text_head(features: Floats, given: Codes, parts: Codes) -> tuple[Floats, str]:
    """Return probabilities of a linear head on text vectors, and its name.

    Logistic regression is the better judge (banking77: .941 precision against .878); where rows
    times classes would cost minutes, the discriminant stands in.
    """
    if features.size * (float(given.max()) + 1) <= MOST_WORK:
        return logistic(features, given, parts), "logistic regression"
    return linear(features, given, parts), "linear discriminant"


def logistic(features: Floats, given: Codes, parts: Codes) -> Floats:
    """Return probabilities of logistic regression, C = 10; for vectors of unit length.

    Cost: about 8 CPU-s for 10,000 rows of 384 and 77 classes.
    """
    out = np.zeros((given.size, int(given.max()) + 1))
    for fold in np.unique(parts):
        held = parts == fold
        if np.unique(given[~held]).size < 2:
            out[held, given[~held][0]] = 1.0
            continue
        head = LogisticRegression(C=10.0, max_iter=60)
        with warnings.catch_warnings():
            # Sixty steps rank the doubts; the last digit need not have settled.
            warnings.simplefilter("ignore", ConvergenceWarning)
            head.fit(features[~held], given[~held])
        out[np.ix_(held, head.classes_)] = head.predict_proba(features[held])
    return out


def linear(features: Floats, given: Codes, parts: Codes) -> Floats:
    """Return probabilities of a linear discriminant; for text vectors.

    The covariance within classes is shrunk towards a sphere. All folds share one pass over the
    rows: what a fold leaves out is subtracted.
    Shapes: features (n, d), given (n,), parts (n,) -> (n, k).
    Cost: O(n d^2 + folds d^3).
    Source: Ledoit and Wolf, 2004, for the form of the shrinkage; its weight is fixed.
    """
    k = int(given.max()) + 1
    n, d = features.shape
    out = np.zeros((n, k))
    for fold in np.unique(parts):
        held = parts == fold
        rows, codes = features[~held], given[~held]
        counts = np.bincount(codes, minlength=k).astype(np.float64)
        hot = np.zeros((k, len(rows)))
        hot[codes, np.arange(len(rows))] = 1.0
        means = hot @ rows / np.maximum(counts, 1.0)[:, None]
        within = (rows.T @ rows - (means * counts[:, None]).T @ means) / max(1, len(rows) - k)
        within += np.eye(d) * (SHRINK * np.trace(within) / d + 1e-9)
        weights = np.linalg.solve(within, means.T)
        offset = -0.5 * (means.T * weights).sum(0) + np.log(np.maximum(counts, 0.5) / len(rows))
        out[held] = features[held] @ weights + offset
        out[np.ix_(held, counts == 0)] = -np.inf
    return _softmax(out, _temperature(out, given))


def _softmax(scores: Floats, sharpness: float) -> Floats:
    shifted = sharpness * (scores - scores.max(1, keepdims=True))
    powers = np.exp(shifted)
    return powers / powers.sum(1, keepdims=True)


def _temperature(scores: Floats, given: Codes) -> float:
    """Return the sharpness with the least log loss; one number, so it cannot overfit."""
    choices = np.geomspace(0.05, 4.0, 24)
    own = np.arange(given.size)
    losses = [
        -np.log(np.maximum(_softmax(scores, sharp)[own, given], 1e-12)).mean() for sharp in choices
    ]
    return float(choices[int(np.argmin(losses))])


def hashed(texts: list[str]) -> NDArray[np.float32]:
    """Return hashed words and pairs of characters for texts too many to be encoded.

    Cost: about 100 us a text of 60 characters.
    """
    single: Any = np.float32  # the stub knows only float64
    words = HashingVectorizer(
        n_features=WIDTH, analyzer="char_wb", ngram_range=(2, 4), norm="l2", dtype=single
    )
    sparse: Any = words.transform(texts)
    return np.asarray(sparse.todense(), np.float32)


def trees(features: Floats, categories: list[int], given: Codes, parts: Codes, seed: int) -> Floats:
    """Return probabilities of boosted trees; for tables.

    Shapes: features (n, d) with NaN for missing and codes for categories -> (n, k).
    """
    import lightgbm

    k = int(given.max()) + 1
    settings = {
        "objective": "multiclass" if k > 2 else "binary",
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": 20,
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
    }
    if k > 2:
        settings["num_class"] = k
    # The work grows with the classes; many classes get fewer rounds.
    rounds = max(20, min(80, 400 // k))
    out = np.zeros((given.size, k))
    for fold in np.unique(parts):
        held = parts == fold
        data = lightgbm.Dataset(features[~held], given[~held], categorical_feature=categories)
        booster = lightgbm.train(settings, data, num_boost_round=rounds)
        said = np.asarray(booster.predict(features[held]), np.float64)
        out[held] = said if k > 2 else np.column_stack([1 - said, said])
    return out
