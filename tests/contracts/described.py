"""What the battery asks of the fields of a model."""

import keyword
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from millrace.core.registry import Op
from millrace.faces.cli.command import OWN_FLAGS
from millrace.faces.cli.fields import flags_of
from millrace.faces.schema import params_schema

TAKEN = frozenset({"self", "params", "key", "on_event"})  # by the Python face
BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


def complaints(op: Op) -> list[str]:
    """Return what is wrong with the fields of an op's params and result."""
    found = [f"params.{path}" for path in _undescribed(op.params)]
    if op.result is not None:
        found += [f"result.{path}" for path in _undescribed(op.result)]
    wrong = [f"{path} has no description" for path in found]
    wrong += [f"params.{path} has no bound" for path in unbounded(params_schema(op))]
    for flag in flags_of(op.params):
        if flag.option.removeprefix("--") in OWN_FLAGS:
            wrong.append(f"params.{'.'.join(flag.path)} hides our flag '{flag.option}'")
    for name in op.params.model_fields:
        if keyword.iskeyword(name) or name in TAKEN:
            wrong.append(f"params.{name} cannot be a keyword argument in Python")
    return wrong


def _undescribed(
    model: type[BaseModel], path: str = "", seen: tuple[Any, ...] = ()
) -> Iterator[str]:
    if model in seen:
        return
    for name, info in model.model_fields.items():
        if not info.description:
            yield f"{path}{name}"
        for inner in models_in(info.annotation):
            yield from _undescribed(inner, f"{path}{name}.", (*seen, model))


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """Give every model inside an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in typing.get_args(kind):
        yield from models_in(part)


def unbounded(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Give the numbers and lists of a params schema that have no bound at all."""
    for name, field in schema.get("properties", {}).items():
        for part in field.get("anyOf", [field]):
            kind = part.get("type")
            if kind in {"integer", "number"} and not any(bound in part for bound in BOUNDS):
                if len(field.get("anyOf", [])) < 3:  # `int | str | None` is free text
                    yield path + name
            elif kind == "array" and "maxItems" not in part:
                yield path + name
            elif kind == "object":
                yield from unbounded(part, f"{path}{name}.")
