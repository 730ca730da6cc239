"""A closed grammar of row filters, compiled against a schema; nothing is concatenated raw."""

import datetime
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from millrace.core.errors import InvalidInput, choices

Operator = Literal[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "not in",
    "contains",
    "contains text",
    "starts with",
    "matches",
    "is null",
    "is not null",
]
Scalar = bool | int | float | Annotated[str, Field(max_length=10_000)]
DEPTH = 8
PATTERN = 1000  # longest regular expression [characters]
WORDS = {"contains": "contains", "starts with": "starts_with"}


class Condition(BaseModel):
    """One comparison of a column with a value.

    `contains` minds upper and lower case, `contains text` does not; `matches` takes an RE2
    pattern that may fit anywhere; `between` takes both ends; a missing value fits only
    `is null`.
    """

    model_config = ConfigDict(extra="forbid")

    column: str = Field(max_length=200, description="column to compare")
    op: Operator = Field(default="=", description="comparison")
    value: Scalar | Annotated[list[Scalar], Field(max_length=10_000)] | None = Field(
        default=None, description="what to compare with; a list for in, not in and between"
    )


class All(BaseModel):
    """Every part must hold."""

    model_config = ConfigDict(extra="forbid")

    all: Annotated[list["Filter"], Field(min_length=1, max_length=100)] = Field(
        description="parts that must all hold"
    )


class Any_(BaseModel):
    """At least one part must hold."""

    model_config = ConfigDict(extra="forbid")

    any: Annotated[list["Filter"], Field(min_length=1, max_length=100)] = Field(
        description="parts of which one must hold"
    )


class Not(BaseModel):
    """The part must not hold."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    negated: "Filter" = Field(alias="not", description="part that must not hold")


def _tag(value: Any) -> str:
    named: Any = value if isinstance(value, dict) else getattr(type(value), "model_fields", ())
    keys: set[str] = set(named)
    for key, tag in (("all", "all"), ("any", "any"), ("not", "not"), ("negated", "not")):
        if key in keys:
            return tag
    return "condition"


Filter = Annotated[
    Annotated[Condition, Tag("condition")]
    | Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(_tag),
]
for _model in (All, Any_, Not):
    _model.model_rebuild()

_NUMBERS = ("int", "uint", "float", "double", "halffloat", "decimal")


def columns_of(found: Condition | All | Any_ | Not) -> set[str]:
    """Return every column a filter speaks of."""
    if isinstance(found, Condition):
        return {found.column}
    parts = [found.negated] if isinstance(found, Not) else _parts(found)
    return {column for part in parts for column in columns_of(part)}


def compile_filter(
    found: Condition | All | Any_ | Not, schema: dict[str, str], depth: int = 0
) -> str:
    """Return a filter for `Datasets.read`, checked against {column: Arrow type as text}.

    Errors: invalid_input, no such column, a value of another type, nested too deep.
    """
    if depth > DEPTH:
        raise InvalidInput(
            f"The filter is nested deeper than {DEPTH}.", "Flatten it.", field="filter"
        )
    if isinstance(found, Condition):
        return _condition(found, schema)
    if isinstance(found, Not):
        return f"(NOT {compile_filter(found.negated, schema, depth + 1)})"
    word = " AND " if isinstance(found, All) else " OR "
    return f"({word.join(compile_filter(part, schema, depth + 1) for part in _parts(found))})"


def _parts(found: All | Any_) -> list[Any]:
    return found.all if isinstance(found, All) else found.any


def any_text(needle: str, schema: dict[str, str]) -> Condition | Any_:
    """Return the filter for rows that hold a piece of text in any text column, in any case.

    Errors: invalid_input, there is no text column.
    """
    columns = [name for name, kind in schema.items() if kind in ("string", "large_string")]
    if not columns:
        raise InvalidInput("There is no text column to search.", "Use 'filter'.", field="search")
    parts: list[Any] = [
        Condition(column=name, op="contains text", value=needle) for name in columns[:100]
    ]
    return parts[0] if len(parts) == 1 else Any_(any=parts)


def reads_text(found: Condition | All | Any_ | Not) -> bool:
    """Say whether a filter looks into texts, which costs far more than comparing values."""
    if isinstance(found, Condition):
        return found.op in ("contains", "contains text", "starts with", "matches")
    parts = [found.negated] if isinstance(found, Not) else _parts(found)
    return any(reads_text(part) for part in parts)


def _condition(found: Condition, schema: dict[str, str]) -> str:
    if found.column not in schema or "`" in found.column:
        raise InvalidInput(
            f"The filter names column '{found.column[:80]}', which is not there.",
            f"The columns are {choices(list(schema), 20)}.",
            column=found.column[:80],
        )
    name, kind = f"`{found.column}`", schema[found.column]
    if found.op in ("is null", "is not null"):
        return f"({name} {found.op.upper()})"
    if found.op in ("in", "not in", "between"):
        return _listed(found, name, kind)
    if found.value is None or isinstance(found.value, list):
        raise _wrong(found, "one value")
    if found.op in ("contains", "contains text", "starts with", "matches"):
        return _worded(found, name, kind)
    value = _literal(found, found.value, kind)
    return f"({_as(name, kind, [found.value])} {found.op} {value})"


def _listed(found: Condition, name: str, kind: str) -> str:
    if not isinstance(found.value, list) or not found.value:
        raise _wrong(found, "a list that is not empty")
    values = [_literal(found, value, kind) for value in found.value]
    name = _as(name, kind, found.value)
    if found.op != "between":
        return f"({name} {found.op.upper()} ({', '.join(values)}))"
    if len(values) != 2:
        raise _wrong(found, "the two ends")
    return f"({name} BETWEEN {values[0]} AND {values[1]})"


def _as(name: str, kind: str, values: list[Any]) -> str:
    """Return a whole-number column as what it is compared with: 2.5 is no whole number."""
    if kind.startswith(("int", "uint")):
        limit = 2 ** (int(kind.lstrip("uint")) - kind.startswith("int"))
        low = 0 if kind.startswith("uint") else -limit
        if any(isinstance(value, float) or not low <= value < limit for value in values):
            return f"CAST({name} AS DOUBLE)"
    return name


def _worded(found: Condition, name: str, kind: str) -> str:
    if not isinstance(found.value, str) or "string" not in kind:
        raise _wrong(found, "a text, and a text column")
    if found.op == "matches":
        return f"regexp_like({name}, {_text(_pattern(found, found.value))})"
    if found.op == "contains text":
        return f"contains(lower({name}), lower({_text(found.value)}))"
    return f"{WORDS[found.op]}({name}, {_text(found.value)})"


def _pattern(found: Condition, pattern: str) -> str:
    import re2

    options = re2.Options()
    options.max_mem = 2**20  # a pattern that grows beyond this is a bomb
    options.log_errors = False
    try:
        if len(pattern) <= PATTERN:
            re2.compile(pattern, options)
            return pattern
    except re2.error as error:
        raise _wrong(found, f"an RE2 pattern: {str(error)[:80]}") from error
    raise _wrong(found, f"a pattern of at most {PATTERN} characters")


def _literal(found: Condition, value: Scalar, kind: str) -> str:
    if kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(found, "true or false")
        return "true" if value else "false"
    if kind.startswith(_NUMBERS):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise _wrong(found, "a number")
        return repr(float(value)) if abs(value) >= 2**63 else repr(value)
    if not isinstance(value, str):
        raise _wrong(found, "a text in quotes")
    if kind.startswith(("date", "timestamp")):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError as error:
            raise _wrong(found, "a date such as 2026-03-01") from error
        if kind.startswith("date"):
            return f"date '{moment.date().isoformat()}'"
        return f"timestamp '{moment.isoformat(sep=' ')}'"
    if "string" not in kind:
        raise InvalidInput(
            f"Column '{found.column}' holds {kind}, which filters cannot compare.",
            "Use 'is null' or 'is not null'.",
            column=found.column,
        )
    return _text(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _wrong(found: Condition, wanted: str) -> InvalidInput:
    shown = repr(found.value)[:60]
    return InvalidInput(
        f"The filter compares '{found.column}' with {shown}.",
        f"'{found.op}' needs {wanted}.",
        column=found.column,
    )
