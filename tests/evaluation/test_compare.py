import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from millrace.evaluation.engine.classification import Answers, Counted
from millrace.evaluation.engine.compare import (
    compare,
    corrected_t,
    delong,
    delong_covariance,
    mcnemar,
    paired_bootstrap,
)
from millrace.evaluation.engine.judge import Judged
from millrace.evaluation.engine.regression import Distances, Values
from millrace.services.significance.paired import paired_t


def pairs(only_a: int, only_b: int, both: int = 5) -> tuple[np.ndarray, np.ndarray]:
    a = [True] * only_a + [False] * only_b + [True] * both
    b = [False] * only_a + [True] * only_b + [True] * both
    return np.array(a, bool), np.array(b, bool)


def test_mcnemar_by_hand() -> None:
    # Agresti, Categorical data analysis: 86 and 150 discordant, z^2 without correction 17.36.
    found = mcnemar(*pairs(86, 150))
    assert (found.only_a, found.only_b) == (86, 150)
    assert found.statistic == pytest.approx((64 - 1) ** 2 / 236)
    assert found.p_chi2 == pytest.approx(stats.chi2.sf(63**2 / 236, 1))
    # Exact: 2 of 10, twice the lower tail (1 + 10 + 45) / 1024.
    assert mcnemar(*pairs(2, 8)).p_exact == pytest.approx(2 * 56 / 1024)
    assert mcnemar(*pairs(0, 0)).p_exact == 1


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_has_no_favourite(only_a: int, only_b: int) -> None:
    one, other = mcnemar(*pairs(only_a, only_b)), mcnemar(*pairs(only_b, only_a))
    assert one.p_exact == pytest.approx(other.p_exact)
    assert one.p_chi2 == pytest.approx(other.p_chi2)
    assert 0 <= one.p_exact <= 1


def slow_delong(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The O(n^2) definition of DeLong et al. 1988, equations 3 to 6."""
    ones, zeros = scores[:, positive], scores[:, ~positive]
    psi = (ones[:, :, None] > zeros[:, None, :]) + 0.5 * (ones[:, :, None] == zeros[:, None, :])
    v10, v01 = psi.mean(axis=2), psi.mean(axis=1)
    s10 = np.cov(v10) if v10.shape[1] > 1 else np.zeros((len(scores),) * 2)
    s01 = np.cov(v01) if v01.shape[1] > 1 else np.zeros((len(scores),) * 2)
    return psi.mean(axis=(1, 2)), s10 / v10.shape[1] + s01 / v01.shape[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_fast_delong_equals_the_definition(seed: int, ones: int, zeros: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    positive = random.permutation(np.arange(ones + zeros) < ones)
    scores = random.normal(0, 1, (2, ones + zeros)) + positive
    if ties:
        scores = np.round(scores)
    areas, covariance = delong_covariance(positive, scores)
    wanted, spread = slow_delong(positive, scores)
    assert areas == pytest.approx(wanted)
    assert covariance == pytest.approx(spread, abs=1e-12)
    assert areas[0] == pytest.approx(roc_auc_score(positive, scores[0]))


def test_delong_sees_a_difference_and_its_absence() -> None:
    random = np.random.default_rng(0)
    positive = random.random(500) < 0.4
    good, poor = positive + random.normal(0, 1, 500), random.normal(0, 1, 500)
    found = delong(positive, good, poor)
    assert found.p < 1e-6
    assert found.low > 0
    same = delong(positive, good, good)
    assert (same.difference, same.p, same.z) == (0.0, 1.0, 0.0)
    perfect = delong(positive, positive.astype(float), -positive.astype(float))
    assert perfect.p == 0.0


@pytest.mark.parametrize("seed", [0])
def test_delong_under_no_difference_is_uniform(seed: int) -> None:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(300):
        positive = np.arange(80) < 40
        shared = positive + random.normal(0, 1, 80)
        a, b = (shared + random.normal(0, 0.7, 80) for _ in range(2))
        found.append(delong(positive, a, b).p)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_corrected_t_by_hand() -> None:
    # Ten folds, mean 0.02, sd 0.02: error = sqrt((1/10 + 1/9) * 0.0004).
    differences = np.array([0.0, 0.04] * 5) * np.sqrt(0.9) + 0.02 * (1 - np.sqrt(0.9))
    found = corrected_t(differences, 90, 10)
    error = np.sqrt((0.1 + 1 / 9) * 0.0004)
    assert found.error == pytest.approx(error)
    assert found.t == pytest.approx(0.02 / error)
    assert found.p == pytest.approx(2 * stats.t.sf(0.02 / error, 9))
    plain = stats.ttest_1samp(differences, 0)
    assert found.p > plain.pvalue
    # Without shared rows it is the plain test.
    assert corrected_t(differences, 1e18, 1e-9).p == pytest.approx(plain.pvalue)


def test_corrected_t_edges() -> None:
    assert corrected_t(np.zeros(5), 80, 20).p == 1.0
    # Five folds that all differ alike: no variance, so the sign test, two of 2^5 outcomes.
    assert corrected_t(np.full(5, 0.1), 80, 20).p == pytest.approx(2 / 2**5)
    assert corrected_t(np.full(2, 0.1), 80, 20).p == 0.5
    with pytest.raises(ValueError, match="at least two folds"):
        corrected_t(np.array([0.1]), 80, 20)


def two_models(n: int, a: float, b: float, seed: int) -> tuple[Counted, Counted]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, n)
    hard = random.random(n)
    made = [Answers(["x", "y"], truth, np.where(hard < p, truth, 1 - truth)) for p in (a, b)]
    return Counted(made[0]), Counted(made[1])


def test_paired_bootstrap_finds_what_is_there() -> None:
    a, b = two_models(600, 0.85, 0.78, 0)
    found = paired_bootstrap(a, b, 500, 0.95, np.random.default_rng(0))["accuracy"]
    assert found.low > 0
    assert found.p < 0.01
    assert found.difference == pytest.approx(found.a - found.b)
    back = paired_bootstrap(b, a, 500, 0.95, np.random.default_rng(0))["accuracy"]
    assert back.difference == pytest.approx(-found.difference)


def test_a_model_does_not_differ_from_itself() -> None:
    a, _ = two_models(200, 0.8, 0.8, 1)
    found = paired_bootstrap(a, a, 100, 0.95, np.random.default_rng(0))
    assert all(part.p == 1.0 and part.low == part.high == 0 for part in found.values())


def test_few_rows_prove_no_difference() -> None:
    random = np.random.default_rng(3)
    for rows in (1, 2, 3):
        truth = np.arange(rows, dtype=float)
        a, b = Distances(Values(truth, truth)), Distances(Values(truth, truth + 1))
        assert paired_bootstrap(a, b, 500, 0.95, random)["mae"].p > 0.05, rows
    false_alarms = 0
    for _ in range(150):
        truth = random.normal(size=6)
        a, b = (Distances(Values(truth, truth + random.normal(size=6))) for _ in range(2))
        false_alarms += paired_bootstrap(a, b, 200, 0.95, random)["mae"].p < 0.05
    assert false_alarms / 150 <= 0.08  # without the t-law: .15


def test_equal_differences_of_few_rows_prove_nothing() -> None:
    assert paired_t(np.ones(2), np.zeros(2)).p == 0.5
    assert paired_t(np.ones(10), np.zeros(10)).p == pytest.approx(2 / 2**10)
    assert paired_t(np.ones(1), np.zeros(1)).p == 1.0
    assert paired_t(np.ones(2), np.ones(2)).p == 1.0


def test_delong_says_nothing_of_two_rows() -> None:
    truth = np.array([0, 1])
    sides = [np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.1, 0.9], [0.9, 0.1]])]
    found = Judged("classification", np.arange(2))
    found.classification = [Answers(["a", "b"], truth, p.argmax(1), p) for p in sides]
    tested = compare(found, 100, 0.95, 0)
    assert tested.delong is None
    assert all(line.better == "neither" for line in tested.differences)
