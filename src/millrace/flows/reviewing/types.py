"""What `flows.review_drift` takes and gives."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef, DeploymentRef, ModelRef, Name
from millrace.kinds.rows import Params
from millrace.label.types.sets import LabelSet
from millrace.monitor.watching.types import AlertRef, Column


class ReviewParams(Params):
    """An alert, a deployment or two datasets; and how many rows people should see."""

    alert: AlertRef | None = Field(
        default=None,
        description="alert whose rows are lined up",
        json_schema_extra={"positional": True},
    )
    deployment: DeploymentRef | None = Field(
        default=None, description="deployment whose logged requests are compared"
    )
    reference: DatasetRef | None = Field(
        default=None, description="dataset to compare with; left out: what the model learnt from"
    )
    current: DatasetRef | None = Field(default=None, description="dataset seen since")
    model: ModelRef | None = Field(
        default=None, description="model whose doubt orders rows that carry no confidence"
    )
    labelset: Name | None = Field(
        default=None, description="label set to line up in; made when it is not there"
    )
    target: str | None = Field(
        default=None, max_length=200, description="column with labels; default: the model's target"
    )
    column: str | None = Field(
        default=None, max_length=200, description="column people read; default: all in one text"
    )
    rows: int = Field(default=100, ge=1, le=10_000, description="rows lined up at most [rows]")
    by: Literal["auto", "surprising", "uncertain"] = Field(
        default="auto",
        description="surprising: least like the reference; uncertain: the model doubts most; "
        "auto: uncertain where confidences are known",
    )
    alpha: float = Field(default=0.01, gt=0, le=0.2, description="chance of any false alarm [0..1]")
    anyway: bool = Field(default=False, description="line up also when nothing has drifted")


class ReviewRow(BaseModel):
    """One row that people will see."""

    item: int = Field(description="its `_id` in the label set's dataset")
    score: float = Field(description="how surprising or uncertain it is [0..1]")
    text: str = Field(description="what people read, cut at 200 characters")


class ReviewResult(BaseModel):
    """What waits for people now, and why."""

    labelset: str | None = Field(
        description="label set; none: nothing was lined up", json_schema_extra={"port": "labelset"}
    )
    dataset: str | None = Field(
        description="dataset version of the label set", json_schema_extra={"port": "dataset"}
    )
    reference: str = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str = Field(
        description="dataset version judged", json_schema_extra={"port": "dataset"}
    )
    drifted: bool = Field(description="whether anything has changed")
    verdict: str = Field(description="the test's answer in words")
    columns: list[Column] = Field(description="columns that drifted, the surest first")
    added: int = Field(description="rows put at the top of the queue [rows]")
    by: Literal["surprising", "uncertain"] = Field(description="what ordered the rows")
    why: str = Field(description="the same in words")
    repeated: bool = Field(description="whether these two versions were lined up before")
    alert: str | None = Field(
        description="alert that is dealt with now", json_schema_extra={"port": "alert"}
    )
    rows: list[ReviewRow] = Field(description="the first twenty rows")
    notes: list[str] = Field(description="what to know")


class Lined(BaseModel):
    """What is kept beside the rows, so that a repeat finds them."""

    reference: str = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str = Field(
        description="dataset version judged", json_schema_extra={"port": "dataset"}
    )
    labelset: str = Field(description="label set", json_schema_extra={"port": "labelset"})
    items: list[int] = Field(description="rows in order")
    scores: list[float] = Field(description="their scores")
    by: str = Field(description="what ordered them")
    facts: dict[str, Any] = Field(default_factory=dict[str, Any], description="more")


class Plan(BaseModel):
    """What is fixed when the job first begins, so that a resumed one does the same."""

    reference: str = Field(description="dataset version compared with")
    current: str = Field(description="dataset version judged")
    alert: str | None = Field(description="alert to be dealt with")
    model: str | None = Field(description="model version that answers")
    target: str | None = Field(description="column with labels")
    labelset: str = Field(description="name of the label set")
    expected: int | None = Field(description="version of the label set; none: it is new")
    definition: LabelSet | None = Field(description="what the label set is")
