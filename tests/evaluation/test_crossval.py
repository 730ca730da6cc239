import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.evaluation.engine.contest import Contest, Plan
from millrace.evaluation.engine.crossval import (
    PLAIN,
    Part,
    Problem,
    Recipe,
    Split,
    answers,
    folds,
    of_model,
    prepare,
    read_truth,
)
from millrace.evaluation.engine.judge import Output, judge
from millrace.evaluation.engine.slices import of_column
from millrace.services.predictor.manifest import Feature, Manifest, MemberInfo
from tests.support import models


def no_encoder() -> None:
    raise AssertionError("no text, so no encoder")


def problem(target: str = "buys", rows: int = 120) -> Problem:
    table = models.people(rows)
    truth = read_truth(table.column(target), target, None)
    features = table.drop_columns(["buys", "income"])
    return prepare(features, (truth.y, len(truth.labels)), {}, no_encoder, 0, 1)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 80), st.integers(2, 6), st.integers(0, 4))
def test_every_row_is_judged_once_a_repeat(seed: int, n: int, count: int, k: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, k, n) if k > 1 else random.normal(0, 1, n)
    place = folds(y, k if k > 1 else 0, count, 2, seed, None)
    assert place.shape == (2, n)
    lonely = np.bincount(y)[y] < 2 if k > 1 else np.zeros(n, bool)
    assert ((place == -1) == lonely).all()
    sizes = [np.bincount(row[row >= 0], minlength=count) for row in place]
    assert all(size.max() - size.min() <= 1 for size in sizes)
    if k > 1:
        for label in range(k):
            counts = np.bincount(place[0][(y == label) & ~lonely], minlength=count)
            assert counts.max() - counts.min() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 12))
def test_groups_are_never_torn(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(count), random.integers(0, count, 40)])
    place = folds(np.zeros(len(groups)), 0, min(count, 3), 1, seed, groups)[0]
    assert all(len(np.unique(place[groups == group])) == 1 for group in range(count))
    assert len(np.unique(place)) == min(count, 3)


def test_preprocessing_sees_training_rows_only() -> None:
    found = problem()
    train = np.arange(60)
    split = Split(found, train, np.arange(60, 120))
    ages = found.table.column("age").take(pa.array(train)).to_numpy(zero_copy_only=False)
    feature = next(f for f in split.made.features if f.name == "age")
    assert (feature.low, feature.high) == (np.nanmin(ages), np.nanmax(ages))
    assert feature.rows == 60


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        *((kind, target) for kind in PLAIN for target in ("buys", "income", "city")),
        ("catboost", "city"),
    ],
)
def test_every_learner_answers_every_task(kind: str, target: str) -> None:
    if kind == "catboost":
        pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    table = models.people(90)
    truth = read_truth(table.column(target), target, None)
    features = table.drop_columns([target])
    found = prepare(features, (truth.y, len(truth.labels)), {}, no_encoder, 0, 1)  # type: ignore[arg-type]
    split = Split(found, np.arange(60), np.arange(60, 90))
    said = answers(Recipe(kind, [Part(kind, rounds=10)]), split)
    if target == "income":
        assert said.shape == (30,)
    else:
        assert said.shape == (30, len(truth.labels))
        assert said.sum(axis=1) == pytest.approx(np.ones(30))


def test_neighbours_answer_from_texts() -> None:
    table = models.messages(40)
    truth = read_truth(table.column("kind"), "kind", None)
    vectors = np.zeros((40, 2), dtype=np.float32)
    vectors[np.arange(40), truth.y] = 1
    found = Problem(table.select(["text"]), truth.y, 2, {"text": "text"}, {"text": vectors})
    split = Split(found, np.arange(30), np.arange(30, 40))
    said = answers(Recipe("near", [Part("neighbours")]), split)
    assert (said.argmax(axis=1) == truth.y[30:]).all()


def test_a_recipe_is_the_weighted_mean_of_its_parts() -> None:
    split = Split(problem(), np.arange(80), np.arange(80, 120))
    single = [answers(PLAIN[name], split) for name in ("baseline", "linear")]
    both = answers(Recipe("two", [Part("baseline", 0.25), Part("linear", 0.75)]), split)
    assert both == pytest.approx(0.25 * single[0] + 0.75 * single[1])


def test_a_saved_model_gives_its_recipe() -> None:
    members = [
        MemberInfo(
            name="a",
            kind="lightgbm",
            learner="lightgbm",
            hyperparameters={"num_leaves": 7, "rounds": 30.0},
            rounds=30,
            weight=0.6,
        ),
        MemberInfo(name="b", kind="linear", learner="linear", weight=0.4),
        MemberInfo(name="c", kind="linear", learner="linear", weight=0.0),
    ]
    made = Manifest(
        task="regression",
        target="y",
        features=[Feature(name="x", type="number", source="number", rows=1)],
        members=members,
        single="a",
        chosen="ensemble",
    )
    found = of_model("m", made)
    assert [(part.kind, part.weight, part.rounds) for part in found.parts] == [
        ("lightgbm", 0.6, 30),
        ("linear", 0.4, 100),
    ]
    assert found.parts[0].hyperparameters == {"num_leaves": 7}


def test_odd_splits_fall_back_to_the_baseline() -> None:
    found = problem()
    yes = np.flatnonzero(found.y == 1)
    one_class = Split(found, yes, np.arange(5))
    assert answers(PLAIN["linear"], one_class)[:, 1] == pytest.approx(np.ones(5))
    table = pa.table({"x": [1.0] * 20 + [2.0] * 20})
    flat = Problem(table, np.arange(40.0), 0, {"x": "number"}, {})
    said = answers(PLAIN["lightgbm"], Split(flat, np.arange(20), np.arange(20, 25)))
    assert said == pytest.approx(np.full(5, 9.5))


def test_what_cannot_be_retrained_says_so() -> None:
    split = Split(problem(), np.arange(80), np.arange(80, 120))
    with pytest.raises(InvalidInput, match="of kind 'forest', which cannot be retrained"):
        answers(Recipe("old", [Part("forest")]), split)
    empty = pa.table({"x": [1.0] * 12})
    with pytest.raises(InvalidInput, match="No column is left"):
        prepare(empty, (np.arange(12.0), 0), {}, no_encoder, 0, 1)  # type: ignore[arg-type]


def test_truth_counts_what_it_leaves_out() -> None:
    column = pa.chunked_array([pa.array(["a", "b", None] * 6 + ["c"])])
    found = read_truth(column, "y", None)
    assert found.labels == ["a", "b", "c"]
    assert found.notes == [
        "1 classes have one row, which always trains.",
        "6 rows without a value of 'y' were left out.",
    ]


def test_columns_are_sliced_by_what_they_hold() -> None:
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(days=at) for at in range(40)]
    dates = of_column("day", pa.chunked_array([pa.array(days)]), 2)
    assert [part.name for part in dates] == ["[2026-01-01, 2026-01-20)", "[2026-01-20, 2026-02-09]"]
    texts = [f"{'long ' * (at % 9)}text {at}" for at in range(60)]
    lengths = of_column("note", pa.chunked_array([pa.array(texts)]), 3)
    assert lengths[0].column == "length of note"
    few = of_column("stars", pa.chunked_array([pa.array([1, 2, 3, 1, 2])]), 4)
    assert [part.name for part in few] == ["1", "2", "3"]
    many = of_column("age", pa.chunked_array([pa.array(np.arange(50.0))]), 4)
    assert len(many) == 4
    flags = of_column("ok", pa.chunked_array([pa.array([True, False, None])]), 4)
    assert [part.name for part in flags] == ["false", "true", "missing"]
    nothing = [pa.array([[1], [2]]), pa.array(["x", "x"])]
    assert all(of_column("n", pa.chunked_array([column]), 4) == [] for column in nothing)


@pytest.mark.parametrize(
    ("said", "score", "match"),
    [
        (["a", "b", "c"], [0.1, 0.2, 0.3], "Scores need two labels"),
        (["a", "b", "b"], [0.1, 0.2, 1.3], "outside 0 to 1"),
        (["a", "b", "b"], [0.1, None, 0.3], "missing in some rows"),
    ],
)
def test_odd_scores_are_refused(said: list[str], score: list[float], match: str) -> None:
    truth = pa.chunked_array([pa.array(["a", "b", "b"])])
    output = Output(
        "guess",
        column=pa.chunked_array([pa.array(said)]),
        score=pa.chunked_array([pa.array(score)]),
    )
    with pytest.raises(InvalidInput) as caught:
        judge("classification", truth, "y", [output])
    assert match in str(caught.value)


def test_folds_without_the_rare_class_are_left_out_of_a_ranking() -> None:
    rows = 60
    y = np.zeros(rows, int)
    y[:2] = 1
    table = pa.table({"x": np.arange(rows) % 7 + 3.0 * y})
    made = Problem(table, y, 2, {"x": "number"}, {})
    place = np.arange(rows)[None, :] % 5  # rows of the second class stand in folds 0 and 1
    plan = Plan("d", "y", made, ["a", "b"], [PLAIN["linear"], PLAIN["baseline"]], place, 5)
    work = Contest(plan, "roc_auc")
    told = [work.step(at) for at in range(5)]
    assert [sorted(one) for one in told] == [["baseline", "linear"]] * 2 + [[]] * 3
    found = work.result(0.95)
    assert [len(line.scores) for line in found.recipes] == [2, 2]
    assert found.notes == ["3 of 5 folds have no roc_auc: their rows are all alike."]
    y[:2] = 0
    none = Contest(plan, "roc_auc")
    for at in range(5):
        none.step(at)
    with pytest.raises(InvalidInput, match="not defined in any fold"):
        none.result(0.95)
