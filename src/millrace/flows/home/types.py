"""What `flows.overview` takes and gives."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.rows import Params

Kind = Literal[
    "failed_job", "paused_job", "alert", "challenger", "adjudicate", "queue", "stale_index"
]


class OverviewParams(Params):
    """How far back, and how much."""

    days: float = Field(
        default=7, gt=0, le=3650, description="how far back failed jobs count [days]"
    )
    recent: int = Field(default=12, ge=0, le=100, description="newest artifacts shown [artifacts]")


class Need(BaseModel):
    """One thing that waits for a person."""

    kind: Kind = Field(description="what it is")
    count: int = Field(description="how many jobs, items, alerts or indexes")
    ref: str = Field(description="artifact or job it is about; empty: several")
    says: str = Field(description="the same in words")
    op: str = Field(description="op to run next; empty: none")
    params: dict[str, Any] = Field(description="what is known of its params")
    at: float | None = Field(description="when the newest came [s since 1970]")
    facts: dict[str, Any] = Field(description="facts of this kind of need")


class DatasetsStation(BaseModel):
    """Datasets."""

    count: int = Field(description="datasets [datasets]")
    rows: int = Field(description="rows of the newest version of each [rows]")
    newest: str | None = Field(
        description="version made last; none: none yet", json_schema_extra={"port": "dataset"}
    )
    at: float | None = Field(description="when [s since 1970]")


class QualityStation(BaseModel):
    """The last quality score, of a check or a tour."""

    score: float | None = Field(description="quality score; none: none was kept [0..100]")
    dataset: str | None = Field(
        description="dataset it is of", json_schema_extra={"port": "dataset"}
    )
    at: float | None = Field(description="when [s since 1970]")


class LabelsStation(BaseModel):
    """Label sets and their queues."""

    sets: int = Field(description="label sets [sets]")
    items: int = Field(description="items in all queues [items]")
    done: int = Field(description="items with all their answers, or adjudicated [items]")
    open: int = Field(description="items that still need an answer [items]")
    flagged: int = Field(description="items that could not be labelled [items]")
    disputed: int = Field(description="answered items whose answers differ [items]")


class RunsStation(BaseModel):
    """Training, begun by people or by other jobs."""

    running: int = Field(description="running now [jobs]")
    queued: int = Field(description="waiting for a worker [jobs]")
    paused: int = Field(description="paused [jobs]")
    failed: int = Field(description="failed within the days asked for [jobs]")
    done: int = Field(description="done within the days asked for [jobs]")


class ModelsStation(BaseModel):
    """Models."""

    count: int = Field(description="models [models]")
    versions: int = Field(description="their versions [versions]")
    champions: int = Field(description="models with a champion [models]")
    newest: str | None = Field(
        description="version made last; none: none yet", json_schema_extra={"port": "model"}
    )
    at: float | None = Field(description="when [s since 1970]")


class EvaluationsStation(BaseModel):
    """The newest evaluation."""

    count: int = Field(description="evaluations kept [reports]")
    metric: str | None = Field(description="leading metric of the newest")
    value: float | None = Field(description="its value")
    model: str | None = Field(description="model judged", json_schema_extra={"port": "model"})
    dataset: str | None = Field(
        description="dataset it was judged on", json_schema_extra={"port": "dataset"}
    )
    at: float | None = Field(description="when [s since 1970]")


class DeploymentsStation(BaseModel):
    """Deployments and what they were asked."""

    count: int = Field(description="deployments [deployments]")
    requests_day: int = Field(description="requests logged in the last 24 hours [requests]")
    busiest: str | None = Field(
        description="deployment with most of them; none: no traffic",
        json_schema_extra={"port": "deployment"},
    )


class IndexesStation(BaseModel):
    """Search indexes."""

    count: int = Field(description="indexes [indexes]")
    stale: int = Field(description="indexes older than their dataset [indexes]")


class DriftStation(BaseModel):
    """Watches and alerts."""

    watches: int = Field(description="watches [watches]")
    open_alerts: int = Field(description="alerts nobody has dealt with [alerts]")
    checked_at: float | None = Field(description="when the last check was made [s since 1970]")


class Wheel(BaseModel):
    """The loop, one entry a station."""

    datasets: DatasetsStation = Field(description="data")
    quality: QualityStation = Field(description="its quality")
    labels: LabelsStation = Field(description="labelling")
    runs: RunsStation = Field(description="training")
    models: ModelsStation = Field(description="models")
    evaluations: EvaluationsStation = Field(description="how good they are")
    deployments: DeploymentsStation = Field(description="serving")
    indexes: IndexesStation = Field(description="search")
    drift: DriftStation = Field(description="drift")


class TrafficLine(BaseModel):
    """What one deployment was asked."""

    deployment: str = Field(description="deployment", json_schema_extra={"port": "deployment"})
    requests_day: int = Field(description="requests logged in the last 24 hours [requests]")
    requests_all: int = Field(description="requests logged in all [requests]")


class Made(BaseModel):
    """One artifact that was made lately."""

    ref: str = Field(description="reference")
    kind: str = Field(description="kind")
    name: str = Field(description="name")
    version: int = Field(description="version")
    at: float = Field(description="when it was made [s since 1970]")
    actor: str = Field(description="who made it")
    job: str | None = Field(description="job that made it")
    op: str | None = Field(description="op of that job")
    aliases: list[str] = Field(description="aliases that point at it")


class OverviewResult(BaseModel):
    """What needs somebody, the loop, and what was made last."""

    needs: list[Need] = Field(description="what waits for a person, the most urgent first")
    wheel: Wheel = Field(description="the loop with live counts")
    traffic: list[TrafficLine] = Field(description="the busiest 20 deployments")
    recent: list[Made] = Field(description="what was made last, the newest first")
    project: str = Field(description="project")
    at: float = Field(description="when these counts were taken [s since 1970]")
