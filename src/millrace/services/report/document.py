"""A page as data: blocks that HTML and Markdown both can write."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from millrace.services.report.plots.scale import number
from millrace.services.report.plots.svg import Picture

Cell = str | float | int | bool | None


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Note:
    """A remark that stands out; a warning stands out more."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of short lines."""

    items: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Commands or other text to copy."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Tile:
    """One figure large enough to be seen first."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """A row of large figures."""

    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Grid:
    """A table; numbers are written short and stand right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    digits: int = 3

    def numeric(self) -> list[bool]:
        """Say of each column whether it holds only numbers."""
        return [
            any(_is_number(row[at]) for row in self.rows)
            and all(row[at] is None or _is_number(row[at]) for row in self.rows)
            for at in range(len(self.columns))
        ]

    def shown(self, value: Cell) -> str:
        """Return a cell as people read it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else number(value, self.digits, fixed=True)


@dataclass(frozen=True)
class Plot:
    """A picture with a line below it."""

    picture: Picture
    caption: str = ""


@dataclass(frozen=True)
class Pair:
    """Pictures side by side where the screen is wide enough."""

    plots: Sequence[Plot]


Block = Text | Note | Bullets | Code | Tiles | Grid | Plot | Pair


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole page."""

    title: str
    lead: str = ""
    sections: Sequence[Section] = field(default_factory=list[Section])
    footer: str = ""
    language: str = "en"


def _is_number(value: Cell) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
