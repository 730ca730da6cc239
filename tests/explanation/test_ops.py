from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.explanation import ops
from millrace.explanation.types import (
    AttributeParams,
    ImportanceParams,
    ImportanceResult,
    ListParams,
    ShowParams,
)
from millrace.services.report.document import Document
from millrace.services.report.html import to_html
from millrace.services.report.importance import Importance, section
from millrace.stores.artifacts import Artifacts
from millrace.stores.objects import Objects
from tests.support import models

FEATURES = ("age", "city", "member")


@pytest.fixture
def buyer(ctx: Context) -> str:
    models.dataset(ctx, models.people(150, 1), "people")
    return models.train(ctx, models.people(), "buys", "buyer", FEATURES)


def drained(steps: Any) -> tuple[ImportanceResult, list[Any]]:
    events: list[Any] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return end.value, events


def test_importance_finds_what_matters_and_keeps_it(ctx: Context, buyer: str) -> None:
    params = ImportanceParams(model=buyer, dataset="people")
    found, events = drained(ops.importance(params, ctx))
    assert [line.column for line in found.columns][0] == "age"
    assert found.columns[0].matters
    assert not {line.column: line for line in found.columns}["member"].matters
    assert found.metric == "accuracy"
    assert [event.kind for event in events] == ["column", "progress"] * 3
    kept = ctx.use(Artifacts).get(found.report, "report")
    again = Importance.model_validate_json(ctx.use(Objects).get_bytes(kept.meta["file"]))
    assert again.columns == found.columns
    assert (buyer, found.report) in ctx.use(Artifacts).lineage(buyer)


def test_importance_repeats_itself_in_any_order(ctx: Context, buyer: str) -> None:
    params = ImportanceParams(model=buyer, dataset="people", keep=False, rows=80)
    first, _ = drained(ops.importance(params, ctx))
    assert drained(ops.importance(params, ctx))[0] == first
    one = params.model_copy(update={"columns": ["city"]})
    alone, _ = drained(ops.importance(one, ctx))
    assert alone.columns[0] in first.columns


def test_importance_of_text_and_of_numbers(ctx: Context) -> None:
    table = models.messages(60).append_column("length", pa.array(np.arange(60.0)))
    models.dataset(ctx, table, "messages")
    ref = models.train(ctx, table, "kind", "kinds", ("text", "length"), ("linear",))
    found, _ = drained(ops.importance(ImportanceParams(model=ref, dataset="messages"), ctx))
    assert (found.columns[0].column, found.columns[0].type) == ("text", "text")
    assert found.columns[0].value > 0.3
    assert any("spelling" in note for note in found.notes)
    models.dataset(ctx, models.people(80, 1), "people")
    earner = models.train(ctx, models.people(), "income", "earner", ("age", "member"))
    costs, _ = drained(ops.importance(ImportanceParams(model=earner, dataset="people"), ctx))
    assert costs.metric == "rmse"
    assert costs.columns[0].value > 100


def test_importance_may_be_stopped(ctx: Context, buyer: str) -> None:
    params = ImportanceParams(model=buyer, dataset="people")
    found, _ = drained(ops.importance(params, ctx.but(stopping=lambda: True)))
    assert found.columns == []
    assert found.notes == ["Stopped early: 3 columns were not shuffled."]


def test_importance_says_what_is_wrong(ctx: Context, buyer: str) -> None:
    params = ImportanceParams(model=buyer, dataset="people", columns=["shoes"])
    with pytest.raises(InvalidInput, match=r"does not read shoes\."):
        drained(ops.importance(params, ctx))
    models.dataset(ctx, models.people(20).drop_columns(["age"]), "fewer")
    with pytest.raises(InvalidInput, match="Column 'age' is not in"):
        drained(ops.importance(ImportanceParams(model=buyer, dataset="fewer"), ctx))


def test_attribute_explains_rows_exactly(ctx: Context, buyer: str) -> None:
    found = ops.attribute(AttributeParams(model=buyer, dataset="people", ids=[7, 3]), ctx)
    assert [row.id for row in found.rows] == [7, 3]
    assert found.method == "exact"
    assert found.unit == "log-odds of the class"
    for row in found.rows:
        assert row.label == row.prediction
        assert (row.probability or 0) >= 0.5
        total = row.base + sum(effect.effect for effect in row.columns)
        assert total == pytest.approx(row.score)
        sizes = [abs(effect.effect) for effect in row.columns]
        assert sizes == sorted(sizes, reverse=True)
    one = ops.attribute(
        AttributeParams(model=buyer, dataset="people", ids=[7], label="no", top=1), ctx
    )
    assert one.rows[0].label == "no"
    assert len(one.rows[0].columns) == 1


def test_attribute_leaves_words_out(ctx: Context) -> None:
    models.dataset(ctx, models.messages(20, 3), "messages")
    ref = models.train(ctx, models.messages(60), "kind", "kinds", ("text",), ("linear",))
    found = ops.attribute(AttributeParams(model=ref, dataset="messages", rows=2, words=3), ctx)
    assert [len(row.words) for row in found.rows] == [3, 3]
    assert any("Only the first 3 words" in note for note in found.notes)
    none = ops.attribute(AttributeParams(model=ref, dataset="messages", words=0), ctx)
    assert none.rows[0].words == []


def test_attribute_of_numbers(ctx: Context) -> None:
    models.dataset(ctx, models.people(20, 1), "people")
    ref = models.train(ctx, models.people(), "income", "earner", FEATURES)
    found = ops.attribute(AttributeParams(model=ref, dataset="people"), ctx)
    assert found.unit == "units of 'income'"
    assert len(found.rows) == 5
    for row in found.rows:
        assert row.score == pytest.approx(row.prediction, rel=1e-5)
        assert row.label is None
    with pytest.raises(InvalidInput, match="the model predicts numbers"):
        ops.attribute(AttributeParams(model=ref, dataset="people", label="x"), ctx)


def test_attribute_says_what_is_wrong(ctx: Context, buyer: str) -> None:
    with pytest.raises(NotFound, match="no row with '_id' 999"):
        ops.attribute(AttributeParams(model=buyer, dataset="people", ids=[1, 999]), ctx)
    with pytest.raises(InvalidInput, match="no class 'maybe'"):
        ops.attribute(AttributeParams(model=buyer, dataset="people", label="maybe"), ctx)


def test_importance_becomes_a_page(ctx: Context, buyer: str) -> None:
    found, _ = drained(ops.importance(ImportanceParams(model=buyer, dataset="people"), ctx))
    page = to_html(Document("Importance", sections=[section(found)]))
    assert "Importance of the columns" in page
    assert page.count("<tr>") == 4


def test_attribute_without_exact_members_says_so(ctx: Context) -> None:
    models.dataset(ctx, models.messages(20, 3), "messages")
    ref = models.train(ctx, models.messages(60), "kind", "near", ("text",), ("neighbours",))
    found = ops.attribute(AttributeParams(model=ref, dataset="messages", rows=2, words=2), ctx)
    assert found.method == "replacement"
    assert found.notes[0].startswith("No member has exact effects")
    assert found.unit == "log-odds of the class"
    assert all(row.columns[0].effect > 0 for row in found.rows)


def test_attribute_says_what_part_of_an_ensemble_it_speaks_for(ctx: Context) -> None:
    models.dataset(ctx, models.messages(20, 3), "messages")
    kinds = ("neighbours", "linear")
    ref = models.train(ctx, models.messages(60), "kind", "mixed", ("text",), kinds)
    found = ops.attribute(AttributeParams(model=ref, dataset="messages", words=0), ctx)
    assert found.method == "exact"
    assert found.covered == pytest.approx(0.5)
    assert found.notes[0] == "The effects speak for 50% of the ensemble's shares."


def test_importances_are_listed_and_shown(ctx: Context, buyer: str) -> None:
    asked = ImportanceParams(model=buyer, dataset="people", repeats=2)
    made, _ = drained(ops.importance(asked, ctx))
    found = ops.list_explanations(ListParams(model="buyer"), ctx)
    assert (found.total, found.explanations[0].report) == (1, made.report)
    assert set(found.explanations[0].columns) == set(FEATURES)
    assert ops.show(ShowParams(report=made.report), ctx) == made
    assert ops.list_explanations(ListParams(model="other"), ctx).total == 0
    ctx.use(Artifacts).add(ctx, "report", "strange", {"type": "card"})
    with pytest.raises(InvalidInput, match="type 'card'"):
        ops.show(ShowParams(report="strange"), ctx)
