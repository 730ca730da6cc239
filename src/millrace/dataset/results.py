"""What the ops of datasets return."""

from typing import Any

from pydantic import BaseModel, Field

from millrace.dataset.types import Column, Format
from millrace.kinds.task import ColumnType


class SourceFacts(BaseModel):
    """How the source was read, each decision with its reason."""

    format: Format = Field(description="kind of source")
    encoding: str = Field(description="text encoding")
    encoding_reason: str = Field(description="why this encoding")
    delimiter: str = Field(description="character between cells; empty: one column")
    delimiter_reason: str = Field(description="why this delimiter")
    header: bool = Field(description="whether the first record named the columns")
    header_reason: str = Field(description="why there was a header or none")
    decimal: str = Field(description="decimal mark in numbers")
    sampled: int = Field(description="rows looked at to decide [rows]")


class ImportResult(BaseModel):
    """What came in, how it was read, and what was set aside."""

    dataset: str = Field(description="reference of the version written")
    rows: int = Field(description="rows imported [rows]")
    quarantined: int = Field(description="rows set aside with a reason [rows]")
    quarantine: str | None = Field(description="dataset that holds them; none: all rows fitted")
    reasons: dict[str, int] = Field(
        description="rows set aside for each of the 20 commonest reasons [rows]"
    )
    blank: int = Field(description="empty lines passed over [lines]")
    source: SourceFacts = Field(description="how the source was read, and why")
    columns: list[Column] = Field(description="the columns, their types and why")
    notes: list[str] = Field(description="what else to know")
    fingerprint: str = Field(description="SHA-256 of the source")


class Value(BaseModel):
    """One value and how often it occurs."""

    value: str = Field(description="the value as text")
    count: int = Field(description="rows that hold it [rows]")


class Bar(BaseModel):
    """One bar of a histogram."""

    low: float = Field(description="lower edge, within")
    high: float = Field(description="upper edge, outside but for the last bar")
    count: int = Field(description="rows in it [rows]")


class Numbers(BaseModel):
    """Statistics of finite numbers, of text lengths or of times."""

    min: float = Field(description="least")
    max: float = Field(description="greatest")
    mean: float = Field(description="mean")
    std: float = Field(description="sample standard deviation")
    quantiles: dict[str, float] = Field(description="approximate 5, 25, 50, 75 and 95 % quantiles")


class ColumnFacts(BaseModel):
    """What one column holds."""

    name: str = Field(description="name of the column")
    type: ColumnType = Field(description="what the values mean")
    arrow: str = Field(description="how the values are stored")
    count: int = Field(description="rows with a value [rows]")
    missing: int = Field(description="rows without a value [rows]")
    distinct: int = Field(
        description="different values; approximate where nearly all differ and for dates [values]"
    )
    infinite: int = Field(default=0, description="infinite or not-a-number values [rows]")
    numbers: Numbers | None = Field(default=None, description="statistics of finite numbers")
    first: str | None = Field(default=None, description="earliest date or least text")
    last: str | None = Field(default=None, description="latest date or greatest text")
    lengths: Numbers | None = Field(default=None, description="text lengths [characters]")
    top: list[Value] = Field(
        default_factory=list[Value], description="most frequent values; empty: nearly all differ"
    )
    histogram: list[Bar] = Field(default_factory=list[Bar], description="bars of the numbers")


class DescribeResult(BaseModel):
    """Schema, statistics and examples of a dataset version."""

    dataset: str = Field(description="reference of the version")
    rows: int = Field(description="rows [rows]")
    columns: list[ColumnFacts] = Field(description="what each column holds")
    examples: list[dict[str, Any]] = Field(description="the first rows")
    made_by: str | None = Field(description="job that wrote the version")
    created_at: float = Field(description="when it was written [s since 1970]")


class VersionLine(BaseModel):
    """One version of a dataset."""

    dataset: str = Field(description="reference of the version")
    rows: int = Field(description="rows [rows]")
    columns: int = Field(description="columns, without the row id")
    created_at: float = Field(description="when it was written [s since 1970]")
    job: str | None = Field(description="job that wrote it")
    actor: str = Field(description="who asked for it")
    tags: list[str] = Field(description="names given to this version")


class VersionsResult(BaseModel):
    """Versions, the newest first."""

    versions: list[VersionLine] = Field(description="versions, the newest first")
    total: int = Field(description="how many there are")


class ListResult(BaseModel):
    """Datasets by name."""

    datasets: list[VersionLine] = Field(description="newest version of each dataset, by name")
    total: int = Field(description="how many there are")


class DiffResult(BaseModel):
    """How one version differs from another, rows matched by id."""

    old: str = Field(description="version before")
    new: str = Field(description="version after")
    added: int = Field(description="rows only in the new one [rows]")
    removed: int = Field(description="rows only in the old one [rows]")
    changed: int = Field(description="rows whose shared columns differ [rows]")
    columns_added: list[str] = Field(description="columns only in the new one")
    columns_removed: list[str] = Field(description="columns only in the old one")
    columns_retyped: list[str] = Field(description="columns stored in another type")


class Leaks(BaseModel):
    """What two parts share and should not."""

    rows: int = Field(description="rows that equal one of another part in every column [rows]")
    texts: dict[str, int] = Field(
        description="rows whose text, but for case and spaces, occurs in another part, by column"
    )
    groups: int | None = Field(description="groups found in several parts; none: no group column")
    clean: bool = Field(description="whether nothing is shared")


class SplitResult(BaseModel):
    """The parts and whether they leak."""

    dataset: str = Field(description="reference of the version with the split column")
    parts: dict[str, int] = Field(description="rows of each part [rows]")
    leaks: Leaks = Field(description="what the parts share and should not")
    notes: list[str] = Field(description="what else to know")


class SampleResult(BaseModel):
    """The rows drawn."""

    dataset: str = Field(description="reference of the version written")
    rows: int = Field(description="rows drawn [rows]")
    of: int = Field(description="rows there were [rows]")


class ExportResult(BaseModel):
    """The file written."""

    path: str = Field(description="file written")
    format: str = Field(description="kind of file")
    rows: int = Field(description="rows written [rows]")
    size: int = Field(description="size of the file [bytes]")
    sha256: str = Field(description="SHA-256 of the file")
    neutralised: int = Field(description="cells marked so that no spreadsheet runs them [cells]")
    notes: list[str] = Field(description="what was written in another form")


class RowsPage(BaseModel):
    """One page of rows as JSON values."""

    dataset: str = Field(description="reference of the version")
    columns: list[str] = Field(description="columns shown")
    rows: list[dict[str, Any]] = Field(description="the rows")
    total: int = Field(description="rows there are [rows]")
    next_offset: int | None = Field(description="where the next page begins; none: this is the end")


class DeleteResult(BaseModel):
    """What was deleted."""

    dataset: str = Field(description="version deleted; its data stays until retention removes it")


class TagResult(BaseModel):
    """Which name now stands for which version."""

    dataset: str = Field(description="version the tag points at")
    tag: str = Field(description="the tag")
    previous: str | None = Field(description="version it pointed at before")
