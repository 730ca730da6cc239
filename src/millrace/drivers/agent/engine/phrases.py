"""How people ask for each op: the table of `phrases.toml`, read once."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")


@cache
def table() -> dict[str, dict[str, str | list[str]]]:
    """Return the whole file."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def patterns(op: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return an op's patterns: each of parts, each of alternatives."""
    return tuple(
        tuple(tuple(part.split("|")) for part in line.split())
        for line in table()["patterns"].get(op, [])
    )


@cache
def nouns(group: str) -> tuple[str, ...]:
    """Return the words that speak of a folder of ops."""
    found = table()["nouns"].get(group, "")
    return tuple(found.split("|")) if isinstance(found, str) and found else ()


def words(section: str) -> dict[str, str]:
    """Return a section that has one text an entry."""
    return {name: text for name, text in table()[section].items() if isinstance(text, str)}
