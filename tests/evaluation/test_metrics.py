import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as reference

from millrace.evaluation.engine.bootstrap import (
    bootstrap,
    corrected,
    estimate,
    intervals,
    resampled,
    wilson,
)
from millrace.evaluation.engine.classification import (
    Answers,
    Counted,
    Ranked,
    Stated,
    confusion,
)
from millrace.evaluation.engine.regression import Distances, Values


def answers(seed: int, n: int, k: int, *, ties: bool = False) -> Answers:
    random = np.random.default_rng(seed)
    proba = random.dirichlet(np.ones(k) * 0.6, n)
    if ties:
        proba = np.round(proba * 4 + 0.01) + 0.25
        proba /= proba.sum(axis=1, keepdims=True)
    truth = np.array([random.choice(k, p=row) for row in proba])
    return Answers([f"c{i}" for i in range(k)], truth, proba.argmax(axis=1), proba)


def everything(a: Answers) -> dict[str, float]:
    return {**estimate(Counted(a)), **estimate(Stated(a)), **estimate(Ranked(a))}


def by_sklearn(a: Answers) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reference warns of one class; the values stand
        return _by_sklearn(a)


def _by_sklearn(a: Answers) -> dict[str, float]:
    assert a.proba is not None
    k = len(a.labels)
    y, guess, proba = a.truth, a.predicted, a.proba
    found = {
        "accuracy": reference.accuracy_score(y, guess),
        "f1_macro": reference.f1_score(y, guess, average="macro", zero_division=0),
        "f1_weighted": reference.f1_score(y, guess, average="weighted", zero_division=0),
        "mcc": reference.matthews_corrcoef(y, guess),
        "log_loss": reference.log_loss(y, proba, labels=range(k)),
        "brier": reference.brier_score_loss(
            y, proba[:, 1] if k == 2 else proba, labels=range(k), pos_label=1 if k == 2 else None
        ),
    }
    found["balanced_accuracy"] = reference.balanced_accuracy_score(y, guess)
    columns = [1] if k == 2 else [c for c in range(k) if 0 < (y == c).sum() < len(y)]
    if columns and 0 < (y == columns[0]).sum() < len(y):
        found["roc_auc"] = np.mean([reference.roc_auc_score(y == c, proba[:, c]) for c in columns])
        found["pr_auc"] = np.mean(
            [reference.average_precision_score(y == c, proba[:, c]) for c in columns]
        )
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(2, 6), st.booleans())
def test_classification_equals_scikit_learn(seed: int, n: int, k: int, ties: bool) -> None:
    a = answers(seed, n, k, ties=ties)
    found = everything(a)
    for name, value in by_sklearn(a).items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 40), st.integers(2, 4), st.booleans())
def test_a_weight_is_a_repeated_row(seed: int, n: int, k: int, ties: bool) -> None:
    a = answers(seed, n, k, ties=ties)
    random = np.random.default_rng(seed)
    weights = np.bincount(random.integers(0, n, n), minlength=n)
    again = a.take(np.repeat(np.arange(n), weights))
    for family in (Counted, Stated, Ranked):
        weighted = family(a).values(weights[None, :].astype(float))
        repeated = estimate(family(again))
        for name, value in repeated.items():
            assert weighted[name][0] == pytest.approx(value, abs=1e-9, nan_ok=True), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 50))
def test_order_of_rows_does_not_matter(seed: int, n: int) -> None:
    a = answers(seed, n, 3, ties=True)
    shuffled = a.take(np.random.default_rng(seed).permutation(n))
    first, second = everything(a), everything(shuffled)
    assert all(first[m] == pytest.approx(second[m], abs=1e-9, nan_ok=True) for m in first)


def test_perfect_and_hopeless() -> None:
    y = np.array([0, 1, 2, 0, 1, 2])
    right = everything(Answers(list("abc"), y, y, np.eye(3)[y]))
    assert [right[m] for m in ("accuracy", "balanced_accuracy", "f1_macro", "mcc", "roc_auc")] == [
        1.0
    ] * 5
    assert right["log_loss"] == pytest.approx(0, abs=1e-12)
    assert right["ece"] == 0
    constant = everything(Answers(list("abc"), y, np.zeros(6, int), np.full((6, 3), 1 / 3)))
    assert constant["mcc"] == 0
    assert constant["roc_auc"] == pytest.approx(0.5)


def test_ece_by_hand() -> None:
    # Two rows at 0.9, one right: gap 0.4. Two rows at 0.6, both right: gap 0.4.
    proba = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    a = Answers(["x", "y"], np.array([0, 1, 0, 0]), np.zeros(4, int), proba)
    assert estimate(Stated(a))["ece"] == pytest.approx(0.4)


def test_a_label_the_model_does_not_know_counts_against_it() -> None:
    proba = np.array([[0.8, 0.2, 0.0], [0.3, 0.7, 0.0], [0.6, 0.4, 0.0]])
    a = Answers(["a", "b", "new"], np.array([0, 1, 2]), np.array([0, 1, 0]), proba)
    found = everything(a)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["log_loss"] > 10
    assert confusion(a).tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.booleans())
def test_regression_equals_scikit_learn(seed: int, n: int, rounded: bool) -> None:
    random = np.random.default_rng(seed)
    y = random.normal(100, 10, n)
    guess = y + random.normal(0, 3, n)
    if rounded:
        y, guess = np.round(y), np.round(guess)
    found = estimate(Distances(Values(y, guess)))
    wanted = {
        "rmse": reference.root_mean_squared_error(y, guess),
        "mae": reference.mean_absolute_error(y, guess),
        "median_ae": reference.median_absolute_error(y, guess),
        "mape": reference.mean_absolute_percentage_error(y, guess),
    }
    if y.std() > 0:
        wanted["r2"] = reference.r2_score(y, guess)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 40))
def test_a_weight_is_a_repeated_row_in_regression(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    values = Values(random.normal(0, 1, n), random.normal(0, 1, n))
    weights = np.bincount(random.integers(0, n, n), minlength=n)
    weighted = Distances(values).values(weights[None, :].astype(float))
    repeated = estimate(Distances(values.take(np.repeat(np.arange(n), weights))))
    for name, value in repeated.items():
        assert weighted[name][0] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), name


def test_guards_of_regression() -> None:
    zero = Distances(Values(np.array([0.0, 10.0]), np.array([1.0, 11.0])))
    assert zero.skipped == 1
    assert estimate(zero)["mape"] == pytest.approx(0.1)
    flat = estimate(Distances(Values(np.zeros(3), np.ones(3))))
    assert np.isnan(flat["mape"])
    assert np.isnan(flat["r2"])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 50), st.integers(1, 40), st.integers(0, 10**6))
def test_each_resample_draws_n_rows(n: int, count: int, seed: int) -> None:
    parts = list(resampled(n, count, np.random.default_rng(seed)))
    drawn = np.concatenate(parts)
    assert drawn.shape == (count, n)
    assert (drawn.sum(axis=1) == n).all()


def test_bootstrap_of_accuracy_has_the_binomial_spread() -> None:
    a = answers(3, 400, 3)
    drawn = bootstrap(Counted(a), 2000, np.random.default_rng(0))["accuracy"]
    p = a.correct.mean()
    assert drawn.mean() == pytest.approx(p, abs=0.003)
    assert drawn.std() == pytest.approx(np.sqrt(p * (1 - p) / 400), rel=0.06)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        truth = random.integers(0, 2, 150)
        guess = np.where(random.random(150) < 0.85, truth, 1 - truth)
        found = intervals([Counted(Answers(["a", "b"], truth, guess))], 200, 0.9, random)
        low, high = found["accuracy"].low, found["accuracy"].high
        assert low is not None
        assert high is not None
        hits += low <= 0.85 <= high
    assert 0.83 <= hits / 200 <= 0.97


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 40), st.sampled_from([0.5, 0.9, 0.99]))
def test_intervals_hold_their_estimate_and_repeat(seed: int, n: int, confidence: float) -> None:
    a = answers(seed, n, 3)
    families = [Counted(a), Stated(a), Ranked(a)]
    first = intervals(families, 50, confidence, np.random.default_rng(1))
    assert first == pytest.approx(first)
    again = intervals(families, 50, confidence, np.random.default_rng(1))
    assert str(first) == str(again)
    for name, found in first.items():
        if found.low is not None and found.high is not None:
            assert found.low <= found.value <= found.high, name
    for name in ("accuracy", "f1_macro", "ece", "roc_auc"):
        ends = (first[name].low, first[name].high)
        assert all(end is None or -1e-9 <= end <= 1 + 1e-9 for end in ends)


def test_wider_confidence_gives_wider_intervals() -> None:
    a = answers(1, 300, 4)
    narrow = intervals([Counted(a)], 500, 0.8, np.random.default_rng(1))["f1_macro"]
    wide = intervals([Counted(a)], 500, 0.99, np.random.default_rng(1))["f1_macro"]
    assert wide.low < narrow.low < narrow.high < wide.high  # type: ignore[operator]


def test_all_right_is_not_certain() -> None:
    y = np.zeros(20, int)
    found = intervals([Counted(Answers(["a", "b"], y, y))], 100, 0.95, np.random.default_rng(0))
    assert found["accuracy"].method == "wilson"
    assert found["accuracy"].low == pytest.approx(0.8389, abs=1e-4)


def test_wilson_by_hand() -> None:
    # Agresti and Coull 1998: 0 of 20 gives (0, 0.161); 10 of 20 gives (0.299, 0.701).
    assert wilson(0, 20)[1] == pytest.approx(0.161, abs=1e-3)
    assert wilson(10, 20) == pytest.approx((0.299, 0.701), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)


def test_bias_correction_follows_efron() -> None:
    drawn = np.arange(1, 1001) / 1000
    # The estimate is the median: no bias, plain percentiles.
    low, high = corrected(0.5, drawn, 0.9, 10**9)
    assert (low, high) == pytest.approx((0.05, 0.95), abs=0.002)
    # Of ten rows they are taken out to t = 1.833 sqrt(10 / 9) = 1.932 spreads.
    low, high = corrected(0.5, drawn, 0.9, 10)
    assert (low, high) == pytest.approx((stats.norm.cdf(-1.932), stats.norm.cdf(1.932)), abs=0.002)


def test_intervals_of_few_rows_are_wide_enough() -> None:
    random = np.random.default_rng(11)
    hits = 0
    for _ in range(250):
        truth = random.normal(size=12)
        values = Values(truth, truth + random.normal(size=12))
        found = intervals([Distances(values)], 200, 0.95, random)["mae"]
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= np.sqrt(2 / np.pi) <= found.high
    assert hits / 250 >= 0.91  # plain percentiles: .88


@pytest.mark.parametrize(("rows", "sharpness"), [(50, 1.0), (50, 2.0), (400, 1.0), (400, 2.0)])
def test_calibration_error_of_a_calibrated_model_may_be_nothing(
    rows: int, sharpness: float
) -> None:
    random = np.random.default_rng(rows)

    def drawn(n: int) -> Stated:
        sure = random.uniform(0.5, 1, n)
        truth = (random.random(n) < sure).astype(int)
        odds = sharpness * np.log(sure / (1 - sure))
        said = 1 / (1 + np.exp(-odds))
        return Stated(
            Answers(["a", "b"], truth, np.ones(n, int), np.column_stack([1 - said, said]))
        )

    true = estimate(drawn(50_000))["ece"]
    found = [intervals([drawn(rows)], 100, 0.95, random)["ece"] for _ in range(60)]
    held = [one.low is not None and one.low <= true <= (one.high or 0) for one in found]
    assert np.mean(held) >= 0.93  # the basic bootstrap: .4 to .6 where the model is calibrated


def test_resamples_that_are_all_alike_claim_nothing() -> None:
    y = np.array([0, 1] * 10)
    proba = np.column_stack([1 - 0.8 * y - 0.1, 0.8 * y + 0.1])
    perfect = Answers(["a", "b"], y, y, proba)
    families = [Counted(perfect), Stated(perfect), Ranked(perfect)]
    found = intervals(families, 100, 0.95, np.random.default_rng(0))
    for name in ("f1_macro", "balanced_accuracy", "mcc", "roc_auc", "pr_auc", "log_loss"):
        assert (found[name].low, found[name].high, found[name].method) == (None, None, "none"), name
    one = intervals(
        [Distances(Values(np.array([1.0]), np.array([3.0])))], 100, 0.95, np.random.default_rng(0)
    )
    assert one["rmse"].low is None


def test_no_resamples_no_interval() -> None:
    found = intervals([Counted(answers(0, 10, 2))], 0, 0.95, np.random.default_rng(0))
    assert found["accuracy"].low is None
    assert found["accuracy"].method == "none"
