"""The op registry: a capability is written once, every face is read from here."""

import difflib
import inspect
import typing
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_json

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices, plain_number, rule_of
from millrace.core.policy import EFFECTS, ROLES, Effect

Shape = Literal["plain", "rows", "steps"]
F = TypeVar("F", bound=Callable[..., Any])
# what pydantic says of a broken rule that holds nothing of the caller's
BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern", "expected")
Loc = tuple[int | str, ...]
SHOWN = 60  # characters of a value


@dataclass(frozen=True)
class Op:
    """One op: what it is called, what it may do, what goes in and comes out."""

    name: str
    effect: Effect
    version: int
    shape: Shape
    function: Callable[..., Any]
    params: type[BaseModel]
    result: type[BaseModel] | None
    doc: str
    shortcut: str | None = None
    queue: str = "default"
    retries: int = 2
    also: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Return the first line of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def group(self) -> str:
        """Return the folder part of the name."""
        return self.name.split(".", 1)[0]

    @property
    def verb(self) -> str:
        """Return the part after the folder."""
        return self.name.split(".", 1)[1]

    def validate(self, raw: Any) -> BaseModel:
        """Return checked params; the first broken field becomes an `invalid_input`."""
        try:
            found = raw if isinstance(raw, self.params) else self.params.model_validate(raw)
        except ValidationError as error:
            raise invalid(self.name, self.params, error) from error
        for field in self.params.model_fields:
            try:
                to_json(getattr(found, field), serialize_unknown=True)
            except PydanticSerializationError as error:
                raise InvalidInput(
                    f"Field '{field}' of '{self.name}' holds text that is not Unicode.",
                    "Half of a surrogate pair stands for no letter; write text as UTF-8.",
                    field=field,
                    op=self.name,
                ) from error
        return found


OPS: dict[str, Op] = {}
_BY_FUNCTION: dict[Callable[..., Any], Op] = {}


def op(  # noqa: PLR0913  all but the name are keywords with a default
    name: str,
    *,
    effect: Effect,
    version: int = 1,
    shortcut: str | None = None,
    queue: str = "default",
    retries: int = 2,
    also: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Register a function as an op.

    The shape is read from the signature: `(params, ctx) -> Result` is plain,
    `(batch, params, ctx) -> Batch` is rows, a Generator[Event, None, Result] is steps.
    `also` names roles that may run it although they lack its effect.
    Errors: TypeError, registered twice, without docstring or effect, or in no known shape.
    """
    if effect not in EFFECTS:
        raise TypeError(f"op '{name}': effect '{effect}' is not one of {', '.join(EFFECTS)}")
    if unknown := set(also) - set(ROLES):
        raise TypeError(f"op '{name}': there is no role {', '.join(sorted(unknown))}")
    if name.count(".") != 1 or not name.replace(".", "").replace("_", "").isalnum():
        raise TypeError(f"op '{name}' is not named folder.verb")

    def register(function: F) -> F:
        doc = inspect.getdoc(function)
        if not doc:
            raise TypeError(f"op '{name}' has no docstring")
        if name in OPS and OPS[name].function.__module__ != function.__module__:
            raise TypeError(f"op '{name}' is registered twice")
        shape, params, result = _signature(name, function)
        found = Op(
            name=name,
            effect=effect,
            version=version,
            shape=shape,
            function=function,
            params=params,
            result=result,
            doc=doc,
            shortcut=shortcut,
            queue=queue,
            retries=retries,
            also=also,
        )
        OPS[name] = found
        _BY_FUNCTION[function] = found
        return function

    return register


def _signature(
    name: str, function: Callable[..., Any]
) -> tuple[Shape, type[BaseModel], type[BaseModel] | None]:
    hints = typing.get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    params, answer = hints.get("params"), hints.get("return")
    if not (isinstance(params, type) and issubclass(params, BaseModel)):
        raise TypeError(f"op '{name}': 'params' must be typed with a pydantic model")
    if hints.get("ctx") is not Context:
        raise TypeError(f"op '{name}': 'ctx' must be typed Context")
    if names == ["batch", "params", "ctx"]:
        return "rows", params, None
    if names != ["params", "ctx"]:
        raise TypeError(f"op '{name}': parameters {names} fit no shape")
    if get_origin(answer) is Generator:
        return "steps", params, get_args(answer)[2]
    if not (isinstance(answer, type) and issubclass(answer, BaseModel)):
        raise TypeError(f"op '{name}': the result must be a pydantic model")
    return "plain", params, answer


def of_function(function: Callable[..., Any]) -> Op:
    """Return the op that a registered function carries."""
    if function not in _BY_FUNCTION:
        raise TypeError(f"'{function.__qualname__}' is not an op")
    return _BY_FUNCTION[function]


def extra_of(info: Any) -> dict[str, Any]:
    """Return what a field, or a mark of its type, says beyond its type: its port, its file."""
    extra = getattr(info, "json_schema_extra", None)
    return extra if isinstance(extra, dict) else {}


def invalid(op: str, params: type[BaseModel], error: ValidationError) -> InvalidInput:
    """Translate one complaint of pydantic's into our words; a misspelt field comes first."""
    said_of = error.errors(include_url=False)
    first: Mapping[str, Any] = next(
        (one for one in said_of if one["type"] == "extra_forbidden"), said_of[0]
    )
    loc: Loc = first["loc"]
    places, field, known = _walked(params, loc)
    name = ".".join(str(part) for part in loc) or "params"
    path = ".".join(str(part) for part in places) or "params"
    hint = f"Its fields are {choices(list(params.model_fields), 20)}."
    if first["type"] == "value_error" and not loc:
        problem = f"Op '{op}' cannot take this: {rule_of(first)}."
    elif first["type"] == "missing":
        problem = f"Op '{op}' needs '{path}'."
        hint = _meaning(path, field) or hint
    elif first["type"] == "extra_forbidden":
        problem = f"Op '{op}' has no field '{path}'."
        hint = _instead(known, places) or hint
    else:
        problem = f"Field '{path}' of '{op}' is {_shown(first.get('input'))}: {rule_of(first)}."
        hint = _meaning(path, field) or hint
    facts: dict[str, Any] = {"field": name, "op": op, "rule": first["type"]}
    bounds = {key: value for key, value in first.get("ctx", {}).items() if key in BOUNDS}
    if bounds:
        facts["bounds"] = bounds
    return InvalidInput(problem, hint, **facts)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _meaning(path: str, field: FieldInfo | None) -> str:
    """Say what a field stands for, and what it is when it is left out."""
    if field is None or not field.description:
        return ""
    default = field.get_default(call_default_factory=True, validated_data={})
    plain = isinstance(default, bool | int | float | str) and default != ""
    left = (
        f" Left out, it is {plain_number(default)!r}." if plain and not field.is_required() else ""
    )
    return f"'{path}' means: {field.description}.{left}"


def _instead(models: list[type[BaseModel]], places: Sequence[int | str]) -> str:
    """Name the fields that are there, the likeliest first."""
    known = [name for model in models for name in _names(model)]
    near = difflib.get_close_matches(str(places[-1]), known, 1)
    guess = f"Did you mean '{near[0]}'? " if near else ""
    where = ".".join(str(part) for part in places[:-1])
    if not known:
        return ""
    listed = choices(list(dict.fromkeys(known)), 20)
    return guess + (f"'{where}' takes {listed}." if where else f"Its fields are {listed}.")


def _walked(
    params: type[BaseModel], loc: Loc
) -> tuple[list[int | str], FieldInfo | None, list[type[BaseModel]]]:
    """Walk a path of pydantic's.

    Returns it without the names of union members, the innermost field that it names, and the
    models that its last part is looked for in.
    """
    places: list[int | str] = []
    scope, field = [params], None
    around = scope
    for part in loc:
        around = scope
        members = _members(scope, part)
        if not members:
            places.append(part)
            field = next((one for model in scope if (one := _field(model, part))), field)
        scope = members or _inside(scope, part)
    return places, field, around


def _members(models: list[type[BaseModel]], part: int | str) -> list[type[BaseModel]]:
    """Return the members of a union that pydantic calls so; none: it is no union or no name."""
    several = len(models) > 1 and isinstance(part, str)
    return [one for one in models if several and _tag(one) == str(part).lower()]


def _tag(model: type[BaseModel]) -> str:
    return model.__name__.strip("_").lower()


def _inside(models: list[type[BaseModel]], part: int | str) -> list[type[BaseModel]]:
    fields = [one for model in models if (one := _field(model, part))]
    found = [model for one in fields for model in _models(one.annotation)]
    return found if fields else models


def _field(model: type[BaseModel], part: int | str) -> FieldInfo | None:
    for name, field in model.model_fields.items():
        if part in {name, field.alias}:
            return field
    return None


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
