"""The one error tree: ten kinds, each with its HTTP status and exit code."""

from collections.abc import Mapping
from typing import Any, ClassVar

# what a value should be, by the rule that it breaks
WORDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "an object of names and values",
    "model_type": "an object of names and values",
    "model_attributes_type": "an object of names and values",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}


class MillraceError(Exception):
    """Base of every error a user can see.

    `problem` says what is wrong and what was expected, `hint` what to do next,
    `facts` are small machine-readable values that never hold user rows or secrets.
    """

    code: ClassVar[str] = "internal"
    http: ClassVar[int] = 500
    exit: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, problem: str, hint: str = "", **facts: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.problem} {self.hint}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.problem, self.hint, self.facts)

    def body(self) -> dict[str, Any]:
        """Return the four fields that every face shows."""
        return {
            "code": self.code,
            "problem": self.problem,
            "hint": self.hint,
            "facts": self.facts,
        }


def _rebuild(
    kind: type[MillraceError], problem: str, hint: str, facts: dict[str, Any]
) -> MillraceError:
    found = kind(problem, hint)
    found.facts = facts  # whatever they are called
    return found


class InvalidInput(MillraceError):
    """A value breaks its stated range, type or shape."""

    code, http, exit = "invalid_input", 422, 2


class NotFound(MillraceError):
    """A named thing does not exist."""

    code, http, exit = "not_found", 404, 3


class Conflict(MillraceError):
    """It exists already, changed meanwhile, or is in the wrong state."""

    code, http, exit = "conflict", 409, 4


class NotAllowed(MillraceError):
    """The caller may not do this (HTTP 401 when nobody is signed in)."""

    code, http, exit = "not_allowed", 403, 5


class LimitReached(MillraceError):
    """A quota, budget or rate is used up."""

    code, http, exit = "limit_reached", 429, 6


class MissingExtra(MillraceError):
    """An optional library or engine is absent."""

    code, http, exit = "missing_extra", 501, 7


class Unavailable(MillraceError):
    """An outside service did not answer."""

    code, http, exit, retryable = "unavailable", 503, 8, True


class TimedOut(MillraceError):
    """Our own deadline passed."""

    code, http, exit, retryable = "timed_out", 504, 9, True


class Cancelled(MillraceError):
    """Somebody stopped it."""

    code, http, exit = "cancelled", 499, 130


class Internal(MillraceError):
    """A bug; `facts` carry an id that is also in the log."""

    code, http, exit = "internal", 500, 1


KINDS: dict[str, type[MillraceError]] = {
    kind.code: kind
    for kind in (
        InvalidInput,
        NotFound,
        Conflict,
        NotAllowed,
        LimitReached,
        MissingExtra,
        Unavailable,
        TimedOut,
        Cancelled,
        Internal,
    )
}


class NotSignedIn(NotAllowed):
    """Nobody is signed in: no token, or a wrong one (HTTP 401)."""

    http = 401


class BadRequest(InvalidInput):
    """The request cannot be read, or does not fit its protocol (HTTP 400)."""

    http = 400


class WrongMethod(InvalidInput):
    """The address exists, for another method (HTTP 405)."""

    http = 405


class TooSlow(TimedOut):
    """The request did not come in time (HTTP 408)."""

    http = 408


class TooLarge(LimitReached):
    """The body is larger than the server takes (HTTP 413)."""

    http = 413


class WrongMedia(InvalidInput):
    """The body is in a format that the server does not read (HTTP 415)."""

    http = 415


def from_body(body: Any) -> MillraceError:
    """Rebuild an error from its four fields, as a client of a server does."""
    given: dict[str, Any] = body if isinstance(body, dict) else {}
    kind, facts = KINDS.get(str(given.get("code")), Internal), given.get("facts")
    said = str(given.get("problem", "")), str(given.get("hint", ""))
    return _rebuild(kind, *said, facts if isinstance(facts, dict) else {})


def choices(names: list[str], limit: int = 10) -> str:
    """List names for a message: sorted, cut at ten."""
    shown = sorted(names)[:limit]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown) + more


def rule_of(first: Mapping[str, Any]) -> str:
    """Return what one complaint of pydantic's says that a value should be, as a clause."""
    words = WORDS.get(first["type"])
    if words:
        bounds = {name: plain_number(value) for name, value in first.get("ctx", {}).items()}
        return f"it should be {words.format(**bounds)}"
    said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    head, _, rest = said.partition(" should ")
    return f"it should {rest}" if rest and head in {"Input", "String", "List", "Value"} else said


def plain_number(value: Any) -> Any:
    """Return a whole number without its point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
