"""Lineage as nodes and edges, and as Mermaid text."""

from collections.abc import Iterable, Sequence


def reachable(edges: Iterable[tuple[str, str]], start: str, *, up: bool) -> set[str]:
    """Return what a thing was made from (up) or what was made of it, itself included."""
    step: dict[str, list[str]] = {}
    for parent, child in edges:
        near, far = (child, parent) if up else (parent, child)
        step.setdefault(near, []).append(far)
    seen, frontier = {start}, [start]
    while frontier:
        frontier = [far for near in frontier for far in step.get(near, []) if far not in seen]
        seen.update(frontier)
    return seen


def mermaid(nodes: Sequence[tuple[str, str]], edges: Sequence[tuple[str, str]], mark: str) -> str:
    """Write a graph as Mermaid text; nodes are (key, note) pairs, `mark` is drawn strong."""
    place = {key: f"n{at}" for at, (key, _) in enumerate(nodes)}
    lines = ["flowchart LR"]
    for key, note in nodes:
        label = _quoted(key) + (f"<br/>{_quoted(note)}" if note else "")
        lines.append(f'  {place[key]}["{label}"]')
    lines += [f"  {place[a]} --> {place[b]}" for a, b in edges if a in place and b in place]
    if mark in place:
        lines.append(f"  style {place[mark]} stroke-width:3px")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return text that Mermaid shows as it is: its own entity codes for what means something."""
    safe = "".join(
        letter if letter.isalnum() or letter in " .,:@_-/()" else f"#{ord(letter)};"
        for letter in text
        if letter.isprintable()
    )
    return safe or " "
