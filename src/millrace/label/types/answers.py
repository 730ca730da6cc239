"""What people do to items."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from millrace.kinds.ref import DatasetRef
from millrace.label.types.sets import SECOND, OneSet

Annotator = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.@+ -]+$")]
Item = Annotated[int, Field(ge=0, le=2**63 - 1)]
MAX_LEASED = 50
LEASE = 600.0  # [s]


class NextParams(OneSet):
    """Who asks for how much."""

    annotator: Annotator | None = Field(
        default=None, description="who labels; left out: the caller"
    )
    count: int = Field(default=1, ge=1, le=MAX_LEASED, description="items wanted [items]")
    lease: float = Field(
        default=LEASE, ge=1, le=86_400, description="time an item stays reserved [s]"
    )


class TaskLine(BaseModel):
    """One item to label."""

    item: int = Field(description="identifier of the row")
    text: str | None = Field(description="what to read; none: the row is gone")
    suggestion: str | None = Field(description="label suggested, if any")
    confidence: float | None = Field(description="confidence of the suggestion [0..1]")
    answers: int = Field(description="answers it has [answers]")
    wanted: int = Field(description="answers it should have [answers]")
    version: int = Field(description="version of your annotation; 0: none yet")
    expires_at: float = Field(description="when the reservation ends [s since 1970]")


class NextResult(BaseModel):
    """Items reserved for one person."""

    annotator: str = Field(description="who they are reserved for")
    tasks: list[TaskLine] = Field(description="items, the most uncertain first; empty: none left")


class OneItem(OneSet):
    """Which item, and who speaks."""

    item: Item = Field(description="identifier of the row", json_schema_extra=SECOND)
    annotator: Annotator | None = Field(
        default=None, description="who labels; left out: the caller"
    )
    note: str = Field(default="", max_length=10_000, description="a remark kept with it")
    expected: int | None = Field(
        default=None, ge=0, description="version you have seen; refused when it has changed"
    )


class AnnotateParams(OneItem):
    """Which label."""

    value: str = Field(
        min_length=1, max_length=200, description="the label", json_schema_extra=SECOND
    )


class AnnotationResult(BaseModel):
    """What is now stored for one item and person."""

    item: int = Field(description="identifier of the row")
    annotator: str = Field(description="whose annotation it is")
    version: int = Field(description="version of the annotation")
    state: Literal["answered", "skipped", "flagged", "adjudicated", "none"] = Field(
        description="what holds now"
    )
    value: str | None = Field(description="the label, where there is one")
    repeated: bool = Field(description="whether this was stored already")


class UndoParams(OneSet):
    """Whose last change to take back."""

    item: Item | None = Field(default=None, description="only on this item; left out: the last")
    annotator: Annotator | None = Field(default=None, description="who; left out: the caller")


MANY = 500


class AnnotateManyParams(OneSet):
    """Which label for which items."""

    items: list[Item] = Field(min_length=1, max_length=MANY, description="identifiers of rows")
    value: str = Field(
        min_length=1, max_length=200, description="the label", json_schema_extra=SECOND
    )
    annotator: Annotator | None = Field(
        default=None, description="who labels; left out: the caller"
    )
    note: str = Field(default="", max_length=10_000, description="a remark kept with each")
    expected: dict[int, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict[int, int],
        max_length=MANY,
        description="version you have seen of items you answered before, to replace the answer",
    )

    @field_validator("items")
    @classmethod
    def _once(cls, items: list[int]) -> list[int]:
        if len(set(items)) < len(items):
            raise ValueError("an item stands twice")
        return items


class UndoBatchParams(OneSet):
    """Which batch to take back."""

    batch: str | None = Field(
        default=None, max_length=64, description="the batch; left out: the last of that person"
    )
    annotator: Annotator | None = Field(default=None, description="who; left out: the caller")


class ItemConflict(BaseModel):
    """An item that was left as it is."""

    item: int = Field(description="identifier of the row")
    reason: str = Field(description="why")


class BatchResult(BaseModel):
    """What became of each item."""

    batch: str = Field(description="name of the batch, for label.undo_batch")
    annotator: str = Field(description="whose annotations these are")
    changed: list[AnnotationResult] = Field(
        description="items with what is now stored; `repeated`: it was stored already"
    )
    conflicts: list[ItemConflict] = Field(description="items left as they are, and why")


class ImportParams(OneSet):
    """Where answers stand."""

    dataset: DatasetRef = Field(description="dataset with one answer a row")
    item: str = Field(default="_id", max_length=200, description="column with the item's id")
    value: str = Field(max_length=200, description="column with the label")
    annotator_column: str | None = Field(
        default=None, max_length=200, description="column with who answered"
    )
    annotator: Annotator = Field(
        default="import", description="who answered, where no column says it"
    )
    unknown: Literal["refuse", "leave_out"] = Field(
        default="refuse", description="what to do with values that are no label of the set"
    )


class ImportResult(BaseModel):
    """What was taken over."""

    added: int = Field(description="answers added [answers]")
    kept: int = Field(description="rows left out, that person having answered the item [rows]")
    empty: int = Field(description="rows left out for a missing item, person or label [rows]")
    unknown: int = Field(description="rows left out for a value that is no label [rows]")
