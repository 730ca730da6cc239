"""The filter grammar: what it compiles to, and that nothing raw gets through."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.kinds.filter import Filter, columns_of, compile_filter
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


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValidationError):
        READ.validate_python({"column": "n", "op": "; drop table", "value": 1})


def test_it_survives_json_inside_a_model() -> None:
    class Holder(BaseModel):
        filter: Filter

    raw = {"filter": {"any": [{"not": {"column": "n", "op": "<", "value": 2}}]}}
    made = Holder.model_validate(raw)
    assert Holder.model_validate(made.model_dump(mode="json", by_alias=True)) == made
    assert Holder.model_validate(made.model_dump(mode="json")) == made
    assert columns_of(made.filter) == {"n"}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
