"""Ops as tools for agents: JSON Schemas in the shapes that agent libraries read."""

from typing import Any

from pydantic import BaseModel

from millrace.core import catalog
from millrace.core.errors import InvalidInput, NotFound, choices
from millrace.core.registry import OPS, Op
from millrace.faces.backend.place import Backend, OnEvent
from millrace.faces.schema import params_schema

OURS = frozenset({"title", "port", "positional"})
STYLES = ("plain", "openai", "anthropic", "mcp")


def tool_name(op: Op) -> str:
    """Return the op's name as agents allow it, such as `drift_psi`."""
    return op.name.replace(".", "_")


def by_tool_name() -> dict[str, Op]:
    """Return every op by its tool name.

    Errors: TypeError, two ops share one name.
    """
    catalog.load_all()
    found: dict[str, Op] = {}
    for op in OPS.values():
        name = tool_name(op)
        if name in found:
            raise TypeError(f"ops '{found[name].name}' and '{op.name}' share tool '{name}'")
        found[name] = op
    return dict(sorted(found.items()))


def tool_schemas(style: str = "plain") -> list[dict[str, Any]]:
    """Return the schema of every op as a tool.

    Errors: invalid_input, an unknown style.
    """
    if style not in STYLES:
        raise InvalidInput(
            f"There is no tool style '{style[:40]}'.", f"The styles are {choices(list(STYLES))}."
        )
    return [tool_schema(op, style) for op in by_tool_name().values()]


def tool_schema(op: Op, style: str = "plain") -> dict[str, Any]:
    """Return one op as a tool in the given style."""
    name, said, body = tool_name(op), _description(op), for_agents(params_schema(op))
    if style == "openai":
        function = {"name": name, "description": said, "parameters": body}
        return {"type": "function", "function": function}
    if style == "anthropic":
        return {"name": name, "description": said, "input_schema": body}
    if style == "mcp":
        hints = {
            "title": op.name,
            "readOnlyHint": op.effect == "read",
            "destructiveHint": op.effect == "destructive",
            "openWorldHint": op.effect in {"spend", "external"},
        }
        return {"name": name, "description": said, "inputSchema": body, "annotations": hints}
    return {
        "name": name,
        "op": op.name,
        "version": op.version,
        "description": said,
        "effect": op.effect,
        "input_schema": body,
    }


def for_agents(schema: Any) -> Any:
    """Take out what only our own faces read, and titles, which repeat the names."""
    if isinstance(schema, list):
        return [for_agents(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in OURS}
    return {
        key: {name: for_agents(item) for name, item in value.items()}
        if key in {"properties", "$defs"}
        else for_agents(value)
        for key, value in kept.items()
    }


def _description(op: Op) -> str:
    """Return the prose of the docstring: what comes before its first labelled line."""
    prose = op.doc.split("\n\n")[:2]
    kept = [part for part in prose if not part.split(" ", 1)[0].endswith(":")]
    return " ".join(" ".join(kept).split())


def call_tool(
    backend: Backend, name: str, arguments: dict[str, Any], on_event: OnEvent | None = None
) -> BaseModel:
    """Run the op behind a tool and return its result.

    Errors: not_found, no such tool; and whatever the op raises.
    """
    known = by_tool_name()
    if name not in known:
        raise NotFound(f"There is no tool '{name[:80]}'.", f"The tools are {choices(list(known))}.")
    return backend.call(known[name].name, arguments, on_event=on_event)
