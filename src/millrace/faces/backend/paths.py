"""Which fields of an op name files, and what they name for whoever calls it.

A field says so in its schema: `"file": "table"` reads a file of rows, `"read"` any other,
`"write"` makes a new one, `"replace"` may put it in the place of an old one.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from millrace.core.registry import Op, extra_of

Kind = Literal["table", "read", "write", "replace"]


def fields_of(op: Op, *kinds: Kind) -> list[str]:
    """Return the fields of an op that name files of these kinds."""
    fields = op.params.model_fields.items()
    return [name for name, info in fields if extra_of(info).get("file") in kinds]


def plain(params: Any) -> Any:
    """Return the params of a call as JSON values, if they are a model."""
    return params.model_dump(mode="json") if isinstance(params, BaseModel) else params


def to_read(value: Any) -> Path | None:
    """Return the file or folder that a value names here, if it does."""
    path = to_write(value)
    try:
        return path.resolve() if path and (path.is_file() or path.is_dir()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def to_write(value: Any) -> Path | None:
    """Return the whole path that a value names; an address and what is no path have none."""
    if not isinstance(value, str) or not value or "://" in value or "\0" in value:
        return None
    try:
        return Path(value).expanduser().absolute()
    except (OSError, RuntimeError):
        return None


def whole(op: Op, params: Any) -> Any:
    """Return params whose paths mean the same from any folder: a worker or a later run has its own.

    What is not here is left as it was given.
    """
    reads, writes = fields_of(op, "table", "read"), fields_of(op, "write", "replace")
    given: dict[str, Any] = dict(params) if isinstance(params, dict | BaseModel) else {}
    found = {name: to_read(given.get(name)) for name in reads}
    found.update({name: to_write(given.get(name)) for name in writes})
    paths = {name: str(path) for name, path in found.items() if path}
    if isinstance(params, BaseModel):
        return params.model_copy(update=paths)
    return {**given, **paths} if paths else params
