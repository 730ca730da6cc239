"""Write a graph as its one canonical text; docs/pipeline.md says the form rule by rule."""

import json
import re
from typing import Any

from millrace.drivers.pipeline.engine.read import tidy

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
_WORDS = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null"})
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def canonical(graph: dict[str, Any]) -> dict[str, Any]:
    """Return a graph in its one form: fields in order, empty ones left out, names sorted."""
    found: dict[str, Any] = {"name": tidy(graph["name"])}
    if graph.get("description"):
        found["description"] = tidy(graph["description"])
    found["blocks"] = [_block(block) for block in graph.get("blocks") or []]
    return found


def _block(block: dict[str, Any]) -> dict[str, Any]:
    found = {"id": tidy(block["id"]), "op": tidy(block["op"])}
    for part in ("params", "inputs"):
        if block.get(part):
            found[part] = tidy(block[part])
    if block.get("position") is not None:
        found["position"] = [round(at) for at in tidy(block["position"])]
    return found


def write(graph: dict[str, Any]) -> str:
    """Return the canonical text of a graph; reading it gives the same graph again."""
    return "\n".join(_mapping(canonical(graph), 0)) + "\n"


def _mapping(value: dict[str, Any], indent: int) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        head = f"{' ' * indent}{_word(key)}:"
        if key == "position" and indent == 4:
            lines.append(f"{head} [{', '.join(map(str, item))}]")
        else:
            lines += _value(head, item, indent + 2)
    return lines


def _list(value: list[Any], indent: int) -> list[str]:
    lines: list[str] = []
    for item in value:
        head = f"{' ' * indent}-"
        if isinstance(item, dict | list) and item:
            inner = _nested(item, indent + 2)
            lines += [f"{head} {inner[0][indent + 2 :]}", *inner[1:]]
        else:
            lines += _value(head, item, indent + 2)
    return lines


def _nested(value: Any, indent: int) -> list[str]:
    return _mapping(value, indent) if isinstance(value, dict) else _list(value, indent)


def _value(head: str, value: Any, indent: int) -> list[str]:
    """Return the lines of a value that follows `name:` or `-`."""
    if isinstance(value, dict | list):
        if not value:
            return [f"{head} {'{}' if isinstance(value, dict) else '[]'}"]
        return [head, *_nested(value, indent)]
    if isinstance(value, str) and _is_block(value):
        pad, kept = " " * indent, value.endswith("\n")
        lines = value.removesuffix("\n").split("\n")
        return [f"{head} {'|' if kept else '|-'}", *(pad + at if at else "" for at in lines)]
    return [f"{head} {_word(value)}"]


def _is_block(text: str) -> bool:
    """Tell whether a text is written line by line: several lines, nothing YAML would change."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and _UNPRINTABLE.search(text) is None
        and bool(lines[0])
        and bool(lines[-1])
        and lines[0][0] not in " \t"
        and all(not line or line.strip(" \t") for line in lines)
    )


def _word(value: Any) -> str:
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        quoted = json.dumps(value, ensure_ascii=False)
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
    return json.dumps(value)
