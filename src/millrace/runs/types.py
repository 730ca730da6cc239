"""What the ops of this folder take and give."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.filter import Filter
from millrace.kinds.ref import DatasetRef, Name
from millrace.kinds.rows import Params

State = Literal["scheduled", "running", "finished", "failed", "killed"]
Ended = Literal["finished", "failed", "killed"]
Source = Literal["database", "api"]
RunId = Annotated[
    str,
    Field(
        min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$", json_schema_extra={"port": "run"}
    ),
]
Key = Annotated[str, Field(min_length=1, max_length=250)]
Setting = (
    Annotated[str, Field(max_length=6000)]
    | Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
    | Annotated[float, Field(allow_inf_nan=False)]
    | bool
    | None
)
Number = Annotated[float, Field(allow_inf_nan=False)] | None
PLACE: dict[str, Any] = {"positional": True}


class ListParams(Params):
    """Which runs, in which order."""

    search: str = Field(
        default="", max_length=250, description="only runs with this in name, id or job"
    )
    state: list[State] | None = Field(
        default=None, max_length=5, description="only runs in these states"
    )
    op: str | None = Field(
        default=None, max_length=128, description="only runs of this op or folder of ops"
    )
    dataset: DatasetRef | None = Field(
        default=None, description="only runs on this dataset, with or without a version"
    )
    experiment: str | None = Field(
        default=None, max_length=64, description="only this experiment; empty: the project's own"
    )
    deleted: bool = Field(default=False, description="show the deleted runs instead")
    filter: Filter | None = Field(
        default=None,
        description="conditions on columns such as 'duration', 'metrics.loss' (last value), "
        "'min.loss', 'max.loss', 'params.lr', 'tags.team'",
    )
    sort: str = Field(
        default="started_at",
        min_length=1,
        max_length=260,
        description="column to sort by, such as 'metrics.accuracy'; runs without it come last",
    )
    descending: bool = Field(default=True, description="whether the largest come first")
    limit: int = Field(default=50, ge=1, le=1000, description="runs shown at most [runs]")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="runs passed over [runs]")
    metrics: list[Key] | None = Field(
        default=None, max_length=200, description="metrics shown; default: all"
    )
    keys: bool = Field(
        default=True, description="also tell which metrics, params and tags there are"
    )


class Aggregate(BaseModel):
    """What a metric did over a run."""

    last: float | None = Field(description="latest value; none: not a number")
    min: float | None = Field(description="smallest value; none: not known")
    max: float | None = Field(description="largest value; none: not known")
    step: int | None = Field(description="step of the latest value; none: not known")
    count: int | None = Field(description="values logged; none: not known")


class RunLine(BaseModel):
    """One run."""

    run: str = Field(description="id of the run in MLflow")
    name: str = Field(description="name")
    experiment: str = Field(description="experiment; empty: the project's own")
    state: State = Field(description="where it stands")
    started_at: float | None = Field(description="when it began [s since 1970]")
    ended_at: float | None = Field(description="when it ended [s since 1970]")
    duration: float | None = Field(description="time it took; none: not ended [s]")
    user: str = Field(description="who ran it")
    op: str = Field(description="op that ran; empty: a script")
    job: str = Field(description="job it belongs to; empty: none")
    dataset: str = Field(
        description="dataset it learnt from; empty: not said", json_schema_extra={"port": "dataset"}
    )
    model: str = Field(
        description="model version it made; empty: none", json_schema_extra={"port": "model"}
    )
    deleted: bool = Field(description="whether it is deleted")
    metrics: dict[str, Aggregate] = Field(description="metrics by name")
    params: dict[str, str] = Field(description="params by name, as text")
    tags: dict[str, str] = Field(description="tags that users set")


class Keys(BaseModel):
    """What runs can be sorted and filtered by."""

    metrics: list[str] = Field(default_factory=list[str], description="metrics, by name")
    params: list[str] = Field(default_factory=list[str], description="params, by name")
    tags: list[str] = Field(default_factory=list[str], description="tags, by name")


class Answer(BaseModel):
    """What every answer about runs says of itself."""

    source: Source = Field(description="read from MLflow's database or through its API")
    notes: list[str] = Field(default_factory=list[str], description="what a reader should know")


class ListResult(Answer):
    """A page of runs."""

    runs: list[RunLine] = Field(description="runs, in the order asked")
    total: int = Field(description="runs that fit the filter [runs]")
    offset: int = Field(description="runs passed over [runs]")
    keys: Keys = Field(description="every metric, param and tag in the project")


class RunParams(Params):
    """Which run."""

    run: RunId = Field(description="id of the run", json_schema_extra=PLACE)


class InputLine(BaseModel):
    """One dataset a run read."""

    name: str = Field(description="name of the dataset")
    source: str = Field(
        description="where it comes from; dataset:name@version for ours",
        json_schema_extra={"port": "dataset"},
    )
    digest: str = Field(description="fingerprint")
    context: str = Field(description="what it was used for")


class MadeLine(BaseModel):
    """One thing a run's job made."""

    ref: str = Field(description="kind:name@version")
    kind: str = Field(description="kind")
    created_at: float = Field(description="when [s since 1970]")


class ShowResult(RunLine, Answer):
    """Everything about one run."""

    experiment_id: str = Field(description="id of the experiment in MLflow")
    artifact_uri: str = Field(description="where MLflow keeps the run's files")
    job_state: str = Field(description="state of its job; empty: no job")
    inputs: list[InputLine] = Field(description="datasets it read")
    made: list[MadeLine] = Field(description="what its job made, the oldest first")
    reports: list[str] = Field(
        description="reports about its models, the newest first",
        json_schema_extra={"port": "report"},
    )
    system_tags: dict[str, str] = Field(description="tags that MLflow and Millrace set")


Many = Annotated[list[RunId], Field(min_length=1, max_length=200)]


class HistoryParams(Params):
    """Which series, and how finely."""

    runs: Many = Field(description="ids of the runs", json_schema_extra=PLACE)
    metrics: list[Key] | None = Field(
        default=None, max_length=200, description="metrics; default: all"
    )
    points: int = Field(
        default=500, ge=4, le=5000, description="points of a series at most [points]"
    )


class Series(BaseModel):
    """One metric over the steps of one run."""

    run: str = Field(description="id of the run")
    metric: str = Field(description="metric")
    steps: list[int] = Field(description="steps, ascending")
    times: list[float] = Field(description="when each was logged [s since 1970]")
    values: list[float | None] = Field(description="values; none: not a number")
    count: int = Field(description="points logged [points]")
    sampled: bool = Field(description="whether only the extremes of each stretch are shown")


class HistoryResult(Answer):
    """Metrics over time."""

    series: list[Series] = Field(description="series, by run in the order asked, then by metric")
    points: int = Field(description="points of a series at most [points]")


class CompareParams(Params):
    """Which runs side by side."""

    runs: Many = Field(description="ids of the runs", json_schema_extra=PLACE)
    baseline: RunId | None = Field(
        default=None, description="run the others are held against; default: the first"
    )
    metrics: list[Key] | None = Field(
        default=None, max_length=200, description="metrics compared; default: all"
    )
    confidence: float = Field(default=0.95, ge=0.5, le=0.999, description="level [0..1]")


class ParamRow(BaseModel):
    """One param over the runs."""

    name: str = Field(description="param")
    values: list[str | None] = Field(description="its value in each run; none: not set")
    differs: bool = Field(description="whether the runs differ in it")
    numeric: bool = Field(description="whether every value is a number")


class MetricRow(BaseModel):
    """One metric over the runs."""

    name: str = Field(description="metric")
    greater_is_better: bool | None = Field(description="whether more is better; none: not known")
    last: list[float | None] = Field(description="last value of each run")
    min: list[float | None] = Field(description="smallest value of each run")
    max: list[float | None] = Field(description="largest value of each run")
    difference: list[float | None] = Field(description="last value minus the baseline's")
    best: int | None = Field(description="place of the best run by its last value")


class SignificanceLine(BaseModel):
    """Whether a run's model differs from the baseline's on the same rows."""

    run: str = Field(description="id of the run")
    model: str = Field(description="its model", json_schema_extra={"port": "model"})
    baseline_model: str = Field(
        description="the baseline's model", json_schema_extra={"port": "model"}
    )
    dataset: str = Field(
        description="dataset on which both were evaluated", json_schema_extra={"port": "dataset"}
    )
    metric: str = Field(description="metric")
    value: float = Field(description="of the run's model")
    low: float | None = Field(description="lower end of its interval")
    high: float | None = Field(description="upper end of its interval")
    baseline_value: float = Field(description="of the baseline's model")
    baseline_low: float | None = Field(description="lower end of its interval")
    baseline_high: float | None = Field(description="upper end of its interval")
    difference: float = Field(description="the run's minus the baseline's, on the shared rows")
    difference_low: float | None = Field(description="lower end of its interval")
    difference_high: float | None = Field(description="upper end of its interval")
    p: float | None = Field(description="p-value; none: not tested")
    adjusted: float | None = Field(description="p-value with Holm's correction over all lines")
    better: Literal["run", "baseline", "neither", "unknown"] = Field(
        description="which is better beyond chance; unknown: not tested"
    )
    test: Literal["mcnemar", "paired t", "none"] = Field(description="test used")
    rows: int = Field(description="rows both answered [rows]")


class CompareResult(Answer):
    """Runs side by side; lists of values have the order of `runs`."""

    runs: list[RunLine] = Field(description="runs, in the order asked")
    baseline: str = Field(description="run the others are held against")
    params: list[ParamRow] = Field(description="params, those that differ first")
    metrics: list[MetricRow] = Field(description="metrics, by name")
    significance: list[SignificanceLine] = Field(
        description="tests of the models that were evaluated on the same dataset"
    )


class StartParams(Params):
    """A training of your own that begins."""

    name: str = Field(
        min_length=1, max_length=250, description="name of the run", json_schema_extra=PLACE
    )
    experiment: Name | None = Field(
        default=None, description="experiment to put it in; default: the project's own"
    )
    hyperparameters: dict[Key, Setting] = Field(
        default_factory=dict[str, Any],
        max_length=1000,
        description="what it is run with: MLflow's params",
    )
    tags: dict[Key, str] = Field(
        default_factory=dict[str, str], max_length=100, description="marks to find it by"
    )
    dataset: DatasetRef | None = Field(default=None, description="dataset it learns from")


class StartResult(BaseModel):
    """The run that began."""

    run: str = Field(description="id of the run")
    name: str = Field(description="name")
    uri: str = Field(description="MLflow's tracking URI, for other clients")


class LogPoint(BaseModel):
    """Metrics at one step."""

    step: int = Field(ge=-(2**63), le=2**63 - 1, description="step")
    metrics: dict[Key, Number] = Field(
        max_length=1000, description="values by metric; none: not a number"
    )


class LogParams(RunParams):
    """What to add to a run."""

    metrics: dict[Key, Number] = Field(
        default_factory=dict[str, Any],
        max_length=1000,
        description="values by metric; none: not a number",
    )
    step: int = Field(default=0, ge=-(2**63), le=2**63 - 1, description="step of 'metrics'")
    points: list[LogPoint] = Field(
        default_factory=list[LogPoint], max_length=10_000, description="metrics of many steps"
    )
    hyperparameters: dict[Key, Setting] = Field(
        default_factory=dict[str, Any],
        max_length=1000,
        description="more of what it is run with; each is set once",
    )


class LogResult(BaseModel):
    """What was added."""

    run: str = Field(description="id of the run")
    logged: int = Field(description="values of metrics added")


class FinishParams(RunParams):
    """How a run ended."""

    state: Ended = Field(default="finished", description="how it ended")


class RenameParams(RunParams):
    """What to call it."""

    name: str = Field(min_length=1, max_length=250, description="new name")


class TagParams(RunParams):
    """Marks to set and to take away."""

    tags: dict[Key, Annotated[str, Field(max_length=5000)]] = Field(
        default_factory=dict[str, str], max_length=100, description="tags to set"
    )
    remove: list[Key] = Field(
        default_factory=list[str], max_length=100, description="tags to take away"
    )


class ChangeResult(BaseModel):
    """How the run stands now."""

    run: str = Field(description="id of the run")
    name: str = Field(description="name")
    state: State = Field(description="where it stands")
    deleted: bool = Field(description="whether it is deleted")
    tags: dict[str, str] = Field(description="tags that users set")
