"""What the caller chose beside the params of an op, before the command or after it."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from millrace.core.ids import check_name


@dataclass(frozen=True)
class Options:
    """The options every command shares."""

    json: bool = False
    workspace: str | None = None
    project: str | None = None
    dry_run: bool = False
    background: bool = False
    key: str | None = None
    verbose: bool = False
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def merge(cls, given: dict[str, Any]) -> "Options":
        """Lay what stood after the command over what stood before it."""
        names = {entry.name for entry in fields(cls)}
        return replace(
            current(), **{k: v for k, v in given.items() if k in names and v is not None}
        )

    @property
    def flags(self) -> dict[str, Any]:
        """Return the settings of this run; `--project` is one of them.

        Errors: invalid_input, no project can be called that.
        """
        if self.project is None:
            return self.settings
        return {**self.settings, "project": check_name(self.project, "project")}


_before: list[Options] = [Options()]


def current() -> Options:
    """Return what stood before the command."""
    return _before[-1]


def remember(options: Options) -> None:
    """Keep what stood before the command; one command runs in a process."""
    _before[-1] = options
