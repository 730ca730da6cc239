"""What the ops of watches and alerts take and give."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from millrace.core.errors import InvalidInput
from millrace.core.ids import parse_ref
from millrace.kinds.ref import DatasetRef, DeploymentRef, Name
from millrace.kinds.rows import Params

LONGEST = 48  # an alert's name adds a digest to the watch's [characters]
State = Literal["open", "acknowledged", "handled"]


def _of(kind: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            return str(parse_ref(value, kind))
        except InvalidInput as error:
            raise ValueError(str(error)) from error

    return AfterValidator(check)


WatchRef = Annotated[str, _of("watch"), Field(max_length=140, json_schema_extra={"port": "watch"})]
AlertRef = Annotated[str, _of("alert"), Field(max_length=140, json_schema_extra={"port": "alert"})]


class Definition(Params):
    """What is watched, against what, and how often."""

    deployment: DeploymentRef = Field(
        description="deployment whose inputs are watched", json_schema_extra={"positional": True}
    )
    reference: DatasetRef | None = Field(
        default=None, description="dataset to compare with; left out: what its model learnt from"
    )
    columns: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="columns to compare; left out: all that both have, but dates and identifiers",
    )
    alpha: float = Field(
        default=0.01, gt=0, le=0.2, description="chance of a false alarm in one check [0..1]"
    )
    every: float = Field(
        default=86_400, ge=60, le=31_622_400, description="time between two checks [s]"
    )
    window: float = Field(
        default=86_400, ge=60, le=31_622_400, description="how far back requests are judged [s]"
    )
    least: int = Field(
        default=100, ge=20, le=1_000_000, description="rows a window needs to be judged [rows]"
    )


class WatchParams(Definition):
    """A watch to set up, or to change when it exists."""

    name: Name | None = Field(
        default=None, max_length=LONGEST, description="name; left out: the deployment's"
    )


class Watch(Definition):
    """A watch as it stands."""

    watch: str = Field(description="reference of this version", json_schema_extra={"port": "watch"})
    name: str = Field(description="name of the watch")
    created_at: float = Field(description="when this version was made [s since 1970]")
    checked_at: float | None = Field(description="when it was last checked [s since 1970]")
    due: bool = Field(description="whether it is time to check it again")
    open_alerts: int = Field(description="its alerts that nobody has dealt with [alerts]")


class WatchesParams(Params):
    """Nothing to choose: every watch of the project is listed."""


class Watches(BaseModel):
    """Every watch of the project."""

    watches: list[Watch] = Field(description="watches by name")


class OneWatch(Params):
    """Which watch."""

    watch: WatchRef = Field(description="watch", json_schema_extra={"positional": True})


class Removed(BaseModel):
    """What is watched no more."""

    watch: str = Field(
        description="the watch that was taken away", json_schema_extra={"port": "watch"}
    )


class Column(BaseModel):
    """How far one column has moved."""

    column: str = Field(description="column, or '(all columns together)'")
    kind: str = Field(description="number, category, text or joint")
    drifted: bool = Field(description="whether it changed: sure enough, and not negligibly")
    size: float = Field(description="the change on one scale for all kinds [0..1]")
    strength: str = Field(description="the size in a word")
    adjusted_p: float = Field(description="p value adjusted over all tests [0..1]")
    says: str = Field(description="what changed, in words")


class ChecksParams(OneWatch):
    """Whose checks to show."""

    limit: int = Field(default=100, ge=1, le=1000, description="newest checks shown [checks]")


class Check(BaseModel):
    """One look at a deployment's inputs."""

    check: str = Field(description="reference", json_schema_extra={"port": "check"})
    at: float = Field(description="when [s since 1970]")
    reference: str = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str = Field(
        description="dataset version of the rows asked about", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows judged [rows]")
    drifted: bool = Field(description="whether anything changed")
    verdict: str = Field(description="the answer in words")
    columns: list[Column] = Field(description="every test made, the surest change first")


class Checks(BaseModel):
    """A watch over time."""

    checks: list[Check] = Field(description="checks, the newest first")


class AlertsParams(Params):
    """Which alerts to list."""

    state: Literal["open", "acknowledged", "handled", "all"] = Field(
        default="open", description="only alerts in this state"
    )
    deployment: DeploymentRef | None = Field(default=None, description="only alerts of it")
    limit: int = Field(default=50, ge=1, le=1000, description="alerts shown at most [alerts]")
    offset: int = Field(default=0, ge=0, description="alerts passed over [alerts]")


class Alert(BaseModel):
    """Something that changed, and whether somebody has dealt with it."""

    alert: str = Field(description="reference", json_schema_extra={"port": "alert"})
    state: State = Field(description="open, acknowledged, or handled by flows.review_drift")
    watch: str = Field(description="watch that found it")
    deployment: str = Field(
        description="deployment whose inputs changed", json_schema_extra={"port": "deployment"}
    )
    reference: str = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str = Field(
        description="dataset version of the rows asked about", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows judged [rows]")
    verdict: str = Field(description="what changed, in words")
    columns: list[Column] = Field(description="columns that drifted, the surest first")
    at: float = Field(description="when it was found [s since 1970]")
    changed_at: float = Field(description="when its state last changed [s since 1970]")
    by: str | None = Field(description="who changed its state; none: nobody yet")
    note: str = Field(description="what they said")
    labelset: str | None = Field(
        description="label set its rows were lined up in; none: not yet",
        json_schema_extra={"port": "labelset"},
    )


class Alerts(BaseModel):
    """One page of alerts."""

    alerts: list[Alert] = Field(description="alerts, the newest first")
    total: int = Field(description="alerts that fit, over all pages")
    open: int = Field(description="alerts of the project that are open")


class AcknowledgeParams(Params):
    """Which alert somebody has seen."""

    alert: AlertRef = Field(description="alert", json_schema_extra={"positional": True})
    note: str = Field(default="", max_length=2000, description="what is to be said about it")
