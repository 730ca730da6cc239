"""What the ops of this folder take and give."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from millrace.kinds.ref import ModelRef, Name
from millrace.kinds.rows import Params

PLACE: dict[str, Any] = {"positional": True, "port": "model"}


def _alias(name: str) -> str:
    if name == "latest" or name.isdigit():
        raise ValueError("a reference reads 'latest' and numbers as versions, so use another word")
    return name


Alias = Annotated[Name, AfterValidator(_alias)]


class ModelParams(Params):
    """Which model version."""

    model: ModelRef = Field(
        description="model, such as 'intent', 'intent@3' or 'intent@champion'",
        json_schema_extra=PLACE,
    )


class ListParams(Params):
    """Which models."""

    limit: int = Field(default=100, ge=1, le=10_000, description="most models shown")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="models passed over")


class ModelLine(BaseModel):
    """One version of a model in short."""

    ref: str = Field(description="model:name@version", json_schema_extra={"port": "model"})
    name: str = Field(description="name")
    version: int = Field(description="version")
    aliases: list[str] = Field(description="aliases that point at it")
    task: str = Field(description="classification or regression; empty: not said")
    target: str = Field(description="column predicted; empty: not said")
    metrics: dict[str, float] = Field(description="figures it came with")
    created_at: float = Field(description="when it was made [s since 1970]")
    actor: str = Field(description="who made it")


class ListResult(BaseModel):
    """The newest version of each model."""

    models: list[ModelLine] = Field(description="models by name")
    total: int = Field(description="models in all")


class FeatureLine(BaseModel):
    """One input column."""

    name: str = Field(description="column")
    type: str = Field(description="how the model uses it")
    missing: float | None = Field(description="share of training rows without a value [0..1]")


class MemberLine(BaseModel):
    """One learner inside."""

    name: str = Field(description="member")
    kind: str = Field(description="family")
    weight: float = Field(description="share in the answer [0..1]")
    score: float = Field(description="its own out-of-fold score")


class MoveLine(BaseModel):
    """One move of an alias."""

    alias: str = Field(description="alias")
    version: int | None = Field(description="where it went; none: withdrawn")
    previous: int | None = Field(description="where it had been; none: nowhere")
    actor: str = Field(description="who moved it")
    at: float = Field(description="when [s since 1970]")


class ShowResult(ModelLine):
    """Everything about one version."""

    classes: list[Any] = Field(description="classes, in the order of the probabilities")
    features: list[FeatureLine] = Field(description="input columns, in order")
    members: list[MemberLine] = Field(description="learners inside")
    encoder: str = Field(description="text encoder; empty: none")
    rows: int = Field(description="rows it was trained on [rows]")
    versions: list[ModelLine] = Field(description="every version of the name, the newest first")
    history: list[MoveLine] = Field(description="moves of its aliases, the newest first")
    parents: list[str] = Field(description="what it was made from")
    reports: list[str] = Field(description="reports about it", json_schema_extra={"port": "report"})
    evaluations: list[str] = Field(
        description="evaluations of it, the newest first", json_schema_extra={"port": "report"}
    )
    explanations: list[str] = Field(
        description="importances of its columns, the newest first",
        json_schema_extra={"port": "report"},
    )
    job: str = Field(description="job that made it; empty: none")


class CompareParams(ModelParams):
    """What is held against what."""

    to: ModelRef | None = Field(
        default=None, description="the other version; default: the model's champion"
    )


class RegisterParams(Params):
    """A model folder to take in."""

    path: str = Field(
        min_length=1,
        max_length=2000,
        description="model folder (with manifest.json) or zip of one",
        json_schema_extra={"positional": True, "file": "read"},
    )
    name: Name = Field(description="name to register it under")
    max_bytes: int = Field(
        default=2 * 2**30, ge=1024, le=2**40, description="most read, unpacked [bytes]"
    )


class ImportParams(Params):
    """A package to take in."""

    path: str = Field(
        min_length=1,
        max_length=2000,
        description="folder or zip file that 'model.export' made",
        json_schema_extra={"positional": True, "file": "read"},
    )
    name: Name | None = Field(default=None, description="name to give it; default: its own")
    max_bytes: int = Field(
        default=2 * 2**30, ge=1024, le=2**40, description="most read, unpacked [bytes]"
    )


class TakenResult(BaseModel):
    """The version made."""

    model: str = Field(description="model:name@version", json_schema_extra={"port": "model"})
    origin: str = Field(description="name and version it had where it came from; empty: unknown")
    files: int = Field(description="files taken in")
    size: int = Field(description="their size [bytes]")
    notes: list[str] = Field(description="what a reader should know")


class ExportParams(ModelParams):
    """What to write and where."""

    path: str | None = Field(
        default=None,
        max_length=2000,
        description="where to write; default: below the workspace's 'exports'",
        json_schema_extra={"file": "write"},
    )
    format: Literal["zip", "folder"] = Field(default="zip", description="one file or a folder")


class ExportResult(BaseModel):
    """The package written."""

    model: str = Field(description="model exported", json_schema_extra={"port": "model"})
    path: str = Field(description="where it is")
    size: int = Field(description="its size [bytes]")
    files: dict[str, str] = Field(description="sha256 of each file of the model")


class AliasParams(ModelParams):
    """Which alias goes where."""

    alias: Alias = Field(
        description="alias to set, such as 'challenger'", json_schema_extra={"positional": True}
    )
    remove: bool = Field(default=False, description="take the alias away instead")


class PromoteParams(ModelParams):
    """Which version becomes what."""

    alias: Alias = Field(default="champion", description="alias to give it")
    expected: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="version the alias must stand at now, else nothing is moved; 0: nowhere",
    )


class RollBackParams(Params):
    """Whose champion goes back."""

    name: Name = Field(description="name of the model", json_schema_extra={"positional": True})
    alias: Alias = Field(default="champion", description="alias to move back")


class MetricLine(BaseModel):
    """One figure of the version before and of the one now."""

    name: str = Field(description="metric")
    dataset: str = Field(
        description="dataset both were evaluated on; empty: told when made",
        json_schema_extra={"port": "dataset"},
    )
    before: float = Field(description="figure of the version before")
    after: float = Field(description="figure of the version now")
    change: float = Field(description="after minus before")
    better: bool | None = Field(description="whether that is better; none: equal or not known")


class MovedResult(BaseModel):
    """Where an alias stands now."""

    model: str = Field(
        description="version it points at; empty: it was taken away",
        json_schema_extra={"port": "model"},
    )
    alias: str = Field(description="alias")
    previous: str = Field(
        description="version it pointed at; empty: none", json_schema_extra={"port": "model"}
    )
    changed: bool = Field(description="whether anything moved")
    metrics: list[MetricLine] = Field(description="how the figures of the two versions differ")
    notes: list[str] = Field(description="what a reader should know")


class FactLine(BaseModel):
    """One fact in which two versions differ."""

    name: str = Field(
        description="target, task, rows, encoder, chosen, members, metric, training data"
    )
    before: str = Field(description="of the other version")
    after: str = Field(description="of this version")


class Names(BaseModel):
    """Names that one version has and the other has not."""

    added: list[str] = Field(description="only in this version")
    removed: list[str] = Field(description="only in the other version")


class CompareResult(BaseModel):
    """What changes where one version takes the other's place."""

    model: str = Field(description="this version", json_schema_extra={"port": "model"})
    to: str = Field(
        description="the other version; empty: nothing has the alias",
        json_schema_extra={"port": "model"},
    )
    metrics: list[MetricLine] = Field(description="how the figures differ")
    facts: list[FactLine] = Field(description="facts that differ")
    features: Names = Field(description="input columns that differ")
    classes: Names = Field(description="classes that differ")
    notes: list[str] = Field(description="what a reader should know")


class DescribeResult(BaseModel):
    """A model in words."""

    model: str = Field(description="model described", json_schema_extra={"port": "model"})
    markdown: str = Field(description="the card as Markdown, from what is stored now")
    report: str = Field(
        description="newest card that was kept; empty: none", json_schema_extra={"port": "report"}
    )
    created_at: float | None = Field(description="when that was kept [s since 1970]")


class LineageParams(Params):
    """Whose origin and offspring."""

    ref: str = Field(
        max_length=140,
        description="'model:name@version' or any other kind; a bare name is a model",
        json_schema_extra={"positional": True},
    )
    direction: Literal["both", "up", "down"] = Field(
        default="both", description="up: what it was made from; down: what was made of it"
    )
    depth: int = Field(default=20, ge=1, le=100, description="steps followed")


class LineageNode(BaseModel):
    """One thing in the graph."""

    ref: str = Field(description="kind:name@version")
    kind: str = Field(description="kind")
    op: str = Field(description="op that made it; empty: unknown")
    job: str | None = Field(description="job that made it")
    created_at: float | None = Field(description="when [s since 1970]; none: not in the records")


class LineageEdge(BaseModel):
    """One step."""

    source: str = Field(description="what was used")
    target: str = Field(description="what was made of it")


class LineageResult(BaseModel):
    """What a thing was made from, and what was made of it."""

    ref: str = Field(description="the thing asked about")
    nodes: list[LineageNode] = Field(description="things, by name")
    edges: list[LineageEdge] = Field(description="steps between them")
    mermaid: str = Field(description="the graph as Mermaid text")


class CardParams(ModelParams):
    """Which card, and how much goes in."""

    about: str = Field(default="", max_length=5000, description="what the model is, in your words")
    intended_use: str = Field(
        default="", max_length=5000, description="what it is made for, and for whom"
    )
    out_of_scope: str = Field(
        default="", max_length=5000, description="what it must not be used for"
    )
    caveats: str = Field(
        default="", max_length=5000, description="risks and limits that the figures do not show"
    )
    licence: str = Field(default="", max_length=200, description="terms of use")
    contact: str = Field(default="", max_length=200, description="who answers questions")
    evaluations: int = Field(default=3, ge=0, le=20, description="most evaluations shown")
    path: str | None = Field(
        default=None,
        max_length=2000,
        description="HTML file to write too",
        json_schema_extra={"file": "replace"},
    )


class CardResult(BaseModel):
    """The card, and where it is kept."""

    model: str = Field(description="model described", json_schema_extra={"port": "model"})
    report: str = Field(
        description="report that keeps the card", json_schema_extra={"port": "report"}
    )
    html: str = Field(description="sha256 of the HTML page among the stored files")
    path: str = Field(description="where the HTML was written too; empty: nowhere")
    markdown: str = Field(description="the card as Markdown")


class DeleteResult(BaseModel):
    """The version hidden."""

    model: str = Field(description="version that was deleted", json_schema_extra={"port": "model"})
    left: list[str] = Field(
        description="versions that are left", json_schema_extra={"port": "model"}
    )
