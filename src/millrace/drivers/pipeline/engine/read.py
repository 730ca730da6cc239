"""Read a pipeline's text: YAML without anchors, tags and guesses, or JSON."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from millrace.core.errors import InvalidInput

LONGEST = 200_000  # longest text [characters]
DEEPEST = 20  # deepest nesting
LONGEST_KEY = 128  # longest name of a field [characters]
EXACT = 2**53 - 1  # largest whole number that JSON keeps exactly everywhere
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Unreadable(InvalidInput):
    """A text that is not a pipeline's; the facts say the line and column, from 1."""


def read(text: str) -> Any:
    """Return the tree of plain values that a text holds.

    Plain words are text, but for true, false, null and numbers as JSON writes them: `no`, `on`
    and dates stay text. Anchors, aliases, tags, a second document and a name given twice are
    refused, so that a small text cannot grow or hide anything.
    Errors: invalid_input with line and column.
    """
    if len(text) > LONGEST:
        _refuse(f"The text has {len(text):,} characters; {LONGEST:,} are allowed.", 1, 1)
    if text.lstrip()[:1] == "{":
        return _json(text)
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        said = (error.problem or error.context or "it cannot be read").rstrip(".")
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _refuse(f"The text is not YAML: {said}.", line, column, error)
    except yaml.YAMLError as error:
        _refuse("The text holds a character that YAML does not allow.", 1, 1, error)


def _refuse(problem: str, line: int, column: int, error: Exception | None = None) -> NoReturn:
    where = f"Look at line {line}, column {column}."
    raise Unreadable(problem, where, line=line, column=column, field="text") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        _refuse(f"The text is not JSON: {error.msg}.", error.lineno, error.colno, error)
    except RecursionError as error:
        _refuse(f"The text is nested deeper than {DEEPEST}.", 1, 1, error)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _refuse(f"'{key[:80]}' is given twice.", 1, 1)
        found[key] = value
    return found


class _Place:
    """A mapping or list being filled."""

    def __init__(self, kind: type[Any], event: yaml.Event) -> None:
        self.value: Any = kind()
        self.key: str | None = None
        self.event = event

    def put(self, value: Any, event: yaml.Event) -> None:
        """Add a value; in a mapping every other one is the name of the next."""
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is None:
            self._name(value, event)
        else:
            self.value[self.key] = value
            self.key = None

    def _name(self, value: Any, event: yaml.Event) -> None:
        mark = event.start_mark
        if isinstance(value, dict | list):
            _refuse("A field's name must be a word.", mark.line + 1, mark.column + 1)
        name = str(event.value) if isinstance(event, yaml.ScalarEvent) else ""
        if name in self.value:
            _refuse(f"'{name[:80]}' is given twice.", mark.line + 1, mark.column + 1)
        self.key = name


def _document(events: Iterator[yaml.Event]) -> Any:
    places = [_Place(list, yaml.StreamStartEvent())]
    for event in events:
        _plain_only(event, len(places))
        if isinstance(event, yaml.ScalarEvent):
            places[-1].put(_scalar(event), event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            kind = dict if isinstance(event, yaml.MappingStartEvent) else list
            places.append(_Place(kind, event))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = places.pop()
            places[-1].put(done.value, done.event)
    documents = places[0].value
    return documents[0] if documents else None


def _plain_only(event: yaml.Event, depth: int) -> None:
    mark = event.start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        _refuse("The text uses an anchor or alias (& or *).", line, column)
    if getattr(event, "tag", None):
        _refuse("The text uses a tag (!).", line, column)
    if isinstance(event, yaml.DocumentStartEvent) and event.explicit and line > 1:
        _refuse("The text holds more than one document.", line, column)
    if depth > DEEPEST:
        _refuse(f"The text is nested deeper than {DEEPEST}.", line, column)


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if event.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text) and len(text) <= 20:
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def tidy(value: Any, depth: int = 0) -> Any:
    """Return plain values in their one form: whole numbers as integers, names sorted.

    Errors: invalid_input, a value that JSON cannot hold, or a number it would change.
    """
    if depth > DEEPEST:
        raise InvalidInput(f"The graph is nested deeper than {DEEPEST}.", "Flatten it.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        return [tidy(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_key(key): tidy(value[key], depth + 1) for key in sorted(value, key=str)}
    raise InvalidInput(
        f"The graph holds a {type(value).__name__}.", "Use texts, numbers, lists and mappings."
    )


def _key(key: Any) -> str:
    if not isinstance(key, str) or len(key) > LONGEST_KEY:
        raise InvalidInput(
            f"The name '{str(key)[:40]}' is too long or no text.",
            f"Use at most {LONGEST_KEY} characters.",
        )
    return _text(key)


def _text(value: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidInput("A text holds half a character.", "Write it as valid Unicode.")
    return value


def _number(value: float) -> int | float:
    if isinstance(value, int) and abs(value) > EXACT:
        if abs(value) > 10**300 or int(float(value)) != value:
            raise InvalidInput(
                f"The number {str(value)[:30]} loses digits in JSON.",
                "Write it as text, in quotes.",
            )
        return float(value)
    if not math.isfinite(value):
        raise InvalidInput(f"The number {value} is not finite.", "Leave it out or use a number.")
    return int(value) if value == int(value) and abs(value) <= EXACT else value
