"""What the ops of datasets take."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from millrace.dataset.types import Format
from millrace.kinds.filter import Filter
from millrace.kinds.ref import DatasetRef, Name
from millrace.kinds.rows import Params
from millrace.kinds.task import ColumnType

ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
PLACE: JsonDict = {"positional": True}


def dataset_field(description: str = "dataset, such as 'people' or 'people@3'") -> DatasetRef:
    """Return the positional field that names the dataset an op reads."""
    return Field(description=description, json_schema_extra={**PLACE, "port": "dataset"})


class ImportParams(Params):
    """What to read and how; what is left out is detected and shown in the result."""

    path: str = Field(
        min_length=1,
        max_length=2000,
        description="file, folder of images, s3:// or gs:// object, or database URL",
        json_schema_extra={**PLACE, "file": "table"},
    )
    name: Name | None = Field(
        default=None, description="dataset to write; left out: after the file"
    )
    mode: Literal["replace", "append"] = Field(
        default="replace", description="whether the new version holds only these rows or adds them"
    )
    format: Format | None = Field(
        default=None, description="kind of source; left out: by file name and content"
    )
    encoding: str | None = Field(
        default=None, max_length=40, description="text encoding, such as utf-8 or cp1251"
    )
    delimiter: str | None = Field(
        default=None, max_length=1, description="character between cells; empty: one column"
    )
    header: bool | None = Field(
        default=None, description="whether the first record names the columns"
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="decimal mark in numbers")
    types: dict[ColumnName, ColumnType] = Field(
        default_factory=dict[str, ColumnType],
        max_length=10_000,
        description="type of each column that should not be detected",
    )
    columns: list[ColumnName] = Field(
        default_factory=list[str], max_length=10_000, description="columns to read; empty: all"
    )
    missing: list[Annotated[str, Field(max_length=100)]] = Field(
        default_factory=list[str],
        max_length=100,
        description="words that mean 'no value' in every column",
    )
    skip_lines: int = Field(
        default=0, ge=0, le=1_000_000, description="lines before the header to pass over [lines]"
    )
    sheet: str | None = Field(default=None, max_length=200, description="sheet of a workbook")
    query: str | None = Field(
        default=None, max_length=100_000, description="SELECT statement, for a database URL"
    )
    restore: bool = Field(
        default=False, description="whether to undo the formula marks of a Millrace export"
    )
    max_columns: int = Field(
        default=4096, ge=1, le=20_000, description="widest source that is read [columns]"
    )
    max_record: int = Field(
        default=16 * 2**20, ge=1024, le=256 * 2**20, description="longest record read [bytes]"
    )
    max_files: int = Field(
        default=1_000_000, ge=1, le=10_000_000, description="most files of a folder [files]"
    )


class PreviewParams(ImportParams):
    """What to read and how, as for the import; and how much of it to show."""

    rows: int = Field(default=50, ge=1, le=1000, description="rows shown [rows]")
    set_aside: int = Field(
        default=20, ge=0, le=1000, description="rows shown that would be set aside [rows]"
    )
    cell: int = Field(
        default=500, ge=10, le=100_000, description="longest text shown whole [characters]"
    )


class DescribeParams(Params):
    """Which dataset to describe, and how closely."""

    dataset: DatasetRef = dataset_field()
    columns: list[ColumnName] = Field(
        default_factory=list[str], max_length=4096, description="columns to describe; empty: all"
    )
    top: int = Field(default=10, ge=0, le=100, description="most frequent values shown [values]")
    bins: int = Field(default=20, ge=2, le=200, description="bars of each histogram [bars]")
    examples: int = Field(default=5, ge=0, le=50, description="rows shown [rows]")
    rows: int | None = Field(
        default=250_000,
        ge=1000,
        le=1_000_000_000,
        description="rows looked at; of a larger dataset a sample; null: all [rows]",
    )


class VersionsParams(Params):
    """Whose versions to list."""

    name: Name = Field(description="name of the dataset", json_schema_extra=PLACE)
    limit: int = Field(default=100, ge=1, le=1000, description="most versions listed [versions]")


class ListParams(Params):
    """Which datasets to list."""

    contains: str = Field(default="", max_length=64, description="part of the name")
    limit: int = Field(default=100, ge=1, le=1000, description="most datasets listed [datasets]")


class DiffParams(Params):
    """Two versions of one dataset."""

    old: DatasetRef = Field(description="version before", json_schema_extra=PLACE)
    new: DatasetRef = Field(description="version after", json_schema_extra=PLACE)
    shown: int = Field(
        default=20, ge=0, le=1000, description="rows listed of each kind of difference [rows]"
    )
    cell: int = Field(
        default=200, ge=10, le=100_000, description="longest text shown whole [characters]"
    )


class SplitParams(Params):
    """How to divide the rows into parts."""

    dataset: DatasetRef = dataset_field()
    method: Literal["random", "stratified", "group", "time"] = Field(
        default="random", description="how rows are assigned"
    )
    by: ColumnName | None = Field(
        default=None, description="column of classes, groups or times, for the other methods"
    )
    train: float = Field(default=0.8, ge=0, le=1, description="share of the train part [0..1]")
    validation: float = Field(
        default=0.0, ge=0, le=1, description="share of the validation part [0..1]"
    )
    test: float = Field(default=0.2, ge=0, le=1, description="share of the test part [0..1]")
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="seed; left out: of the workspace"
    )
    column: ColumnName = Field(default="split", description="column to write")
    separate: bool = Field(
        default=False,
        description="whether each part also becomes a dataset of its own, '<name>-train' and so on",
    )
    text: list[ColumnName] = Field(
        default_factory=list[str],
        max_length=20,
        description="columns whose equal texts count as a leak; empty: those that hold text",
    )

    @model_validator(mode="after")
    def _shares(self) -> "SplitParams":
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("train, validation and test must add up to 1")
        if self.method != "random" and self.by is None:
            raise ValueError(f"method '{self.method}' needs a column in 'by'")
        if self.method == "random" and self.by is not None:
            raise ValueError("'by' needs method stratified, group or time")
        return self


class SampleParams(Params):
    """Which rows to draw."""

    dataset: DatasetRef = dataset_field()
    rows: int = Field(default=1000, ge=1, le=100_000_000, description="rows to draw [rows]")
    by: ColumnName | None = Field(
        default=None, description="column whose values keep their shares; left out: any rows"
    )
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="seed; left out: of the workspace"
    )
    output: Name | None = Field(
        default=None, description="dataset to write; left out: the name and '-sample'"
    )


class ExportParams(Params):
    """What to write, where and how."""

    dataset: DatasetRef = dataset_field()
    path: str = Field(
        min_length=1,
        max_length=2000,
        description="file to write",
        json_schema_extra={**PLACE, "file": "write"},
    )
    format: Literal["csv", "jsonl", "parquet"] | None = Field(
        default=None, description="kind of file; left out: by its name"
    )
    columns: list[ColumnName] = Field(
        default_factory=list[str], max_length=4096, description="columns to write; empty: all"
    )
    ids: bool = Field(default=False, description="whether to write the row ids too")
    neutralise: bool = Field(
        default=True,
        description="whether CSV text that a spreadsheet would run as a formula gets a ' before it",
    )
    overwrite: bool = Field(default=False, description="whether a file that exists is replaced")


class Sort(Params):
    """By which column a table is ordered."""

    column: ColumnName = Field(description="column to order by; missing values come last")
    descending: bool = Field(default=False, description="whether the greatest comes first")


class RowsPageParams(Params):
    """Which page of rows to show."""

    dataset: DatasetRef = dataset_field()
    offset: int = Field(default=0, ge=0, le=2**40, description="rows passed over [rows]")
    limit: int = Field(default=20, ge=1, le=1000, description="rows shown [rows]")
    columns: list[ColumnName] = Field(
        default_factory=list[str], max_length=4096, description="columns to show; empty: all"
    )
    cell: int = Field(
        default=2000, ge=10, le=1_000_000, description="longest text shown whole [characters]"
    )
    filter: Filter | None = Field(default=None, description="rows that are shown")
    search: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="text that a text column must hold, in upper or lower case",
    )
    sort: Sort | None = Field(default=None, description="order of the rows; left out: of the table")
    ids: list[Annotated[int, Field(ge=0, le=2**63 - 1)]] | None = Field(
        default=None, max_length=1000, description="only the rows with these `_id`s"
    )
    count: Literal["quick", "full"] = Field(
        default="quick", description="whether a search in a large table is counted to the end"
    )


class AddColumnParams(Params):
    """Which column to add, and what it holds."""

    dataset: DatasetRef = dataset_field()
    column: ColumnName = Field(description="name of the new column", json_schema_extra=PLACE)
    expression: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="SQL expression over the columns of a row, such as price * 1.2",
    )
    value: bool | int | float | Annotated[str, Field(max_length=10_000)] | None = Field(
        default=None, description="the same value for every row, instead of an expression"
    )
    type: ColumnType | None = Field(
        default=None, description="what the values mean; left out: by how they are stored"
    )

    @model_validator(mode="after")
    def _one(self) -> "AddColumnParams":
        if (self.expression is None) == (self.value is None):
            raise ValueError("give either 'expression' or 'value'")
        return self


class DeleteRowsParams(Params):
    """Which rows to delete."""

    dataset: DatasetRef = dataset_field()
    filter: Filter | None = Field(default=None, description="rows that are deleted")
    ids: list[Annotated[int, Field(ge=0, le=2**63 - 1)]] | None = Field(
        default=None,
        min_length=1,
        max_length=100_000,
        description="only rows with these `_id`s are deleted",
    )
    only_count: bool = Field(default=True, description="only count what would go")

    @model_validator(mode="after")
    def _some(self) -> "DeleteRowsParams":
        if self.filter is None and self.ids is None:
            raise ValueError("give 'filter' or 'ids', or both")
        return self


class RestoreParams(Params):
    """Which version to make the newest."""

    dataset: DatasetRef = dataset_field("version to go back to, such as 'people@3'")


class DeleteParams(Params):
    """Which version to delete."""

    dataset: DatasetRef = dataset_field("dataset version; without a version: the newest")


class TagParams(Params):
    """Which name to give to which version."""

    dataset: DatasetRef = dataset_field()
    tag: Name = Field(description="name for the version", json_schema_extra=PLACE)


class CompactParams(Params):
    """Whose files to join."""

    name: Name = Field(description="name of the dataset", json_schema_extra=PLACE)
    only_count: bool = Field(default=False, description="only count what there is to join")


class CleanUpParams(Params):
    """Whose files to remove."""

    name: Name = Field(description="name of the dataset", json_schema_extra=PLACE)
    older_than: float = Field(
        default=7 * 86400.0,
        ge=0,
        le=10 * 365 * 86400.0,
        description="age of what is removed; younger files may belong to running work [s]",
    )
    only_count: bool = Field(default=True, description="only count what would go")
