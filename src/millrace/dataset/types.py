"""How a source is read: the decisions of an import and what came of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.task import ColumnType

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "excel", "images", "sql"]
Storage = Literal[
    "int64", "float64", "bool", "date32", "timestamp", "timestamp_utc", "string", "as_is"
]
Layout = Literal["iso", "day_first", "month_first", "year_first"]


class Column(BaseModel):
    """One column as it will be stored, and why."""

    name: str = Field(description="name in the dataset")
    source: str = Field(description="name in the source")
    type: ColumnType = Field(description="what the values mean")
    storage: Storage = Field(description="how the values are stored")
    layout: Layout = Field(default="iso", description="order of day, month and year in dates")
    ambiguous: bool = Field(
        default=False, description="whether every date could be read with day and month swapped"
    )
    fixed: bool = Field(default=False, description="whether the user asked for this type")
    reason: str = Field(default="", description="why this type")
    confidence: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="how surely: for values that are parsed, the share that fits at least (Wilson "
        "95 %); for text, how far it is from another meaning; 1: asked for or said by the file",
    )


class Plan(BaseModel):
    """Everything that was decided about a source before its rows were read."""

    format: Format = Field(description="kind of source")
    format_reason: str = Field(default="", description="why this format")
    encoding: str = Field(default="utf-8", description="text encoding")
    encoding_reason: str = Field(default="", description="why this encoding")
    delimiter: str = Field(default=",", description="what separates cells; empty: one column")
    delimiter_reason: str = Field(default="", description="why this delimiter")
    header: bool = Field(default=True, description="whether the first record names the columns")
    header_reason: str = Field(default="", description="why there is a header or none")
    decimal: str = Field(default=".", description="decimal mark in numbers")
    trim: bool = Field(default=False, description="whether spaces around cells are removed")
    newline: Literal["\n", "\r"] = Field(default="\n", description="what ends a line")
    missing: list[str] = Field(
        default_factory=list[str], description="words that mean 'no value' in every column"
    )
    tokens: bool = Field(
        default=False, description="whether numbers in the sample were written as NA, null ..."
    )
    start: int = Field(default=0, description="where the data begins [bytes of UTF-8]")
    start_line: int = Field(default=1, description="line on which the data begins")
    columns: list[Column] = Field(default_factory=list[Column], description="the columns")
    order: list[str] = Field(
        default_factory=list[str], description="all columns of the source, in its order"
    )
    skipped: list[str] = Field(
        default_factory=list[str], description="columns of the source that were not asked for"
    )
    sampled: int = Field(default=0, description="rows looked at to decide [rows]")
    notes: list[str] = Field(default_factory=list[str], description="what else to know")

    def with_column(self, changed: Column, note: str) -> "Plan":
        """Return a copy in which one column is read in another way."""
        columns = [changed if column.name == changed.name else column for column in self.columns]
        return self.model_copy(update={"columns": columns, "notes": [*self.notes, note]})


@dataclass(frozen=True)
class Options:
    """What the user said about a source; None: decide from a sample."""

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    decimal: str | None = None
    types: dict[str, ColumnType] = field(default_factory=dict[str, ColumnType])
    columns: Sequence[str] = ()
    missing: Sequence[str] = ()
    skip_lines: int = 0
    sheet: str | None = None
    query: str | None = None
    restore: bool = False
    max_columns: int = 4096
    max_record: int = 16 * 2**20
    max_files: int = 1_000_000
    existing: dict[str, Storage] | None = None


@dataclass(frozen=True)
class Bad:
    """One row that could not be read, kept with its place and reason."""

    line: int
    reason: str
    raw: str
    column: str | None = None


class Wider(Exception):
    """A signal, not an error: the plan does not fit what came later; begin again."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the plan was widened")
        self.plan = plan
