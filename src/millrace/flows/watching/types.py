"""What `flows.check_drift` takes and gives."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.rows import Params
from millrace.monitor.watching.types import WatchRef


class CheckParams(Params):
    """Which watches to look at."""

    watch: WatchRef | None = Field(
        default=None,
        description="watch to check; left out: every one that is due",
        json_schema_extra={"positional": True},
    )
    force: bool = Field(default=False, description="check also what is not due")


class Checked(BaseModel):
    """What came of one watch."""

    watch: str = Field(description="watch")
    deployment: str = Field(
        description="deployment whose inputs were judged", json_schema_extra={"port": "deployment"}
    )
    reference: str | None = Field(
        description="dataset version compared with", json_schema_extra={"port": "dataset"}
    )
    current: str | None = Field(
        description="dataset version of the rows asked about", json_schema_extra={"port": "dataset"}
    )
    rows: int = Field(description="rows judged [rows]")
    drifted: bool | None = Field(description="whether anything changed; none: not judged")
    verdict: str = Field(description="the answer in words")
    alert: str | None = Field(description="alert about it", json_schema_extra={"port": "alert"})
    skipped: Literal["", "not due", "too few rows", "no reference"] = Field(
        description="why it was not judged; empty: it was"
    )


class CheckResult(BaseModel):
    """What came of every watch."""

    checked: list[Checked] = Field(description="watches, by name")
    alerts: list[str] = Field(description="alerts about what has changed")
