"""The op registry: a capability is written once, every face is read from here."""

import inspect
import typing
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.core.policy import EFFECTS, ROLES, Effect

Shape = Literal["plain", "rows", "steps"]
F = TypeVar("F", bound=Callable[..., Any])
# what pydantic says of a broken rule that holds nothing of the caller's
BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern", "expected")


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
            raise invalid(self, error) from error
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


def invalid(found: Op, error: ValidationError) -> InvalidInput:
    """Translate one complaint of pydantic's into our words; a misspelt field comes first."""
    said_of = error.errors(include_url=False)
    first = next((one for one in said_of if one["type"] == "extra_forbidden"), said_of[0])
    field = ".".join(str(part) for part in first["loc"]) or "params"
    known = choices(list(found.params.model_fields), 20)
    said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    if first["type"] == "value_error" and not first["loc"]:
        problem = f"Op '{found.name}' cannot take this: {said}."
    elif first["type"] == "missing":
        problem = f"Op '{found.name}' needs '{field}'."
    elif first["type"] == "extra_forbidden":
        problem = f"Op '{found.name}' has no field '{field}'."
    else:
        shown = repr(first.get("input"))
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        problem = f"Field '{field}' of '{found.name}' is {shown}: {said}."
    facts: dict[str, Any] = {"field": field, "op": found.name, "rule": first["type"]}
    bounds = {name: value for name, value in first.get("ctx", {}).items() if name in BOUNDS}
    if bounds:
        facts["bounds"] = bounds
    return InvalidInput(problem, f"Its fields are {known}.", **facts)


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
