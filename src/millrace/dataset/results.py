"""What the ops of datasets return."""

from typing import Any, Literal

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

    dataset: str = Field(
        description="reference of the version written", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows imported [rows]")
    quarantined: int = Field(description="rows set aside with a reason [rows]")
    quarantine: str | None = Field(
        description="dataset that holds them; none: all rows fitted",
        json_schema_extra={"port": "dataset"},
    )
    reasons: dict[str, int] = Field(
        description="rows set aside for each of the 20 commonest reasons [rows]"
    )
    blank: int = Field(description="empty lines passed over [lines]")
    source: SourceFacts = Field(description="how the source was read, and why")
    columns: list[Column] = Field(description="the columns, their types and why")
    notes: list[str] = Field(description="what else to know")
    fingerprint: str = Field(description="SHA-256 of the source")


class SetAside(BaseModel):
    """One row that would not be imported."""

    line: int = Field(description="line, row or file it stands at")
    column: str | None = Field(description="column whose value does not fit, where it is one")
    reason: str = Field(description="why")
    raw: str = Field(description="the row as it stands there")


class PreviewResult(BaseModel):
    """What an import would do, judged by the head of the source."""

    name: str = Field(description="dataset that would be written")
    source: SourceFacts = Field(description="how the source would be read, and why")
    columns: list[Column] = Field(description="the columns, their types, why and how surely")
    skipped: list[str] = Field(description="columns of the source that were not asked for")
    rows: list[dict[str, Any]] = Field(description="the first rows as they would be read")
    set_aside: list[SetAside] = Field(description="the first rows that would be set aside")
    read: int = Field(description="rows of the head that fit [rows]")
    quarantined: int = Field(description="rows of the head that would be set aside [rows]")
    reasons: dict[str, int] = Field(
        description="rows set aside for each of the 20 commonest reasons [rows]"
    )
    whole: bool = Field(description="whether the head is all there is")
    estimated_rows: int | None = Field(
        description="rows of the whole source, exact when the head is all; none: not known [rows]"
    )
    notes: list[str] = Field(description="what else to know")


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

    dataset: str = Field(
        description="reference of the version", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows [rows]")
    looked_at: int = Field(description="rows the statistics are of [rows]")
    columns: list[ColumnFacts] = Field(description="what each column holds")
    examples: list[dict[str, Any]] = Field(description="the first rows")
    made_by: str | None = Field(description="job that wrote the version")
    created_at: float = Field(description="when it was written [s since 1970]")
    notes: list[str] = Field(description="what limits these figures")


class VersionLine(BaseModel):
    """One version of a dataset."""

    dataset: str = Field(
        description="reference of the version", json_schema_extra={"port": "dataset"}
    )
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


class CellChange(BaseModel):
    """One cell before and after."""

    column: str = Field(description="column")
    old: Any = Field(description="value before")
    new: Any = Field(description="value after")


class RowChange(BaseModel):
    """One row that differs."""

    id: int = Field(description="`_id` of the row")
    cells: list[CellChange] = Field(description="cells that differ")


class DiffResult(BaseModel):
    """How one version differs from another, rows matched by id."""

    old: str = Field(description="version before", json_schema_extra={"port": "dataset"})
    new: str = Field(description="version after", json_schema_extra={"port": "dataset"})
    added: int = Field(description="rows only in the new one [rows]")
    removed: int = Field(description="rows only in the old one [rows]")
    changed: int = Field(description="rows whose shared columns differ [rows]")
    columns_added: list[str] = Field(description="columns only in the new one")
    columns_removed: list[str] = Field(description="columns only in the old one")
    columns_retyped: list[str] = Field(description="columns stored in another type")
    changed_rows: list[RowChange] = Field(description="the first changed rows, by id")
    added_rows: list[dict[str, Any]] = Field(description="the first added rows, by id")
    removed_rows: list[dict[str, Any]] = Field(description="the first removed rows, by id")


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

    dataset: str = Field(
        description="reference of the version with the split column",
        json_schema_extra={"port": "dataset"},
    )
    train: str | None = Field(
        default=None,
        description="dataset of the train part, with 'separate'",
        json_schema_extra={"port": "dataset"},
    )
    validation: str | None = Field(
        default=None,
        description="dataset of the validation part, with 'separate'",
        json_schema_extra={"port": "dataset"},
    )
    test: str | None = Field(
        default=None,
        description="dataset of the test part, with 'separate'",
        json_schema_extra={"port": "dataset"},
    )
    parts: dict[str, int] = Field(description="rows of each part [rows]")
    leaks: Leaks = Field(description="what the parts share and should not")
    notes: list[str] = Field(description="what else to know")


class SampleResult(BaseModel):
    """The rows drawn."""

    dataset: str = Field(
        description="reference of the version written", json_schema_extra={"port": "dataset"}
    )
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

    dataset: str = Field(
        description="reference of the version", json_schema_extra={"port": "dataset"}
    )
    columns: list[str] = Field(description="columns shown")
    rows: list[dict[str, Any]] = Field(description="the rows")
    total: int = Field(description="rows that fit [rows]")
    total_is: Literal["exact", "at least"] = Field(
        description="whether these are all, or only those counted"
    )
    next_offset: int | None = Field(description="where the next page begins; none: this is the end")


class AddColumnResult(BaseModel):
    """The column added."""

    dataset: str = Field(
        description="reference of the version with the column",
        json_schema_extra={"port": "dataset"},
    )
    column: str = Field(description="name of the column")
    type: ColumnType = Field(description="what the values mean")
    arrow: str = Field(description="how the values are stored")
    reads: list[str] = Field(description="columns it was computed from")
    rows: int = Field(description="rows [rows]")
    missing: int = Field(description="rows without a value [rows]")


class DeleteRowsResult(BaseModel):
    """The rows deleted, or that would be."""

    dataset: str = Field(
        description="version without them; the one given when nothing was deleted",
        json_schema_extra={"port": "dataset"},
    )
    only_count: bool = Field(description="whether nothing was deleted")
    deleted: int = Field(description="rows that are, or would be, deleted [rows]")
    rows: int = Field(description="rows that are, or would be, left [rows]")
    unknown: int = Field(description="ids asked for that no row has [rows]")


class RestoreResult(BaseModel):
    """The version that is the newest now."""

    dataset: str = Field(
        description="reference of the new version", json_schema_extra={"port": "dataset"}
    )
    restored: str = Field(
        description="older version it equals", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows [rows]")


class DeleteResult(BaseModel):
    """What was deleted."""

    dataset: str = Field(
        description="version deleted; its data stays until retention removes it",
        json_schema_extra={"port": "dataset"},
    )


class TagResult(BaseModel):
    """Which name now stands for which version."""

    dataset: str = Field(
        description="version the tag points at", json_schema_extra={"port": "dataset"}
    )
    tag: str = Field(description="the tag")
    previous: str | None = Field(
        description="version it pointed at before", json_schema_extra={"port": "dataset"}
    )


class CompactResult(BaseModel):
    """How many files there were, and how many there are."""

    dataset: str = Field(description="name of the dataset")
    only_count: bool = Field(description="whether nothing was done")
    files: int = Field(description="data files of the newest version before [files]")
    small: int = Field(description="files with fewer rows than a full one [files]")
    files_removed: int = Field(description="files that were joined [files]")
    files_added: int = Field(description="files they were joined into [files]")


class CleanUpResult(BaseModel):
    """What was removed, or would be."""

    dataset: str = Field(description="name of the dataset")
    only_count: bool = Field(description="whether nothing was removed")
    states: int = Field(description="old states of the table that no version needs")
    bytes_freed: int = Field(description="disk space freed; 0 when nothing was removed [bytes]")
