"""The test of a text column, on the vectors of its texts.

`N` texts of both windows, `d` dimensions; `is_current` marks the m texts of the current window.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from millrace.drift.engine import category, domain
from millrace.drift.engine.finding import Finding
from millrace.drift.engine.statistics import Floats

MOST_TOPICS = 30
TEXTS_A_TOPIC = 50
STEPS = 15
PERMUTATIONS = 500
# A topic that grows is how texts mostly drift; the other tests see what has no topic.
WEIGHTS = {"topics": 0.5, "mean": 0.2, "length": 0.2, "classifier": 0.1}

Labels = NDArray[np.int64]


def test(column: str, vectors: Floats, is_current: Labels, length: Finding, seed: int) -> Finding:
    """Test whether texts have changed in meaning or length.

    Topics are clusters of both windows together, compared like categories; the means of the
    vectors are compared by permutation; a domain classifier gives the effect.
    Shapes: vectors (N, d), is_current (N,).     Random: seeded by `seed`.
    Cost: about 0.3 CPU-s for 2,000 vectors of 384.
    """
    codes = topics(vectors, seed)
    before, now = (np.bincount(codes[is_current == side]) for side in (0, 1))
    width = max(before.size, now.size)
    before, now = (
        np.pad(part, (0, width - part.size)).astype(np.float64) for part in (before, now)
    )
    told = domain.told_apart(vectors, is_current, domain.ridge, seed)
    tests = {
        "topics": topics_differ(before, now),
        "mean": means_differ(vectors, is_current, seed),
        "length": length.p,
        "classifier": told.p,
    }
    shares = before / before.sum(), now / now.sum()
    by_length = min(tests, key=lambda name: tests[name] / WEIGHTS[name]) == "length"
    moved = float(np.abs(shares[1] - shares[0]).sum() / 2)
    topic = int(np.abs(shares[1] - shares[0]).argmax())
    says = (
        f"one topic of {width} was {100 * shares[0][topic]:.1f} % of the texts and is "
        f"{100 * shares[1][topic]:.1f} % now; told apart with an AUC of {told.auc:.3f}"
    )
    return Finding(
        column=column,
        kind="text",
        tests=tests,
        effect=told.auc,
        effect_name="auc",
        size=min(1.0, max(moved, 2 * told.auc - 1, length.size if by_length else 0.0)),
        says=f"length: {length.says}" if by_length else says,
        weights=WEIGHTS,
    )


def topics_differ(before: Floats, now: Floats) -> float:
    """Return the p value that the topics have kept their shares."""
    kept = before + now > 0
    names = [str(topic) for topic in np.flatnonzero(kept)]
    p_values = category.mix_tests(names, before[kept], now[kept]).values()
    return min(1.0, min(p_values) * len(p_values))


def topics(vectors: Floats, seed: int) -> Labels:
    """Cluster texts by k-means, started by k-means++.

    Cost: O(N d k) time for k clusters and each of 15 steps.
    """
    rng = np.random.default_rng(seed)
    k = int(np.clip(len(vectors) // TEXTS_A_TOPIC, 2, MOST_TOPICS))
    centres = vectors[[rng.integers(len(vectors))]]
    far = ((vectors - centres[0]) ** 2).sum(1)
    while len(centres) < k and far.sum() > 0:
        chosen = vectors[rng.choice(len(vectors), p=far / far.sum())]
        centres = np.vstack([centres, chosen])
        far = np.minimum(far, ((vectors - chosen) ** 2).sum(1))
    codes = np.zeros(len(vectors), np.int64)
    for _ in range(STEPS):
        codes = (vectors @ centres.T - 0.5 * (centres**2).sum(1)).argmax(1)
        members = (codes == np.arange(len(centres))[:, None]).astype(np.float64)
        counts = members.sum(1, keepdims=True)
        centres = np.where(counts > 0, members @ vectors / np.maximum(counts, 1), centres)
    return codes


def means_differ(vectors: Floats, is_current: Labels, seed: int) -> float:
    """Return the p value that both windows have the same mean vector.

    The squared distance of the means, directions of much spread damped, is compared with that of
    random windows. Its tail is that of a Pearson type III law with their mean, spread and skew,
    so that a p value may be smaller than one over the number of permutations.
    Source: Josse, Pages, Husson, Testing the significance of the RV coefficient, 2008.
    """
    rng = np.random.default_rng(seed)
    centred = vectors - vectors.mean(0)
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    spread = np.maximum(spread, 0)
    damped = centred @ axes / np.sqrt(spread + 3 * spread.mean() + 1e-12)
    m = int(is_current.sum())
    windows = np.zeros((PERMUTATIONS, len(vectors)))
    for row in windows:
        row[rng.choice(len(vectors), m, replace=False)] = 1.0
    chance = ((windows @ damped) ** 2).sum(1)
    seen = float(((is_current @ damped) ** 2).sum())
    scale = float(chance.std())
    if scale <= 1e-9 * (float(chance.mean()) + 1e-12):
        return 1.0
    skew = max(float((((chance - chance.mean()) / scale) ** 3).mean()), 0.05)
    shape = 4 / skew**2
    place = shape + (seen - float(chance.mean())) / scale * np.sqrt(shape)
    return float(special.gammaincc(shape, max(0.0, float(place))))
