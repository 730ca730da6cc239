"""What `quality.check` takes and gives."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from millrace.kinds.ref import DatasetRef
from millrace.kinds.rows import Params
from millrace.kinds.task import Task

Severity = Literal["info", "warning", "error"]


class Rule(BaseModel):
    """What the values of one column must satisfy; missing values break only `required`."""

    model_config = ConfigDict(extra="forbid")

    column: str = Field(min_length=1, max_length=200, description="column the rule is about")
    min: float | None = Field(
        default=None, ge=-1e300, le=1e300, description="least value allowed, in the column's unit"
    )
    max: float | None = Field(
        default=None, ge=-1e300, le=1e300, description="largest value allowed, in the column's unit"
    )
    regex: str | None = Field(
        default=None, max_length=1000, description="RE2 pattern that the whole value must match"
    )
    allowed: list[str] | None = Field(
        default=None, max_length=10_000, description="values allowed, written as text"
    )
    required: bool = Field(default=False, description="whether a value must be there")
    unique: bool = Field(default=False, description="whether no value may stand twice")


class CheckParams(Params):
    """What to check and how strictly."""

    dataset: DatasetRef = Field(
        description="dataset to check", json_schema_extra={"positional": True}
    )
    target: str | None = Field(
        default=None,
        max_length=200,
        description="column to be predicted; without it labels and leaks are not checked",
    )
    task: Task | None = Field(
        default=None, description="what the target is; left out: read from its values"
    )
    split: str = Field(
        default="split",
        max_length=200,
        description="column that says which part a row is in, checked for leaks when it exists",
    )
    near: float = Field(
        default=0.75,
        ge=0.5,
        le=1.0,
        description="Jaccard similarity from which rows count as nearly equal [0..1]",
    )
    rules: list[Rule] = Field(
        default_factory=list[Rule], max_length=1000, description="declared rules, one a column"
    )
    rows: int = Field(
        default=100_000,
        ge=100,
        le=2_000_000,
        description="rows looked at; of a larger dataset a random sample is drawn [rows]",
    )
    encode_rows: int = Field(
        default=12_000,
        ge=0,
        le=1_000_000,
        description="rows up to which texts are compared by meaning to find label errors; "
        "beyond it by spelling, which costs less [rows]",
    )


class Related(BaseModel):
    """A row and the row it repeats."""

    row: int = Field(description="`_id` of the row")
    other: int = Field(description="`_id` of the row it is equal or nearly equal to")


class Suggestion(BaseModel):
    """A label that fits a row better than the one it has."""

    row: int = Field(description="`_id` of the row")
    label: str = Field(description="label suggested")
    confidence: float = Field(description="how sure the model is [0..1]")


class Finding(BaseModel):
    """One fault, with what it costs and where it is."""

    check: str = Field(description="which check found it")
    part: str = Field(description="part of the score that it lowers")
    severity: Severity = Field(description="info, warning or error")
    column: str | None = Field(default=None, description="column it is in, when it is in one")
    columns: list[str] = Field(description="columns to look at; empty: none in particular")
    says: str = Field(description="the finding in words")
    count: int = Field(description="rows or values concerned")
    share: float = Field(description="the same as a share of all rows [0..1]")
    points: float = Field(description="what it takes from the score [points]")
    rows: list[int] = Field(
        description="`_id`s of the first 1000 rows concerned, the worst first, for the `ids` of "
        "dataset.rows; empty: all rows or none in particular"
    )
    related: list[Related] = Field(
        default_factory=list[Related], description="of which row each copy is a copy"
    )
    suggestions: list[Suggestion] = Field(
        default_factory=list[Suggestion], description="labels that would fit better"
    )


class Part(BaseModel):
    """One part of the score."""

    part: str = Field(description="completeness, uniqueness, validity, outliers, labels or leaks")
    meaning: str = Field(description="what a full score of this part means")
    weight: float = Field(description="points it can take from 100")
    score: float = Field(description="how good it is by itself [0..100]")
    lost: float = Field(description="points it does take from 100")


class Skipped(BaseModel):
    """A check that was not made."""

    check: str = Field(description="name of the check")
    why: str = Field(description="why it was not made")


class CheckResult(BaseModel):
    """The score and everything that lowers it."""

    dataset: str = Field(
        description="dataset version that was checked", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows of the dataset")
    rows_checked: int = Field(description="rows looked at")
    columns: int = Field(description="columns looked at")
    target: str | None = Field(default=None, description="column to be predicted")
    score: float = Field(description="quality [0..100]")
    verdict: str = Field(description="the score and its main reasons in one sentence")
    parts: list[Part] = Field(description="what the score is made of")
    findings: list[Finding] = Field(description="faults found, the costliest first")
    skipped: list[Skipped] = Field(description="checks not made, with the reason")
    notes: list[str] = Field(description="what limits this check, such as a sample or an encoder")


class ShowParams(Params):
    """Whose last report."""

    dataset: DatasetRef = Field(
        description="dataset that was checked", json_schema_extra={"positional": True}
    )


class Kept(BaseModel):
    """The last report of a dataset version."""

    report: CheckResult = Field(description="the report")
    params: dict[str, Any] = Field(description="what was asked for")
    job: str | None = Field(description="job that made it")
    checked_at: float = Field(description="when it was made [s since 1970]")


class Newest(BaseModel):
    """The last check of a project, in short."""

    dataset: str = Field(description="dataset it is of", json_schema_extra={"port": "dataset"})
    score: float = Field(description="quality score [0..100]")
    at: float = Field(description="when it was made [s since 1970]")
