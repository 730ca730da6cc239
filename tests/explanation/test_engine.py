import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.explanation.engine import attribution, loss, permutation
from millrace.services.encoder import Encoders
from millrace.services.predictor.columns import Columns
from millrace.services.predictor.predictor import Predictor
from millrace.stores.models import Models
from tests.support import models

FEATURES = ("age", "city", "member")


def loaded(ctx: Context, ref: str) -> Predictor:
    return Predictor.load(ctx.use(Models).load_folder(ref), ctx.use(Encoders))


@pytest.mark.parametrize(
    ("kind", "target"),
    [("lightgbm", "buys"), ("lightgbm", "income"), ("linear", "buys"), ("linear", "income")],
)
def test_exact_effects_sum_to_the_answer(ctx: Context, kind: str, target: str) -> None:
    ref = models.train(ctx, models.people(), target, "one", FEATURES, (kind,))
    predictor = loaded(ctx, ref)
    views = predictor.views(models.people(30, 5))
    answer = predictor.answer(views)
    chosen = answer.argmax(axis=1) if predictor.classes else np.zeros(30, int)
    found = attribution.attribute(predictor, views, chosen, None)
    score = found.base + found.effects.sum(axis=1)
    if predictor.classes:
        said = 1 / (1 + np.exp(-score))
        assert said == pytest.approx(answer[np.arange(30), chosen], abs=1e-6)
    else:
        assert score == pytest.approx(answer, rel=1e-6)
    assert found.method == "exact"
    assert found.covered == 1


def test_exact_effects_of_many_classes(ctx: Context) -> None:
    table = models.people(150)
    predictor = loaded(
        ctx, models.train(ctx, table, "city", "where", ("age", "income"), ("lightgbm",))
    )
    views = predictor.views(models.people(20, 3))
    answer = predictor.answer(views)
    scores = np.column_stack(
        [
            (found := attribution.attribute(predictor, views, np.full(20, at), None)).base
            + found.effects.sum(axis=1)
            for at in range(3)
        ]
    )
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert softmax == pytest.approx(answer, abs=1e-6)


def test_replacement_agrees_with_a_slow_loop(ctx: Context) -> None:
    ref = models.train(ctx, models.people(), "buys", "one", FEATURES, ("lightgbm",))
    predictor = loaded(ctx, ref)
    table, others = models.people(4, 5), models.people(6, 9)
    chosen = np.ones(4, int)
    found = attribution.replaced(predictor, predictor.views(table), chosen, predictor.views(others))
    for row in range(4):
        for at, name in enumerate(predictor.features):
            scores = []
            for other in range(6):
                changed = table.slice(row, 1)
                place = changed.column_names.index(name)
                value = others.column(name).slice(other, 1)
                changed = changed.set_column(place, name, value)
                views = predictor.views(changed)
                scores.append(attribution.scores(predictor, views, chosen[:1])[0])
            own = attribution.scores(predictor, predictor.views(table), chosen)[row]
            assert found.effects[row, at] == pytest.approx(own - np.mean(scores))
    total = attribution.scores(predictor, predictor.views(table), chosen)
    assert found.base + found.effects.sum(axis=1) == pytest.approx(total)


def test_words_that_carry_the_class_stand_out(ctx: Context) -> None:
    ref = models.train(ctx, models.messages(80), "kind", "kinds", ("text",), ("linear",))
    predictor = loaded(ctx, ref)
    row = pa.table({"text": ["  please  refund my money"]})
    chosen = predictor.classes.index("refund")
    found, more = attribution.words(predictor, row, "text", chosen, 10)
    assert [word.text for word in found] == ["please", "refund", "my", "money"]
    assert [word.start for word in found] == [2, 10, 17, 20]
    assert not more
    assert {word.text for word in found if word.effect > 0} & {"money", "please"}
    some, more = attribution.words(predictor, row, "text", chosen, 2)
    assert len(some) == 2
    assert more
    assert attribution.words(predictor, pa.table({"text": [None]}), "text", 0, 5) == ([], False)


def test_effect_by_hand_and_its_interval() -> None:
    before = np.zeros(100)
    after = np.vstack([np.arange(100) < 50, np.arange(100) >= 50]).astype(float)
    found = permutation.effect("accuracy", before, after, 0.9, np.random.default_rng(0))
    assert found.value == pytest.approx(0.5)
    assert found.low < 0.5 < found.high
    nothing = permutation.effect(
        "rmse", np.ones(50), np.ones((3, 50)), 0.9, np.random.default_rng(0)
    )
    assert nothing == permutation.Effect(0.0, 0.0, 0.0)
    squares = permutation.effect(
        "rmse", np.full(50, 4.0), np.full((2, 50), 9.0), 0.9, np.random.default_rng(0)
    )
    assert squares.value == pytest.approx(1.0)


def test_intervals_cover_an_irrelevant_column() -> None:
    random = np.random.default_rng(0)
    misses = 0
    for _ in range(100):
        before = (random.random(200) < 0.2).astype(float)
        # A column that changes some answers, as often for the better as for the worse.
        flip = random.random((5, 200)) < 0.05
        after = np.where(flip, (random.random((5, 200)) < 0.2), before).astype(float)
        found = permutation.effect("accuracy", before, after, 0.9, random)
        misses += not found.low <= 0 <= found.high
    assert misses <= 20


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10**6))
def test_shuffling_moves_one_column_whole(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    columns = Columns(n)
    columns.numbers = {"a": random.normal(0, 1, n), "b": random.normal(0, 1, n)}
    columns.texts = {"t": [str(at) for at in range(n)]}
    columns.vectors = {"t": random.normal(0, 1, (n, 2))}
    order = random.permutation(n)
    moved = permutation.shuffled(columns, "a", order)
    assert sorted(moved.numbers["a"]) == sorted(columns.numbers["a"])
    assert (moved.numbers["b"] == columns.numbers["b"]).all()
    text = permutation.shuffled(columns, "t", order)
    assert text.texts["t"] == [str(at) for at in order]
    assert (text.vectors["t"] == columns.vectors["t"][order]).all()
    assert columns.texts["t"] == [str(at) for at in range(n)]


def test_columns_that_go_together_are_found() -> None:
    random = np.random.default_rng(0)
    columns = Columns(100)
    a = random.normal(0, 1, 100)
    columns.numbers = {"a": a, "b": a**3, "c": random.normal(0, 1, 100), "d": np.full(100, 1.0)}
    assert [pair[:2] for pair in permutation.alike(columns)] == [("a", "b")]
    assert permutation.alike(Columns(2)) == []


def test_losses_and_metrics() -> None:
    proba = np.array([[0.9, 0.1], [0.3, 0.7], [0.5, 0.5]])
    y = np.array([0, 0, -1])
    assert loss.losses("accuracy", y, proba).tolist() == [0, 1, 1]
    nats = loss.losses("log_loss", y, proba)
    assert nats[:2] == pytest.approx([-np.log(0.9), -np.log(0.3)])
    assert nats[2] > 30
    assert loss.losses("rmse", np.array([1.0]), np.array([3.0])).tolist() == [4.0]
    assert loss.worsening("rmse", 4.0, 9.0) == 1.0
    assert loss.worsening("accuracy", 0.1, 0.3) == pytest.approx(0.2)
    assert loss.choose("auto", "regression") == "rmse"
    with pytest.raises(InvalidInput, match="'rmse' does not fit importances of classification"):
        loss.choose("rmse", "classification")


def test_truth_is_read_like_the_classes() -> None:
    column = pa.chunked_array([pa.array([1.0, 2.0, None, 3.0])])
    y, kept = loss.read_truth(column, [1, 2])
    assert y[kept].tolist() == [0, 1, -1]
    flags, kept = loss.read_truth(pa.chunked_array([pa.array([True, False])]), [False, True])
    assert flags[kept].tolist() == [1, 0]
    values, kept = loss.read_truth(pa.chunked_array([pa.array(["1.5", "x"])[:1]]), [])
    assert values[kept].tolist() == [1.5]
    with pytest.raises(InvalidInput, match="cannot be read as numbers"):
        loss.read_truth(pa.chunked_array([pa.array(["a"])]), [])
    with pytest.raises(InvalidInput, match="No row has a value"):
        loss.read_truth(pa.chunked_array([pa.nulls(2, pa.string())]), ["a"])
