"""Flags from a params model, and params from the values of the flags."""

import json
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from millrace.core.errors import InvalidInput
from millrace.core.registry import extra_of

UNIONS = (Union, types.UnionType)


@dataclass(frozen=True)
class Flag:
    """One flag or positional argument: where its value goes and how it is read."""

    path: tuple[str, ...]
    info: FieldInfo
    kind: Literal["text", "number", "switch", "choice", "json"]
    many: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""

    @property
    def option(self) -> str:
        """Return the long option, such as `--model-depth`."""
        return "--" + "-".join(self.path).replace("_", "-")

    @property
    def positional(self) -> bool:
        """Tell whether the value is given by place."""
        return extra_of(self.info).get("positional") is True and len(self.path) == 1

    @property
    def port(self) -> str | None:
        """Return the kind of artifact the value names, if any."""
        return extra_of(self.info).get("port")

    def help(self) -> str:
        """Return description, choices, and default or `[required]`."""
        parts = [self.info.description or ""]
        if self.choices:
            parts.append("{" + "|".join(self.choices) + "}")
        if self.info.is_required() and len(self.path) == 1:
            parts.append("[required]")
        elif self.default:
            parts.append(f"[default: {self.default}]")
        return " ".join(part for part in parts if part)


def flags_of(model: type[BaseModel], head: tuple[str, ...] = ()) -> list[Flag]:
    """Return one flag per leaf of a params model; a nested model gives `--outer-inner`."""
    found: list[Flag] = []
    for name, info in model.model_fields.items():
        found.extend(_flags((*head, name), info, _bare(info.annotation)))
    return found


def _flags(path: tuple[str, ...], info: FieldInfo, kind: Any) -> Iterator[Flag]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from flags_of(kind, path)
    elif info.discriminator and typing.get_origin(kind) in UNIONS:
        yield from _union(path, info, typing.get_args(kind))
    else:
        yield _leaf(path, info, kind)


def _union(path: tuple[str, ...], info: FieldInfo, models: tuple[Any, ...]) -> Iterator[Flag]:
    """Give `--outer KIND` and each field of any member once, as `--outer-field`."""
    tag = str(info.discriminator)
    seen: dict[tuple[str, ...], Flag] = {}
    names: list[str] = []
    for model in models:
        member = typing.cast(type[BaseModel], _bare(model))
        names.extend(str(value) for value in typing.get_args(member.model_fields[tag].annotation))
        for flag in flags_of(member, path):
            if flag.path != (*path, tag):
                seen.setdefault(flag.path, flag)
    yield Flag((*path, tag), info, "choice", choices=tuple(names))
    yield from seen.values()


def _leaf(path: tuple[str, ...], info: FieldInfo, kind: Any) -> Flag:
    many = typing.get_origin(kind) in (list, tuple, set, frozenset)
    item = _bare((typing.get_args(kind) or (str,))[0]) if many else kind
    default = _default(info)
    if typing.get_origin(item) is Literal:
        choices = tuple(str(value) for value in typing.get_args(item))
        return Flag(path, info, "choice", many, choices, default)
    if item is bool and not many:
        return Flag(path, info, "switch", default=default)
    if item in (int, float):
        return Flag(path, info, "number", many, default=default)
    if item is str or (isinstance(item, type) and issubclass(item, str)):
        return Flag(path, info, "text", many, default=default)
    if many and not _simple(item):
        return Flag(path, info, "json", default=default)
    return Flag(path, info, "json", many, default=default)


def _simple(kind: Any) -> bool:
    parts = typing.get_args(kind) if typing.get_origin(kind) in UNIONS else (kind,)
    return all(part in (str, int, float, bool, type(None)) for part in map(_bare, parts))


def _bare(kind: Any) -> Any:
    """Strip Annotated and `| None`."""
    if typing.get_origin(kind) is Annotated:
        return _bare(typing.get_args(kind)[0])
    if typing.get_origin(kind) in UNIONS:
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(parts) == 1:
            return _bare(parts[0])
    return kind


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is PydanticUndefined or value is None or value == "":
        return ""
    if isinstance(value, BaseModel):
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def read(flag: Flag, value: Any) -> Any:
    """Turn the words of the command line into JSON; what does not fit is left to the model."""
    if flag.many:
        return [_word(flag, word) for word in value]
    return _word(flag, value)


def _word(flag: Flag, word: Any) -> Any:
    if flag.kind in {"text", "switch"} or not isinstance(word, str):
        return word
    if flag.kind == "number":
        return _number(word)
    if flag.kind == "choice":
        return _choice(flag, word)
    return _json(flag, word)


def _number(word: str) -> Any:
    for reader in (int, float):
        try:
            return reader(word)
        except ValueError:
            continue
    return word


def _choice(flag: Flag, word: str) -> Any:
    options = typing.get_args(_bare(flag.info.annotation))
    return next((option for option in options if str(option) == word), word)


def _json(flag: Flag, word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError as error:
        if word[:1] in "{[":
            raise InvalidInput(
                f"The value of '{flag.option}' is not valid JSON: {error}.",
                "Quote the whole value for the shell, as in '{\"a\": 1}'.",
                field=".".join(flag.path),
            ) from error
        return word


def collect(pairs: list[tuple[Flag, Any]], base: dict[str, Any]) -> dict[str, Any]:
    """Return params: `base` with the values of the given flags laid over it.

    Errors: invalid_input, a value is no JSON, or given twice.
    """
    raw = json.loads(json.dumps(base))
    seen: set[tuple[str, ...]] = set()
    for flag, value in pairs:
        if value is None or value == [] or value == ():
            continue
        if flag.path in seen:
            raise InvalidInput(
                f"'{flag.path[0]}' is given twice, by its place and as '{flag.option}'.",
                "Give it once.",
                field=flag.path[0],
            )
        seen.add(flag.path)
        place = raw
        for part in flag.path[:-1]:
            place = place.setdefault(part, {})
        place[flag.path[-1]] = read(flag, value)
    return raw
