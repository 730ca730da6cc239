"""A form, what a text names, and a value for a field."""

import re
from dataclasses import dataclass, field
from typing import Any

from millrace.drivers.agent.engine.mentions import Mention, Number
from millrace.drivers.agent.engine.words import Said

DESCRIBED = re.compile(r"\bcolumns?\b")


@dataclass(frozen=True)
class Slot:
    """One field of a form, as its JSON Schema has it."""

    name: str
    type: str
    required: bool
    description: str
    port: str = ""
    choices: tuple[Any, ...] = ()
    many: bool = False
    positional: bool = False

    @property
    def is_column(self) -> bool:
        """Say whether a name of a column is wanted."""
        return (
            self.type == "string"
            and not self.port
            and not self.choices
            and bool(DESCRIBED.search(self.description))
            and self.name not in ("name", "output", "note", "report", "path")
        )


@dataclass(frozen=True)
class Fill:
    """A value for a field, where it is from, and how sure that is."""

    field: str
    value: Any
    said: str
    how: str
    sure: float = 1.0


@dataclass(frozen=True)
class Heard:
    """Everything a text names."""

    said: Said
    mentions: list[Mention]
    files: list[Mention]
    jobs: list[Mention]
    numbers: list[Number]
    about: str | None = None
    only: dict[str, str] = field(default_factory=dict[str, str])
