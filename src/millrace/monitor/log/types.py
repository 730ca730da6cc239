"""What `monitor.requests` takes and gives."""

from pydantic import BaseModel, Field

from millrace.kinds.ref import DeploymentRef, ModelRef
from millrace.kinds.rows import Params


class RequestsParams(Params):
    """Which logged requests to show."""

    deployment: DeploymentRef = Field(
        description="deployment whose requests are shown", json_schema_extra={"positional": True}
    )
    limit: int = Field(default=50, ge=1, le=1000, description="requests shown at most [requests]")
    before: str | None = Field(
        default=None, max_length=200, description="'next' of the page above, to go on after it"
    )
    status: int | None = Field(default=None, ge=100, le=599, description="only with this status")
    failed: bool | None = Field(
        default=None, description="only with a status of 400 and above, or only below it"
    )
    model: ModelRef | None = Field(
        default=None, description="only answered by this model version, such as intent@3"
    )
    since: float | None = Field(
        default=None, ge=0, le=1e11, description="answered at or after this [s since 1970]"
    )
    until: float | None = Field(
        default=None, ge=0, le=1e11, description="answered before this [s since 1970]"
    )
    text: str | None = Field(
        default=None,
        max_length=200,
        description="only with this text in inputs, outputs, error or request id",
    )


class RequestLine(BaseModel):
    """One logged request."""

    at: float = Field(description="when it was answered [s since 1970]")
    request_id: str = Field(description="its identifier")
    model: str = Field(
        description="model version that answered", json_schema_extra={"port": "model"}
    )
    rows: int = Field(description="rows predicted [rows]")
    latency_ms: float | None = Field(description="time to the answer [ms]")
    status: int = Field(description="HTTP status")
    error: str | None = Field(description="what was wrong; none: nothing")
    cost: float | None = Field(description="logged cost [USD]")
    inputs: str | None = Field(description="what was asked, as JSON, cut at 2,000 characters")
    outputs: str | None = Field(description="what was answered, as JSON, cut at 2,000 characters")
    cut: bool = Field(description="whether inputs or outputs were cut")


class RequestsResult(BaseModel):
    """One page of logged requests, the newest first."""

    deployment: str = Field(description="deployment")
    dataset: str | None = Field(
        description="dataset version of logged requests; none: no traffic",
        json_schema_extra={"port": "dataset"},
    )
    requests: list[RequestLine] = Field(description="requests, the newest first")
    matching: int = Field(description="requests that fit, over all pages")
    next: str | None = Field(description="send as 'before' for the next page; none: the end")
    notes: list[str] = Field(description="what limits this")
