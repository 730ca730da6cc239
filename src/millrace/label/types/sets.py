"""Label sets, and how their rows are lined up."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from millrace.kinds.ref import DatasetRef, LabelSetRef, Name
from millrace.kinds.rows import Params

MAX_LABELS = 1_000
MAX_NAME = 200  # [characters]
PORT: JsonDict = {"positional": True, "port": "labelset"}
SECOND: JsonDict = {"positional": True}


class Label(BaseModel):
    """One label an item can have."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=MAX_NAME, description="the label as it is stored")
    description: str = Field(
        default="", max_length=2_000, description="when it applies; read by people and encoders"
    )
    key: str = Field(default="", max_length=1, description="key that gives it in the queue")


class LabelSet(BaseModel):
    """One version of a label set: what may be answered, to what, and how."""

    labels: list[Label] = Field(
        min_length=2, max_length=MAX_LABELS, description="what an item can be"
    )
    guidelines: str = Field(description="how to decide, for people")
    dataset: str = Field(
        description="dataset version whose rows are labelled; empty: none",
        json_schema_extra={"port": "dataset"},
    )
    column: str = Field(description="column that people read; empty: none")
    redundancy: int = Field(description="answers by different people wanted for an item")
    choice: Literal["single"] = Field(
        default="single", description="how many labels an item has (several: not yet)"
    )

    @property
    def names(self) -> list[str]:
        """Return the labels' names in order."""
        return [label.name for label in self.labels]


class CreateParams(Params):
    """What people can answer and which rows they answer for."""

    name: Name = Field(description="name of the label set", json_schema_extra=SECOND)
    labels: list[Label] = Field(
        default_factory=list[Label],
        max_length=MAX_LABELS,
        description="labels with name, description and key; or use 'from_column'",
    )
    from_column: str | None = Field(
        default=None, max_length=200, description="column of the dataset whose values are labels"
    )
    dataset: DatasetRef | None = Field(
        default=None, description="dataset whose rows are labelled; none: answers are imported"
    )
    column: str = Field(
        default="", max_length=200, description="text column people and encoders read"
    )
    guidelines: str = Field(
        default="", max_length=100_000, description="how to decide, in Markdown"
    )
    redundancy: int = Field(
        default=1, ge=1, le=100, description="answers by different people wanted [people]"
    )
    expected: int | None = Field(
        default=None, ge=1, description="version this replaces, when the set exists"
    )

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: list[Label]) -> list[Label]:
        for what in ("name", "key"):
            given = [getattr(label, what) for label in labels if getattr(label, what)]
            twice = sorted({one for one in given if given.count(one) > 1})
            if twice:
                raise ValueError(f"{what} '{twice[0]}' stands twice")
        return labels


class OneSet(Params):
    """Which label set."""

    labelset: LabelSetRef = Field(description="label set", json_schema_extra=PORT)


class SetResult(BaseModel):
    """A label set as it stands."""

    labelset: str = Field(
        description="reference of this version", json_schema_extra={"port": "labelset"}
    )
    definition: LabelSet = Field(description="labels, guidelines and what they are for")
    items: int = Field(description="items in the queue [items]")
    answers: int = Field(description="current answers [answers]")


class QueueParams(OneSet):
    """Which rows to line up, in which order."""

    order: Literal["dataset", "random"] = Field(
        default="dataset", description="as in the dataset, or shuffled by the seed"
    )


class QueueResult(BaseModel):
    """What was lined up."""

    added: int = Field(description="rows new in the queue [items]")
    items: int = Field(description="rows in the queue now [items]")


class SuggestParams(OneSet):
    """How to suggest labels and order the queue."""

    labels_column: str | None = Field(
        default=None, max_length=200, description="column of the dataset with labels that exist"
    )
    mode: Literal["auto", "zero-shot", "few-shot"] = Field(
        default="auto", description="auto: few-shot where labels exist, else zero-shot"
    )
    encoder: str | None = Field(
        default=None, max_length=200, description="text encoder; left out: the workspace's"
    )
    order: Literal["margin", "entropy", "confidence"] = Field(
        default="margin", description="measure of uncertainty that orders the queue"
    )
    explore: float = Field(
        default=0.1, ge=0, le=1, description="share of queue places drawn at random [0..1]"
    )
    fit_rows: int = Field(
        default=20_000, ge=100, le=200_000, description="texts the labels are fitted on [rows]"
    )
    output: Name | None = Field(
        default=None, description="dataset of suggestions; left out: '<labelset>-suggestions'"
    )


class SuggestResult(BaseModel):
    """What was suggested and how far to trust it."""

    dataset: str = Field(
        description="suggestions: _id, suggestion, confidence, uncertainty",
        json_schema_extra={"port": "dataset"},
    )
    mode: Literal["zero-shot", "few-shot"] = Field(description="what the suggestions rest on")
    rows: int = Field(description="rows with a suggestion [rows]")
    empty: int = Field(description="rows without text, so without suggestion [rows]")
    examples: int = Field(description="labels that existed and were learnt from [labels]")
    accuracy: float | None = Field(description="accuracy on held-out labels; none: too few [0..1]")
    is_calibrated: bool = Field(description="whether confidence was fitted on held-out labels")
    calibration_error: float | None = Field(
        description="expected calibration error on held-out labels [0..1]"
    )
    encoder: str = Field(description="encoder used")
    notes: list[str] = Field(description="what to know before trusting this")
