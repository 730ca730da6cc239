"""Deployments as ops: made, changed, ended, asked."""

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound
from millrace.deployment import ops
from millrace.stores.artifacts import Artifacts
from tests.support import models


@pytest.fixture
def trained(ctx: Context) -> Context:
    """A workspace with a classifier of two versions and a regressor."""
    models.train(ctx, models.people(), "buys", "buyers", ("age", "city"), ("linear",))
    models.train(ctx, models.people(seed=1), "buys", "buyers", ("age",), ("linear",))
    models.train(ctx, models.people(), "income", "earners", ("age", "member"), ("linear",))
    return ctx


def create(ctx: Context, name: str = "buy", model: str = "buyers@1") -> ops.Deployment:
    return ops.create(ops.CreateParams(name=name, model=model), ctx)


def test_create_show_list(trained: Context) -> None:
    made = create(trained)
    assert (made.model, made.serves) == ("model:buyers@1", "model:buyers@1")
    assert made.path == "/v2/models/buy/infer"
    create(trained, "income", "earners")
    listed = ops.list_(ops.ListParams(), trained).deployments
    assert [(d.name, d.serves) for d in listed] == [
        ("buy", "model:buyers@1"),
        ("income", "model:earners@1"),
    ]
    shown = ops.show(ops.ShowParams(deployment="buy"), trained)
    assert [(c.name, c.datatype) for c in shown.inputs] == [("age", "FP64"), ("city", "BYTES")]
    assert shown.classes == ["no", "yes"]
    assert (shown.requests, shown.kept, shown.problem) == (None, 0, None)


def test_names_are_taken_once(trained: Context) -> None:
    create(trained)
    with pytest.raises(Conflict, match="'buy' exists already"):
        create(trained)
    with pytest.raises(InvalidInput, match="60 characters"):
        create(trained, "x" * 60)
    with pytest.raises(NotFound, match="nobody"):
        create(trained, "other", "nobody")


def test_update_keeps_what_is_left_out(trained: Context) -> None:
    ops.create(ops.CreateParams(name="buy", model="buyers@1", sample=0.5, price=2), trained)
    changed = ops.update(ops.UpdateParams(deployment="buy", model="buyers@2"), trained)
    assert (changed.serves, changed.sample, changed.price) == ("model:buyers@2", 0.5, 2)
    assert changed.ref == "deployment:buy@2"
    with pytest.raises(InvalidInput, match="Nothing of"):
        ops.update(ops.UpdateParams(deployment="buy"), trained)
    with pytest.raises(NotFound, match="other"):
        ops.update(ops.UpdateParams(deployment="other", sample=1), trained)


def test_an_alias_is_followed(trained: Context) -> None:
    trained.use(Artifacts).set_alias(trained, "model", "buyers", "champion", 1)
    create(trained, model="buyers@champion")
    trained.use(Artifacts).set_alias(trained, "model", "buyers", "champion", 2)
    assert ops.show(ops.ShowParams(deployment="buy"), trained).serves == "model:buyers@2"


def test_delete_then_create_again(trained: Context) -> None:
    create(trained)
    ops.update(ops.UpdateParams(deployment="buy", sample=0.1), trained)
    ops.delete(ops.DeleteParams(deployment="buy"), trained)
    assert ops.list_(ops.ListParams(), trained).deployments == []
    with pytest.raises(NotFound, match="buy"):
        ops.show(ops.ShowParams(deployment="buy"), trained)
    with pytest.raises(NotFound, match="buy"):
        ops.delete(ops.DeleteParams(deployment="buy"), trained)
    assert create(trained).ref == "deployment:buy@3"


def test_predict(trained: Context) -> None:
    create(trained)
    create(trained, "income", "earners")
    rows = [{"age": 70, "city": "Rome"}, {"age": 20}, {"city": "Atlantis"}]
    found = ops.predict(ops.PredictParams(deployment="buy", rows=rows), trained)
    assert found.predictions[0].value == "yes"
    assert set(found.predictions[0].probabilities or {}) == {"no", "yes"}
    assert "'city' has 1 values that training never saw" in found.warnings[0]
    rows = [{"age": 30, "member": False}, {"age": 60, "member": True}]
    income = ops.predict(ops.PredictParams(deployment="income", rows=rows), trained).predictions
    assert income[0].value < income[1].value
    assert income[0].probabilities is None
    with pytest.raises(InvalidInput, match="'city' is missing") as caught:
        ops.predict(ops.PredictParams(deployment="buy", rows=[{"age": 1}]), trained)
    assert caught.value.http == 422
    row = {"age": "old", "city": "Rome"}
    with pytest.raises(InvalidInput, match="'age' has text"):
        ops.predict(ops.PredictParams(deployment="buy", rows=[row]), trained)
