"""What flows into and out of an op, read from its models: kinds of artifact and JSON types."""

import types
import typing
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from millrace.core.registry import Op, extra_of
from millrace.kinds.rows import RowsResult

UNIONS = (typing.Union, types.UnionType)
LISTS = (list, tuple, set, frozenset)
NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object"}


@dataclass(frozen=True)
class Port:
    """One field of an op as an end of a wire."""

    kind: str | None
    types: frozenset[str]
    many: bool = False
    model: type[BaseModel] | None = None

    def says(self) -> str:
        """Return what it holds, in words."""
        if self.kind:
            return f"a list of {self.kind} references" if self.many else f"a {self.kind}"
        what = " or ".join(sorted(self.types))
        return f"a list of {what}" if self.many else f"a value of type {what}"


def inputs(op: Op) -> dict[str, Port]:
    """Return every param of an op as a port."""
    return {name: port_of(info) for name, info in op.params.model_fields.items()}


def outputs(op: Op) -> dict[str, Port]:
    """Return every result field of an op as a port; those of nested models are dotted."""
    return dict(_fields(op.result or RowsResult, "", ()))


def _fields(
    model: type[BaseModel], head: str, above: tuple[Any, ...]
) -> typing.Iterator[tuple[str, Port]]:
    for name, info in model.model_fields.items():
        port = port_of(info)
        yield head + name, port
        if port.model is not None and port.model not in above and not port.many:
            yield from _fields(port.model, f"{head}{name}.", (*above, model))


def fits(source: Port, target: Port) -> bool:
    """Tell whether a wire may go from one port to the other."""
    if target.kind is not None:
        return source.kind == target.kind and source.many == target.many
    if source.many != target.many and "any" not in target.types:
        return False
    wanted = target.types | ({"integer"} if "number" in target.types else frozenset())
    return "any" in wanted | source.types or bool(source.types & wanted)


def one(port: Port) -> Port:
    """Return the port of one item of a list."""
    return replace(port, many=False)


def port_of(info: FieldInfo) -> Port:
    """Return one field of a model as a port."""
    found = _read(info.annotation)
    return replace(found, kind=_kind_of(info) or found.kind)


def _kind_of(info: Any) -> str | None:
    extra = extra_of(info)
    return str(extra["port"]) if "port" in extra else None


def _read(kind: Any) -> Port:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        found = _read(parts[0])
        kinds = [name for mark in parts[1:] if (name := _kind_of(mark))]
        return replace(found, kind=kinds[-1]) if kinds else found
    if origin in UNIONS:
        return _joined([_read(part) for part in parts if part is not type(None)])
    if origin is Literal:
        return Port(None, frozenset(NAMES.get(type(value), "string") for value in parts))
    if (origin or kind) in LISTS:
        return replace(_read(parts[0] if parts else Any), many=True)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return Port(None, frozenset({"object"}), model=kind)
    return Port(None, frozenset({NAMES.get(origin or kind, "any")}))


def _joined(options: list[Port]) -> Port:
    if len(options) == 1:
        return options[0]
    kinds = {option.kind for option in options if option.kind}
    return Port(
        kinds.pop() if len(kinds) == 1 else None,
        frozenset().union(*(option.types for option in options)),
        any(option.many for option in options),
    )
