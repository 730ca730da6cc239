"""The filter grammar: what it compiles to, and that nothing raw gets through."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.kinds.filter import Filter, any_text, columns_of, compile_filter, reads_text
from millrace.stores.datasets import Datasets

READ = TypeAdapter(Filter)
SCHEMA = {"n": "int64", "x": "double", "s": "string", "b": "bool", "d": "date32[day]"}


def compiled(raw: object) -> str:
    return compile_filter(READ.validate_python(raw), SCHEMA)


@pytest.mark.parametrize(
    ("raw", "sql"),
    [
        ({"column": "n", "op": ">", "value": 3}, "(`n` > 3)"),
        ({"column": "s", "value": "it's"}, "(`s` = 'it''s')"),
        ({"column": "b", "value": True}, "(`b` = true)"),
        ({"column": "d", "op": ">=", "value": "2026-03-01"}, "(`d` >= date '2026-03-01')"),
        ({"column": "s", "op": "in", "value": ["a", "b"]}, "(`s` IN ('a', 'b'))"),
        ({"column": "s", "op": "contains", "value": "%"}, "contains(`s`, '%')"),
        ({"not": {"column": "n", "op": "is null"}}, "(NOT (`n` IS NULL))"),
        ({"column": "n", "op": "between", "value": [1, 5]}, "(`n` BETWEEN 1 AND 5)"),
        ({"column": "n", "op": "<", "value": 2.5}, "(CAST(`n` AS DOUBLE) < 2.5)"),
        ({"column": "n", "op": "<", "value": 2**70}, f"(CAST(`n` AS DOUBLE) < {float(2**70)!r})"),
        ({"column": "s", "op": "starts with", "value": "a'"}, "starts_with(`s`, 'a''')"),
        ({"column": "s", "op": "contains text", "value": "Ü"}, "contains(lower(`s`), lower('Ü'))"),
        ({"column": "s", "op": "matches", "value": "^a+$"}, "regexp_like(`s`, '^a+$')"),
        (
            {"all": [{"column": "n", "value": 1}, {"any": [{"column": "x", "value": 0.5}]}]},
            "((`n` = 1) AND ((`x` = 0.5)))",
        ),
    ],
)
def test_what_it_compiles_to(raw: object, sql: str) -> None:
    assert compiled(raw) == sql


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"column": "q", "value": 1}, "column 'q', which is not there.*columns are b, d, n, s, x"),
        ({"column": "n", "value": "1 or 1=1"}, "needs a number"),
        ({"column": "n", "value": True}, "needs a number"),
        ({"column": "n", "value": float("nan")}, "needs a number"),
        ({"column": "s", "value": 1}, "needs a text"),
        ({"column": "s", "op": "in", "value": "a"}, "a list that is not empty"),
        ({"column": "s", "op": "in", "value": []}, "a list that is not empty"),
        ({"column": "d", "value": "yesterday"}, "a date such as"),
        ({"column": "b", "value": "yes"}, "true or false"),
        ({"column": "n", "op": "=", "value": None}, "one value"),
        ({"column": "n", "op": "between", "value": [1]}, "the two ends"),
        ({"column": "n", "op": "between", "value": 1}, "a list that is not empty"),
        ({"column": "n", "op": "contains text", "value": "1"}, "a text column"),
        ({"column": "s", "op": "starts with", "value": 1}, "a text, and a text column"),
        ({"column": "s", "op": "matches", "value": "(a"}, "an RE2 pattern"),
        ({"column": "s", "op": "matches", "value": "a" * 1001}, "at most 1000 characters"),
    ],
)
def test_what_it_refuses(raw: object, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        compiled(raw)


def test_it_is_not_nested_for_ever() -> None:
    raw: dict[str, object] = {"column": "n", "value": 1}
    for _ in range(20):
        raw = {"not": raw}
    with pytest.raises(InvalidInput, match="nested deeper"):
        compiled(raw)


@pytest.mark.parametrize(
    "raw",
    [
        {"column": "n", "op": "; drop table", "value": 1},
        {"all": [["n", 1]]},
        {"not": {"any": [1, True, None, "n"]}},
        "n = 1",
    ],
)
def test_what_is_no_filter_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python(raw)


def test_it_survives_json_inside_a_model() -> None:
    class Holder(BaseModel):
        filter: Filter

    raw = {"filter": {"any": [{"not": {"column": "n", "op": "<", "value": 2}}]}}
    made = Holder.model_validate(raw)
    assert Holder.model_validate(made.model_dump(mode="json", by_alias=True)) == made
    assert Holder.model_validate(made.model_dump(mode="json")) == made
    assert columns_of(made.filter) == {"n"}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=12).filter(lambda text: "\x00" not in text))
def test_any_text_finds_itself_and_nothing_else(ctx: Context, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    store = ctx.use(Datasets)
    try:
        store.info("filtered")
    except Exception:  # noqa: BLE001  made once for all examples
        store.write(ctx, "filtered", pa.table({"s": ["other", "' or 1=1 --", "%", "_"]}))
    sql = compiled({"column": "s", "value": text})
    found = store.read("filtered", filter=sql).column("s").to_pylist()
    assert found == [value for value in ["other", "' or 1=1 --", "%", "_"] if value == text]


def test_new_comparisons_find_what_they_say(ctx: Context) -> None:
    texts = ["Öl", "öl 12", "it's", "100%", None, "zebra"]
    numbers = pa.array([1, 2, 3, 2**62, -5, None], pa.int64())
    ctx.use(Datasets).write(ctx, "t", pa.table({"n": numbers, "s": texts}))
    schema = {"n": "int64", "s": "string"}

    def found(raw: object) -> list[int]:
        fits = compile_filter(READ.validate_python(raw), schema)
        return ctx.use(Datasets).read("t", ["_id"], fits).column("_id").to_pylist()

    assert found({"column": "s", "op": "contains text", "value": "ÖL"}) == [0, 1]
    assert found({"column": "s", "op": "starts with", "value": "Ö"}) == [0]
    assert found({"column": "s", "op": "matches", "value": r"\d{2}"}) == [1, 3]
    assert found({"column": "s", "op": "matches", "value": "'"}) == [2]
    assert found({"column": "n", "op": "between", "value": [2, 3.5]}) == [1, 2]
    assert found({"column": "n", "op": ">", "value": 2**70}) == []
    assert found({"column": "n", "op": ">", "value": -1e300}) == [0, 1, 2, 3, 4]
    assert found({"column": "n", "op": "in", "value": [1, 2.0, 2.5]}) == [0, 1]
    assert found({"not": {"column": "n", "op": "between", "value": [0, 9]}}) == [3, 4]
    assert found({"column": "n", "op": "is null"}) == [5]


def test_a_search_needs_a_text_column() -> None:
    assert compile_filter(any_text("x", {"a": "string"}), {"a": "string"})
    assert reads_text(any_text("x", {"a": "string", "b": "large_string"}))
    assert not reads_text(READ.validate_python({"not": {"column": "a", "value": 1}}))
    with pytest.raises(InvalidInput, match="no text column"):
        any_text("x", {"n": "int64"})
    with pytest.raises(ValidationError):
        READ.validate_python({"column": "s", "value": "x" * 10_001})
