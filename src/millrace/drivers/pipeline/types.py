"""What the ops of this folder take and give."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from millrace.kinds.filter import Filter
from millrace.kinds.ref import DatasetRef, Name, PipelineRef
from millrace.kinds.rows import Params

BLOCKS = 200  # most blocks of a pipeline
PLACE: dict[str, Any] = {"positional": True}
Risk = Literal["spend", "external", "destructive"]
State = Literal["waiting", "running", "done", "failed", "skipped"]
Code = Literal[
    "syntax",
    "shape",
    "empty",
    "bad_name",
    "bad_id",
    "duplicate_id",
    "unknown_op",
    "not_a_block",
    "unknown_field",
    "missing",
    "given_twice",
    "wrong_value",
    "unknown_block",
    "unknown_output",
    "wrong_port",
    "wrong_type",
    "cycle",
]


class Block(BaseModel):
    """One op of a pipeline with its settings and what flows into it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=200, description="name of the block, unique in its pipeline")
    op: str = Field(max_length=200, description="op that the block runs")
    params: dict[str, Any] = Field(
        default_factory=dict[str, Any], max_length=200, description="params of the op, by name"
    )
    inputs: dict[str, str | list[str]] = Field(
        default_factory=dict[str, str | list[str]],
        max_length=200,
        description="params taken from other blocks, as 'block.field'",
    )
    position: tuple[float, float] | None = Field(
        default=None, description="where the canvas draws it, x and y [pixels]"
    )


class Graph(BaseModel):
    """A pipeline: blocks, and the wires between them as their inputs."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200, description="name of the pipeline")
    description: str = Field(default="", max_length=2000, description="what it is for")
    blocks: list[Block] = Field(
        default_factory=list[Block], max_length=BLOCKS, description="blocks, in reading order"
    )


class Given(Params):
    """A pipeline as text or as a graph."""

    text: str | None = Field(
        default=None, max_length=200_000, description="pipeline as YAML or JSON text"
    )
    graph: Graph | None = Field(default=None, description="pipeline as a graph")

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = [name for name in ("text", "graph", "pipeline") if name in type(self).model_fields]
        if sum(getattr(self, name) is not None for name in ways) != 1:
            raise ValueError(f"give exactly one of {', '.join(ways)}")
        return self


class Named(Given):
    """A stored pipeline, or one as text or as a graph."""

    pipeline: PipelineRef | None = Field(
        default=None,
        description="stored pipeline; without a version: the current one",
        json_schema_extra=PLACE,
    )


class SaveParams(Given):
    """What to keep."""

    draft: bool = Field(default=False, description="whether a pipeline with problems is kept too")


class RunParams(Named):
    """What to run, and how much of it."""

    until: str | None = Field(
        default=None, max_length=200, description="run only this block and what it waits for"
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        max_length=200,
        description="params to use instead of those written, as 'block.param'",
    )
    allow: list[Risk] = Field(
        default_factory=list[Risk],
        max_length=3,
        description="effects beyond reading and writing that blocks may have",
    )


class OnePipeline(Params):
    """Which pipeline."""

    pipeline: PipelineRef = Field(
        description="pipeline; without a version: the current one", json_schema_extra=PLACE
    )


class VersionsParams(Params):
    """Whose versions to list."""

    name: Name = Field(description="name of the pipeline", json_schema_extra=PLACE)
    limit: int = Field(default=100, ge=1, le=1000, description="most versions listed [versions]")


class ListParams(Params):
    """Which pipelines to list."""

    contains: str = Field(default="", max_length=64, description="part of the name")
    limit: int = Field(default=100, ge=1, le=1000, description="most listed [pipelines]")


class BlockProblem(BaseModel):
    """One thing that keeps a pipeline from running."""

    block: str | None = Field(description="block it is in; none: the pipeline itself")
    field: str | None = Field(description="param or part of the block; none: the whole block")
    code: Code = Field(description="kind of problem")
    problem: str = Field(description="what is wrong")
    hint: str = Field(description="what to do")


class Formatted(BaseModel):
    """A pipeline in its one form, as graph and as text."""

    graph: Graph = Field(description="the graph, in its one form")
    text: str = Field(description="the canonical text")
    digest: str = Field(description="fingerprint of the text")


class Validated(BaseModel):
    """Whether a pipeline can run, and everything that keeps it from it."""

    valid: bool = Field(description="whether there is no problem")
    problems: list[BlockProblem] = Field(description="every problem, block by block")
    order: list[str] = Field(description="blocks in the order they run; empty: not valid")


class Saved(BaseModel):
    """The version that holds this content."""

    pipeline: str = Field(
        description="reference of the version", json_schema_extra={"port": "pipeline"}
    )
    version: int = Field(description="its number")
    digest: str = Field(description="fingerprint of the content")
    created: bool = Field(description="whether it is new; else it was there already")
    problems: list[BlockProblem] = Field(description="what a draft still lacks")


class Version(BaseModel):
    """One version of a pipeline."""

    pipeline: str = Field(
        description="reference of the version", json_schema_extra={"port": "pipeline"}
    )
    name: str = Field(description="name of the pipeline")
    version: int = Field(description="its number")
    current: bool = Field(description="whether the name alone means this version")
    digest: str = Field(description="fingerprint of the content")
    description: str = Field(description="what it is for")
    blocks: int = Field(description="blocks it has")
    actor: str = Field(description="who saved it")
    created_at: float = Field(description="when it was saved [s since 1970]")


class Shown(Version):
    """One version with its content."""

    text: str = Field(description="the canonical text")
    graph: Graph = Field(description="the same as a graph")


class Versions(BaseModel):
    """Versions of one pipeline."""

    versions: list[Version] = Field(description="versions, the newest first")


class Listed(BaseModel):
    """Pipelines of the project."""

    pipelines: list[Version] = Field(description="current version of each, by name")
    total: int = Field(description="how many there are")


class RolledBack(BaseModel):
    """Which version is current now."""

    pipeline: str = Field(
        description="version that is current now", json_schema_extra={"port": "pipeline"}
    )
    previous: str | None = Field(
        description="version that was current before", json_schema_extra={"port": "pipeline"}
    )


class Deleted(BaseModel):
    """What was deleted."""

    deleted: list[str] = Field(
        description="versions deleted; retention removes them later",
        json_schema_extra={"port": "pipeline"},
    )


class BlockState(BaseModel):
    """How one block of a run stands; the event 'block' carries the same."""

    id: str = Field(description="block")
    op: str = Field(description="op it runs")
    state: State = Field(description="where it stands")
    job: str | None = Field(default=None, description="job that runs it")
    outputs: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="references it made or used, by result field"
    )
    error: dict[str, Any] | None = Field(
        default=None, description="code, problem, hint and facts of a failure"
    )
    reason: str = Field(default="", description="why it was skipped")
    seconds: float | None = Field(default=None, description="time its job took [s]")


class RunResult(BaseModel):
    """What each block did."""

    pipeline: str | None = Field(
        description="version that ran; none: it was given as text or graph",
        json_schema_extra={"port": "pipeline"},
    )
    digest: str = Field(description="fingerprint of what ran")
    blocks: list[BlockState] = Field(description="blocks, in the order they ran")
    outputs: list[str] = Field(description="references that the blocks gave, in order")


class FilterParams(Params):
    """Which rows to keep."""

    dataset: DatasetRef = Field(
        description="dataset to read", json_schema_extra={"positional": True}
    )
    filter: Filter = Field(description="what must hold for a row to be kept")
    drop: list[str] = Field(
        default_factory=list[str], max_length=4096, description="columns to leave out"
    )
    output: Name = Field(description="dataset to write")


class FilterResult(BaseModel):
    """The rows kept."""

    dataset: str = Field(
        description="reference of the version written", json_schema_extra={"port": "dataset"}
    )
    rows_in: int = Field(description="rows read [rows]")
    rows: int = Field(description="rows kept [rows]")


class CodeParams(Params):
    """Code to run on the rows of a dataset."""

    dataset: DatasetRef = Field(
        description="dataset to read", json_schema_extra={"positional": True}
    )
    code: str = Field(
        min_length=1,
        max_length=100_000,
        description="Python that defines 'def run(table: pyarrow.Table) -> pyarrow.Table'",
        json_schema_extra={"language": "python"},
    )
    output: Name | None = Field(
        default=None, description="dataset to write; left out: a new version of the one read"
    )
    timeout: float = Field(default=60.0, ge=1, le=3600, description="longest time it may take [s]")
    memory: int = Field(
        default=1024, ge=64, le=65_536, description="memory it may use beside Python's own [MiB]"
    )


class CodeResult(BaseModel):
    """What the code gave back."""

    dataset: str = Field(
        description="reference of the version written", json_schema_extra={"port": "dataset"}
    )
    rows_in: int = Field(description="rows read [rows]")
    rows: int = Field(description="rows written [rows]")
    columns: list[str] = Field(description="columns written")
