"""What the ops of monitor take and give."""

from pydantic import BaseModel, Field

from millrace.kinds.ref import DeploymentRef
from millrace.kinds.rows import Params


class SummaryParams(Params):
    """Which deployment, over which time, how finely."""

    deployment: DeploymentRef = Field(
        description="deployment whose requests are summed up",
        json_schema_extra={"positional": True},
    )
    since: float | None = Field(
        default=None, ge=0, le=1e11, description="begin of the window; none: first [s since 1970]"
    )
    until: float | None = Field(
        default=None, ge=0, le=1e11, description="end of the window; none: last [s since 1970]"
    )
    last: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="the window is this long and ends now, in place of 'since' and 'until' [s]",
    )
    bucket: float | None = Field(
        default=None,
        gt=0,
        le=31_622_400,
        description="length of one bucket; left out: a round length that gives at most 60 [s]",
    )
    most_buckets: int = Field(
        default=500, ge=1, le=10_000, description="buckets beyond which it refuses"
    )


class Traffic(BaseModel):
    """What happened in one span of time, or to one model version."""

    requests: int = Field(description="requests logged")
    rows: int = Field(description="rows predicted in them")
    errors: int = Field(description="requests answered with a status of 400 and above")
    error_share: float = Field(description="the same as a share of the requests [0..1]")
    server_errors: int = Field(description="requests answered with a status of 500 and above")
    per_second: float = Field(description="requests a second over the whole span [1/s]")
    latency_p50: float | None = Field(description="median latency [ms]")
    latency_p95: float | None = Field(description="latency that 95 % stay below [ms]")
    latency_p99: float | None = Field(description="latency that 99 % stay below [ms]")
    latency_max: float | None = Field(description="longest latency [ms]")
    cost: float | None = Field(description="sum of logged costs; none: no cost was logged [USD]")


class Bucket(Traffic):
    """One span of time."""

    start: float = Field(description="where the span begins [s since 1970]")


class ModelTraffic(Traffic):
    """The share of one model version."""

    model: str = Field(
        description="model version that answered", json_schema_extra={"port": "model"}
    )


class Failure(BaseModel):
    """One kind of error."""

    status: int = Field(description="HTTP status")
    error: str = Field(description="error as logged, cut at 200 characters")
    count: int = Field(description="how often")


class SummaryResult(BaseModel):
    """Totals, their course over time, and who and what caused them."""

    deployment: str = Field(description="deployment")
    dataset: str | None = Field(
        description="dataset version of logged requests; none: no traffic",
        json_schema_extra={"port": "dataset"},
    )
    verdict: str = Field(description="the summary in one sentence")
    since: float | None = Field(description="begin of the window [s since 1970]")
    until: float | None = Field(description="end of the window [s since 1970]")
    bucket: float | None = Field(description="length of one bucket [s]")
    total: Traffic = Field(description="over the whole window")
    buckets: list[Bucket] = Field(description="the course over time, empty spans included")
    models: list[ModelTraffic] = Field(description="by model version, the busiest first")
    statuses: dict[str, int] = Field(description="requests by HTTP status")
    failures: list[Failure] = Field(description="the ten most frequent errors")
    notes: list[str] = Field(description="what limits these figures")
