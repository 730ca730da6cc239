"""Whether two models differ: on the same rows, or over the same folds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import stats
from scipy.special import ndtri, stdtr

from millrace.core.errors import InvalidInput
from millrace.evaluation.engine.bootstrap import Family, affordable, corrected, estimate, resampled
from millrace.evaluation.engine.classification import Answers
from millrace.evaluation.engine.judge import Judged
from millrace.evaluation.engine.summary import ERRORS, families
from millrace.evaluation.types import DeLongResult, Difference, McNemarResult
from millrace.services.significance.paired import mcnemar

Array = NDArray[Any]


@dataclass(frozen=True)
class DeLong:
    """Two areas below the ROC curve and their difference."""

    auc_a: float
    auc_b: float
    difference: float
    error: float
    low: float
    high: float
    z: float
    p: float


def delong(positive: Array, a: Array, b: Array, confidence: float = 0.95) -> DeLong:
    """Test whether two scores rank the same rows equally well.

    Shapes: positive (n,) bool with both values, scores (n,).
    Cost: O(n log n) by midranks.
    Source: DeLong et al., Biometrics 44, 1988; Sun and Xu, Fast implementation of DeLong's
    algorithm, IEEE Signal Processing Letters 21, 2014.
    """
    areas, covariance = delong_covariance(positive, np.vstack([a, b]))
    difference = float(areas[0] - areas[1])
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    error = float(np.sqrt(max(variance, 0.0)))
    z = (
        difference / error
        if error > 0
        else 0.0
        if difference == 0
        else np.copysign(np.inf, difference)
    )
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    return DeLong(
        float(areas[0]), float(areas[1]), difference, error, difference - half,
        difference + half, float(z), float(2 * stats.norm.sf(abs(z))),
    )  # fmt: skip


def delong_covariance(positive: Array, scores: Array) -> tuple[Array, Array]:
    """Return the areas (m,) of m scores (m, n) and their covariance (m, m)."""
    ones, zeros = scores[:, positive], scores[:, ~positive]
    count, others = ones.shape[1], zeros.shape[1]
    joined = np.concatenate([ones, zeros], axis=1)
    ranks = np.array([stats.rankdata(row) for row in joined])
    inner = np.array([stats.rankdata(row) for row in ones])
    outer = np.array([stats.rankdata(row) for row in zeros])
    above = (ranks[:, :count] - inner) / others
    below = 1 - (ranks[:, count:] - outer) / count
    areas = above.mean(axis=1)
    covariance = _covariance(above) / count + _covariance(below) / others
    return areas, covariance


def _covariance(placed: Array) -> Array:
    m, n = placed.shape
    return np.atleast_2d(np.cov(placed)) if n > 1 else np.zeros((m, m))


@dataclass(frozen=True)
class Paired:
    """The difference of one metric between two models, by resampling rows."""

    name: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    resamples: int


def paired_bootstrap(
    a: Family, b: Family, resamples: int, confidence: float, random: np.random.Generator
) -> dict[str, Paired]:
    """Return for every metric that both have the difference a - b with interval and p-value.

    Both models see the same resamples, so what makes rows hard for both cancels out. The
    p-value is twice the share of resamples on the other side of zero, at least 2 / (B + 1), with
    the t-law's tail for few rows; one row can tell nothing, so its p-value is 1.
    Random: `random`. Source: Efron and Tibshirani, An introduction to the bootstrap, 1993.
    """
    count = min(affordable(a, resamples), affordable(b, resamples))
    first, second = estimate(a), estimate(b)
    drawn: dict[str, list[Array]] = {name: [] for name in first if name in second}
    for weights in resampled(a.rows, count, random):
        left, right = a.values(weights), b.values(weights)
        for name, kept in drawn.items():
            kept.append(left[name] - right[name])
    return {
        name: _paired(name, (first[name], second[name]), np.concatenate(kept), confidence, a.rows)
        for name, kept in drawn.items()
        if not np.isnan(first[name] - second[name])
    }


def _paired(
    name: str, values: tuple[float, float], drawn: Array, confidence: float, n: int
) -> Paired:
    known = drawn[~np.isnan(drawn)]
    a, b = values
    difference = a - b
    low, high = corrected(difference, known, confidence, n)
    sides = min(int((known <= 0).sum()), int((known >= 0).sum()))
    tail = min(0.5, (sides + 1) / (len(known) + 1))
    p = float(2 * stdtr(n - 1, ndtri(tail) * np.sqrt((n - 1) / n))) if n > 1 else 1.0
    return Paired(name, a, b, difference, low, high, p, len(known))


@dataclass(frozen=True)
class Resampled:
    """The mean difference over folds, with the variance that shared training rows need."""

    difference: float
    error: float
    low: float
    high: float
    t: float
    degrees: int
    p: float


def corrected_t(
    differences: Array, train: float, test: float, confidence: float = 0.95
) -> Resampled:
    """Test whether two learners differ over the folds of repeated cross-validation.

    A plain t-test takes folds for independent and finds differences that are not there: with
    J folds the variance of the mean is (1/J + test/train) times the sample variance. Where all
    differences are equal that is 0 and proves nothing: the sign test is made instead.
    Shapes: differences (J,), J >= 2; train and test are rows of one fold.
    Source: Nadeau and Bengio, Inference for the generalization error, 2003, section 4.
    """
    count = len(differences)
    if count < 2:
        raise ValueError("the test needs at least two folds")
    mean = float(differences.mean())
    error = float(np.sqrt((1 / count + test / train) * differences.var(ddof=1)))
    t = mean / error if error > 0 else 0.0 if mean == 0 else float(np.copysign(np.inf, mean))
    half = float(stats.t.ppf(0.5 + confidence / 2, count - 1)) * error
    p = float(2 * stats.t.sf(abs(t), count - 1)) if np.isfinite(t) else 2.0 ** (1 - count)
    return Resampled(mean, error, mean - half, mean + half, t, count - 1, p)


class Tested(BaseModel):
    """What the tests said."""

    differences: list[Difference]
    mcnemar: McNemarResult | None
    delong: DeLongResult | None
    verdict: str


def compare(found: Judged, resamples: int, confidence: float, seed: int) -> Tested:
    """Compare the first two sides.

    Random: seeded by `seed`. Errors: invalid_input, no resamples were asked for.
    """
    if resamples < 100:
        raise InvalidInput(
            f"{resamples} resamples cannot tell two models apart.",
            "Ask for at least 100.",
            field="resamples",
        )
    sides = found.regression or found.classification
    random = np.random.default_rng(seed)
    paired: dict[str, Paired] = {}
    for a, b in zip(families(sides[0]), families(sides[1]), strict=False):
        paired.update(paired_bootstrap(a, b, resamples, confidence, random))
    differences = [_difference(pair, 1 - confidence) for pair in paired.values()]
    exact = None
    ranked = None
    if found.classification:
        first, second = found.classification[:2]
        exact = McNemarResult(**vars(mcnemar(first.correct, second.correct)))
        ranked = _ranked(first, second, confidence)
    return Tested(
        differences=differences,
        mcnemar=exact,
        delong=ranked,
        verdict=_verdict(differences[0], exact, confidence),
    )


def _difference(pair: Paired, level: float) -> Difference:
    better: Literal["a", "b", "neither"] = "neither"
    if pair.p < level and pair.difference:
        better = "a" if (pair.difference > 0) != (pair.name in ERRORS) else "b"
    fields: Mapping[str, float | str] = {
        name: value for name, value in vars(pair).items() if name != "resamples"
    }
    return Difference.model_validate({**fields, "better": better})


def _ranked(a: Answers, b: Answers, confidence: float) -> DeLongResult | None:
    if a.proba is None or b.proba is None or len(a.labels) != 2:
        return None
    positive = a.truth == 1
    if positive.all() or not positive.any():
        return None
    found = delong(positive, a.proba[:, 1], b.proba[:, 1], confidence)
    if found.error == 0 and found.difference:  # too few rows, or perfect scores: no variance
        return None
    return DeLongResult(
        auc_a=found.auc_a,
        auc_b=found.auc_b,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p=found.p,
    )


def _verdict(leading: Difference, exact: McNemarResult | None, confidence: float) -> str:
    p = exact.p_exact if exact is not None else leading.p
    test = "McNemar's exact test" if exact is not None else "paired bootstrap"
    shown = f"p = {p:.3g}, {test}"
    name = leading.name.replace("_", " ")
    if p >= 1 - confidence or leading.difference == 0:
        return f"No difference in {name} beyond chance ({shown})."
    ahead = "The first" if (leading.difference > 0) != (leading.name in ERRORS) else "The second"
    size = abs(leading.difference)
    return f"{ahead} is better by {size:.4g} in {name} ({shown})."
