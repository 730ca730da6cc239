"""Break each stated bound of a params schema, one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from millrace.core.registry import Op
from millrace.faces.schema import params_schema


@dataclass(frozen=True)
class Broken:
    """Params with one value out of its bounds."""

    field: str
    params: dict[str, Any]
    why: str


def breaks(op: Op, params: dict[str, Any]) -> Iterator[Broken]:
    """Give the params with each bound of each field broken, nested models one level down."""
    yield Broken("no_such_field", {**params, "no_such_field": 1}, "unknown field")
    for name, schema in params_schema(op).get("properties", {}).items():
        for value, why in values(schema):
            yield Broken(name, {**params, name: value}, why)
        for inner, below in schema.get("properties", {}).items():
            base = params.get(name) or {}
            for value, why in values(below):
                yield Broken(f"{name}.{inner}", {**params, name: {**base, inner: value}}, why)


def values(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Give values that break each bound of a field; of `X | None`, the bounds of X."""
    options = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    if options:
        if len(options) == 1:
            yield from values(options[0])
        return
    yield from _numbers(schema)
    yield from _sizes(schema)
    if "enum" in schema:
        yield "no-such-choice", "enum"
    if schema.get("type") in {"integer", "number"}:
        yield {}, "type"
    if schema.get("type") in {"string", "boolean"}:
        yield {}, "type"


def _numbers(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    if "minimum" in schema:
        yield schema["minimum"] - 1, "minimum"
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"], "exclusiveMinimum"
    if "maximum" in schema:
        yield schema["maximum"] + 1, "maximum"
    if "exclusiveMaximum" in schema:
        yield schema["exclusiveMaximum"], "exclusiveMaximum"


def _sizes(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    if schema.get("type") == "string":
        if "maxLength" in schema:
            yield "x" * (schema["maxLength"] + 1), "maxLength"
        if schema.get("minLength", 0) > 0:
            yield "x" * (schema["minLength"] - 1), "minLength"
    if schema.get("type") == "array" and "items" in schema:
        if "maxItems" in schema:
            yield [_some(schema["items"])] * (schema["maxItems"] + 1), "maxItems"
        if schema.get("minItems", 0) > 0:
            yield [_some(schema["items"])] * (schema["minItems"] - 1), "minItems"


def _some(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": 1, "number": 1.0, "boolean": True, "object": {}}.get(
        schema.get("type", "string"), "x"
    )
