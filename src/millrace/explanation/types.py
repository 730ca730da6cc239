"""What the ops of this folder take and give."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef, ModelRef, Name
from millrace.kinds.rows import Params
from millrace.kinds.task import Task
from millrace.services.report.importance import Importance


class ImportanceParams(Params):
    """Whose columns are shuffled, and how often."""

    model: ModelRef = Field(description="model to explain", json_schema_extra={"positional": True})
    dataset: DatasetRef = Field(description="dataset whose rows are shuffled")
    target: str | None = Field(
        default=None, max_length=200, description="column with what was so; default: the model's"
    )
    columns: list[str] | None = Field(
        default=None, max_length=1000, description="columns to shuffle; default: all it reads"
    )
    metric: Literal["auto", "accuracy", "log_loss", "rmse", "mae"] = Field(
        default="auto", description="metric watched; auto: accuracy or rmse"
    )
    repeats: int = Field(default=5, ge=2, le=100, description="shuffles of each column")
    rows: int = Field(
        default=2000, ge=10, le=1_000_000, description="rows drawn at random at most [rows]"
    )
    confidence: float = Field(default=0.95, ge=0.5, le=0.999, description="level [0..1]")
    report: Name | None = Field(default=None, description="name of the report kept")
    keep: bool = Field(default=True, description="whether a report is kept")


class ImportanceResult(Importance):
    """Importances, and where they are kept."""

    report: str = Field(
        default="", description="report that keeps this", json_schema_extra={"port": "report"}
    )


class ListParams(Params):
    """Which importances."""

    model: ModelRef | None = Field(
        default=None,
        description="only of this model; without a version: of all its versions",
        json_schema_extra={"positional": True},
    )
    dataset: DatasetRef | None = Field(
        default=None, description="only on this dataset; without a version: on all its versions"
    )
    limit: int = Field(default=50, ge=1, le=1000, description="importances shown at most")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="importances passed over")


class ExplanationLine(BaseModel):
    """Stored importances in short."""

    report: str = Field(description="report that keeps them", json_schema_extra={"port": "report"})
    model: str = Field(description="model explained", json_schema_extra={"port": "model"})
    dataset: str = Field(
        description="dataset whose rows were shuffled", json_schema_extra={"port": "dataset"}
    )
    metric: str = Field(description="metric watched")
    columns: dict[str, float] = Field(description="importance by column, up to 50")
    created_at: float = Field(description="when they were made [s since 1970]")
    actor: str = Field(description="who made them")
    job: str | None = Field(description="job that made them")


class ListResult(BaseModel):
    """Importances, the newest first."""

    explanations: list[ExplanationLine] = Field(description="importances, the newest first")
    total: int = Field(description="importances that fit")


class ShowParams(Params):
    """Which report."""

    report: str = Field(
        max_length=140, description="report to read", json_schema_extra={"positional": True}
    )


class AttributeParams(Params):
    """Which answers are explained."""

    model: ModelRef = Field(description="model to explain", json_schema_extra={"positional": True})
    dataset: DatasetRef = Field(description="dataset with the rows")
    ids: list[int] = Field(
        default_factory=list, max_length=1000, description="'_id's of the rows; default: the first"
    )
    rows: int = Field(default=5, ge=1, le=1000, description="first rows, without 'ids' [rows]")
    label: str | None = Field(
        default=None, max_length=200, description="class to explain; default: the one predicted"
    )
    top: int = Field(default=10, ge=1, le=1000, description="columns shown for each row")
    words: int = Field(
        default=40, ge=0, le=500, description="words of each text left out one by one; 0: none"
    )
    lent: int = Field(
        default=20, ge=2, le=200, description="rows that lend values where nothing exact exists"
    )


class ColumnEffect(BaseModel):
    """What one column added."""

    column: str = Field(description="input column")
    value: str | None = Field(description="its value in this row, cut at 80 characters")
    effect: float = Field(description="what it added to the score")


class WordEffect(BaseModel):
    """What one word added."""

    column: str = Field(description="column of text")
    word: str = Field(description="the word")
    start: int = Field(description="where it begins [characters]")
    effect: float = Field(description="fall of the score without it")


class RowAttribution(BaseModel):
    """One answer and what it is made of."""

    id: int = Field(description="'_id' of the row")
    prediction: Any = Field(description="the model's answer")
    label: str | None = Field(description="class explained")
    probability: float | None = Field(description="probability of that class [0..1]")
    base: float = Field(description="score without any column")
    score: float = Field(description="base and all effects together")
    columns: list[ColumnEffect] = Field(description="the strongest first")
    words: list[WordEffect] = Field(description="words in the order of the text")


class AttributeResult(BaseModel):
    """Answers to single rows, explained."""

    model: str = Field(description="model explained", json_schema_extra={"port": "model"})
    dataset: str = Field(description="dataset with the rows", json_schema_extra={"port": "dataset"})
    task: Task = Field(description="classification or regression")
    method: Literal["exact", "replacement"] = Field(
        description="exact: effects and base sum to the score; replacement: others' values put in"
    )
    unit: str = Field(description="what scores and effects are measured in")
    covered: float = Field(description="share of the ensemble that exact effects speak for [0..1]")
    rows: list[RowAttribution] = Field(description="rows in the order asked")
    notes: list[str] = Field(description="what a reader should know")
