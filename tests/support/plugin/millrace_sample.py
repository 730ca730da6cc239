"""A plug-in with ops of every shape, as a third party would write it; the tests install it."""

import time
from collections.abc import Generator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from millrace.core import errors
from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.registry import op
from millrace.kinds.batch import Batch
from millrace.kinds.ref import Name
from millrace.kinds.rows import Params, RowsParams


class AddParams(Params):
    """Numbers to add."""

    first: int = Field(
        ge=0, le=100, description="first number", json_schema_extra={"positional": True}
    )
    second: int = Field(default=1, ge=0, le=100, description="second number")
    round_to: float | None = Field(default=None, gt=0, description="multiple to round to")


class Sum(BaseModel):
    """The sum and how it was made."""

    value: float = Field(description="the sum")
    words: str = Field(description="the sum in words")


@op("sample.add", effect="read", shortcut="add-up")
def add(params: AddParams, ctx: Context) -> Sum:
    """Add two whole numbers.

    Reads: nothing.  Writes: nothing.
    """
    ctx.emit("adding", first=params.first)
    value = float(params.first + params.second)
    if params.round_to:
        value = round(value / params.round_to) * params.round_to
    return Sum(value=value, words=f"{params.first} + {params.second}")


class Near(Params):
    """Look nearby."""

    kind: Literal["near"] = Field(default="near", description="which search")
    radius: float = Field(default=1.0, gt=0, le=10, description="how far [km]")


class Far(Params):
    """Look far away."""

    kind: Literal["far"] = Field(default="far", description="which search")
    country: str = Field(default="", max_length=40, description="where")


class Shape(Params):
    """Sides of a box."""

    width: int = Field(default=1, ge=1, le=9, description="width [m]")
    is_open: bool = Field(default=False, description="whether it has no lid")


class MixedParams(Params):
    """Fields of every sort."""

    names: list[str] = Field(default_factory=list, max_length=5, description="some names")
    sizes: list[int] = Field(default_factory=list, max_length=5, description="some sizes")
    color: Literal["red", "blue"] = Field(default="red", description="a colour")
    box: Shape = Field(default_factory=Shape, description="a box")
    search: Annotated[Near | Far, Field(discriminator="kind")] = Field(
        default_factory=Near, description="where to look"
    )
    weights: dict[str, float] = Field(
        default_factory=dict, max_length=5, description="weights by name"
    )
    level: int | str | None = Field(default=None, description="number or word")
    is_loud: bool = Field(default=False, description="whether to shout")


class Echo(BaseModel):
    """What arrived."""

    params: MixedParams = Field(description="the params as they arrived")
    rows: list[Shape] = Field(description="boxes, the widest first")


@op("sample.echo_back", effect="read")
def echo_back(params: MixedParams, ctx: Context) -> Echo:
    """Give back the params as they arrived."""
    del ctx
    return Echo(params=params, rows=[params.box, Shape()])


class FailParams(Params):
    """Which error to raise."""

    code: str = Field(default="conflict", max_length=40, description="code of the error")


@op("sample.fail", effect="read")
def fail(params: FailParams, ctx: Context) -> Sum:
    """Raise an error of one kind, or break."""
    del ctx
    if params.code not in errors.KINDS:
        raise RuntimeError("a bug of the plug-in")
    raise errors.KINDS[params.code](f"This is '{params.code}'.", "Do it otherwise.", number=7)


class CountParams(Params):
    """How far to count."""

    upto: int = Field(default=3, ge=1, le=1000, description="last number")
    pause: float = Field(default=0.0, ge=0, le=1, description="time between numbers [s]")


class Count(BaseModel):
    """How far it came."""

    last: int = Field(description="last number counted")
    resumed_at: int = Field(description="number the last life began at")
    was_stopped: bool = Field(description="whether it was asked to end early")


@op("sample.count", effect="write")
def count(params: CountParams, ctx: Context) -> Generator[Event, None, Count]:
    """Count upwards, with a checkpoint at every number."""
    start = (ctx.checkpoint or {}).get("done", 0)
    done = start
    while done < params.upto and not ctx.stopping():
        time.sleep(params.pause)
        done += 1
        yield Progress.of(done, params.upto, "counting")
        yield Event(kind="number", data={"number": done})
        yield Checkpoint(data={"done": done})
    return Count(last=done, resumed_at=start, was_stopped=done < params.upto)


class DoubleParams(RowsParams):
    """Which column to double."""

    column: str = Field(min_length=1, max_length=64, description="column of numbers")


@op("sample.double", effect="write")
def double(batch: Batch, params: DoubleParams, ctx: Context) -> Batch:
    """Double a column of numbers.

    Errors: invalid_input, no such column.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    del ctx
    names = list(batch.schema.names)
    if params.column not in names:
        raise errors.InvalidInput(
            f"Column '{params.column}' is not in the dataset.",
            f"Its columns are {errors.choices(names)}.",
            field="column",
        )
    table = pa.Table.from_batches([batch])
    doubled = pc.multiply(table[params.column], 2)
    table = table.set_column(names.index(params.column), params.column, doubled)
    return table.combine_chunks().to_batches()[0]


class NoteParams(Params):
    """What to write down."""

    name: Name = Field(description="name of the note", json_schema_extra={"positional": True})
    text: str = Field(default="", max_length=200, description="what it says")


class Note(BaseModel):
    """What was written."""

    ref: str = Field(description="reference of the note", json_schema_extra={"port": "report"})


@op("sample.note", effect="write")
def note(params: NoteParams, ctx: Context) -> Note:
    """Write a note.

    Writes: one report.
    """
    from millrace.stores.artifacts import Artifacts

    made = ctx.use(Artifacts).add(ctx, "report", params.name, {"text": params.text})
    return Note(ref=made.ref)
