"""What people see when they look through a label set."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from millrace.kinds.rows import Params
from millrace.label.types.answers import Annotator, Item
from millrace.label.types.sets import SECOND, OneSet

State = Literal[
    "unanswered", "begun", "complete", "open", "leased", "skipped", "flagged", "adjudicated"
]
Stands = Literal["flagged", "adjudicated", "complete", "begun", "unanswered"]


class ListSetsParams(Params):
    """Which label sets to list."""

    contains: str = Field(default="", max_length=64, description="part of the name")
    limit: int = Field(default=100, ge=1, le=1000, description="most sets listed [sets]")


class SetLine(BaseModel):
    """One label set."""

    labelset: str = Field(
        description="reference of its newest version", json_schema_extra={"port": "labelset"}
    )
    labels: int = Field(description="labels it has [labels]")
    dataset: str = Field(
        description="dataset version whose rows are labelled; empty: none",
        json_schema_extra={"port": "dataset"},
    )
    redundancy: int = Field(description="answers wanted for an item [people]")
    items: int = Field(description="items in the queue [items]")
    complete: int = Field(description="items with all answers wanted, or adjudicated [items]")
    flagged: int = Field(description="items flagged as unfit [items]")
    created_at: float = Field(description="when the version was made [s since 1970]")


class ListSetsResult(BaseModel):
    """The label sets by name."""

    sets: list[SetLine] = Field(description="label sets by name")
    total: int = Field(description="sets there are [sets]")


class ItemsParams(OneSet):
    """Which items to show."""

    state: State | None = Field(default=None, description="only items in this state")
    disagreement: bool = Field(default=False, description="only items whose answers differ")
    label: str | None = Field(
        default=None, max_length=200, description="only items somebody gave this label"
    )
    suggestion: str | None = Field(
        default=None, max_length=200, description="only items for which this label is suggested"
    )
    min_confidence: float | None = Field(
        default=None, ge=0, le=1, description="only items whose suggestion is this sure [0..1]"
    )
    max_confidence: float | None = Field(
        default=None, ge=0, le=1, description="only items whose suggestion is no surer [0..1]"
    )
    annotator: Annotator | None = Field(
        default=None, description="only items that this person dealt with"
    )
    contains: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="only items whose text holds this, in upper or lower case",
    )
    offset: int = Field(default=0, ge=0, le=2**40, description="items passed over [items]")
    limit: int = Field(default=50, ge=1, le=500, description="items shown [items]")
    cell: int = Field(
        default=2000, ge=10, le=100_000, description="longest text shown whole [characters]"
    )

    @model_validator(mode="after")
    def _bounds(self) -> "ItemsParams":
        least, most = self.min_confidence, self.max_confidence
        if least is not None and most is not None and least > most:
            raise ValueError("min_confidence is above max_confidence")
        return self


class AnswerLine(BaseModel):
    """What one person said of an item."""

    annotator: str = Field(description="who; '!adjudication' is the settled one")
    state: str = Field(description="answered, skipped, flagged or adjudicated")
    value: str | None = Field(description="the label, where there is one")
    version: int = Field(description="version of the annotation, for `expected`")
    note: str = Field(description="the remark kept with it")
    at: float = Field(description="when [s since 1970]")


class ItemLine(BaseModel):
    """One item as it stands."""

    item: int = Field(description="identifier of the row")
    text: str | None = Field(description="what people read; none: the row is gone, or no column")
    state: Stands = Field(description="what it is, the first of these that holds")
    disagreement: bool = Field(description="whether its answers differ")
    wanted: int = Field(description="answers it should have [answers]")
    leased: int = Field(description="people working on it [people]")
    suggestion: str | None = Field(description="label suggested, if any")
    confidence: float | None = Field(description="confidence of the suggestion [0..1]")
    uncertainty: float | None = Field(description="how little the suggestion settles [0..1]")
    answers: list[AnswerLine] = Field(description="what holds now, by person")


class ItemsResult(BaseModel):
    """One page of items in the order of the queue."""

    items: list[ItemLine] = Field(description="the items")
    total: int = Field(description="items that fit [items]")
    next_offset: int | None = Field(description="where the next page begins; none: this is the end")


class HistoryParams(OneSet):
    """Which item."""

    item: Item = Field(description="identifier of the row", json_schema_extra=SECOND)


class HistoryLine(AnswerLine):
    """One change."""

    action: str = Field(description="annotate, skip, flag, adjudicate, import or undo")
    actor: str = Field(description="who was signed in")
    revision: int = Field(description="version of the label set it was given under")
    holds: bool = Field(description="whether it is what holds now")
    undone: bool = Field(description="whether it was taken back")


class HistoryResult(BaseModel):
    """Every change to one item."""

    item: int = Field(description="identifier of the row")
    changes: list[HistoryLine] = Field(description="changes, the oldest first")
