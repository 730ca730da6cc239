"""JSON Schemas of ops, with references written out, and one hash over all of them."""

from functools import cache
from typing import Any

from pydantic import BaseModel

from millrace.core.ids import digest
from millrace.core.registry import Op
from millrace.kinds.rows import RowsResult

REF = "#/$defs/"


def params_schema(op: Op) -> dict[str, Any]:
    """Return the schema of an op's params, self-contained."""
    return inline(op.params.model_json_schema())


def result_schema(op: Op) -> dict[str, Any]:
    """Return the schema of an op's result, self-contained."""
    return inline((op.result or RowsResult).model_json_schema(mode="serialization"))


def inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Replace every `$ref` by what it names; a type that holds itself keeps its `$defs`."""
    names: dict[str, Any] = schema.get("$defs", {})
    kept: set[str] = set()
    body = {key: value for key, value in schema.items() if key != "$defs"}
    found = _written_out(body, names, (), kept)
    if kept:
        found["$defs"] = {name: names[name] for name in sorted(_reachable(kept, names))}
    return found


def _written_out(value: Any, names: dict[str, Any], above: tuple[str, ...], kept: set[str]) -> Any:
    if isinstance(value, list):
        return [_written_out(item, names, above, kept) for item in value]
    if not isinstance(value, dict):
        return value
    ref = value.get("$ref")
    if isinstance(ref, str) and ref.startswith(REF):
        name = ref.removeprefix(REF)
        if name in above:
            kept.add(name)
            return value
        rest = {key: item for key, item in value.items() if key != "$ref"}
        target = {**names[name], **rest}
        return _written_out(target, names, (*above, name), kept)
    return {key: _written_out(item, names, above, kept) for key, item in value.items()}


def _reachable(start: set[str], names: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    queue = list(start)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(_refs(names[name]))
    return found


def _refs(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _refs(item)]
    if not isinstance(value, dict):
        return []
    ref = value.get("$ref")
    own = [ref.removeprefix(REF)] if isinstance(ref, str) else []
    return own + [name for item in value.values() for name in _refs(item)]


def schema_hash(ops: dict[str, Op]) -> str:
    """Return one fingerprint of every op's name, version, effect and schemas."""
    return digest(
        [
            [op.name, op.version, op.effect, op.shape, _print(op.params, op.result or RowsResult)]
            for _, op in sorted(ops.items())
        ]
    )


@cache
def _print(params: type[BaseModel], result: type[BaseModel]) -> str:
    """Return the fingerprint of the schemas of two models, reckoned once for each process."""
    return digest(
        [
            inline(params.model_json_schema()),
            inline(result.model_json_schema(mode="serialization")),
        ]
    )
