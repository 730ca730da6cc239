"""Find references in a result whose field does not say of which kind they are."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from millrace.drivers.pipeline.ports import port_of

REF = re.compile(r"(dataset|model|labelset|deployment|index|pipeline|report):[a-z0-9._-]+@\w+")
# These hold references of any kind, so that no port could say which.
ANY = {
    "ShowResult.parents",
    "Station.ref",
    "LineageResult.ref",
    "Made.ref",
    "Need.ref",
    "LineageNode.ref",
    "LineageEdge.source",
    "LineageEdge.target",
    "RunResult.outputs",
    "CompareResult.a",  # a model, or a column of predictions
    "CompareResult.b",
}


def untyped(value: Any) -> Iterator[str]:
    """Give each field of a result, at any depth, that holds a reference and has no such port."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from untyped(item)
    if not isinstance(value, BaseModel):
        return
    for name, info in type(value).model_fields.items():
        held = getattr(value, name)
        yield from untyped(held)
        place = f"{type(value).__name__}.{name}"
        for text in held if isinstance(held, list) else [held]:
            found = REF.fullmatch(text) if isinstance(text, str) else None
            if found and place not in ANY and port_of(info).kind != found[1]:
                yield f"{place} holds '{text}' and declares the port {port_of(info).kind}"
