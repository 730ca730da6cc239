"""What flows take and give."""

from typing import Any

from pydantic import BaseModel, Field

from millrace.kinds.ref import Name
from millrace.kinds.rows import Params
from millrace.kinds.task import Task


class TourParams(Params):
    """A file to go round the loop with; what is left out is guessed, with the reason."""

    file: str = Field(
        min_length=1,
        max_length=2000,
        description="CSV, Parquet, JSONL or Excel file",
        json_schema_extra={"positional": True, "file": "table"},
    )
    target: str | None = Field(default=None, max_length=200, description="column to predict")
    text: str | None = Field(default=None, max_length=200, description="main column of texts")
    holdout: str | None = Field(
        default=None,
        max_length=2000,
        description="file to judge on; left out: a fifth of the rows",
        json_schema_extra={"file": "table"},
    )
    budget: float = Field(default=30.0, ge=1, le=86_400, description="CPU time for training [s]")
    name: Name | None = Field(
        default=None, description="name of dataset, model and deployment; left out: the file's"
    )
    report: str | None = Field(
        default=None,
        max_length=2000,
        description="HTML file to write; left out: reports/ in the workspace",
        json_schema_extra={"file": "replace"},
    )


class Before(BaseModel):
    """What stood in the workspace when a station came to it, so that a resumed one does the same.

    It is looked at as late as can be: another tour may go round while this one is paused.
    """

    model: str = Field(default="", description="name of the model and the deployment")
    labelset: str = Field(default="", description="name of the label set")
    labels: int | None = Field(default=None, description="version of the label set; 0: none")
    deployed: bool | None = Field(default=None, description="whether the deployment existed")


class Judged(BaseModel):
    """The main metric on rows the model never saw."""

    metric: str = Field(description="name of the metric")
    value: float = Field(description="the metric")
    interval: tuple[float, float] | None = Field(description="95 % interval")


class Station(BaseModel):
    """What one station of the loop said."""

    name: str = Field(description="station, such as quality or automl")
    says: str = Field(description="what it found, in words")
    ref: str = Field(default="", description="what it left in the workspace")


class TourResult(BaseModel):
    """What the loop found on this file, and where to look."""

    dataset: str = Field(description="the imported file", json_schema_extra={"port": "dataset"})
    train: str = Field(
        description="rows the model learnt from", json_schema_extra={"port": "dataset"}
    )
    holdout: str = Field(description="rows it was judged on", json_schema_extra={"port": "dataset"})
    target: str = Field(description="column that is predicted")
    task: Task = Field(description="classification or regression")
    why: str = Field(description="why this column")
    model: str = Field(
        description="model version that was trained", json_schema_extra={"port": "model"}
    )
    evaluation: Judged = Field(description="how good it is on the holdout")
    quality: float = Field(description="quality score of the data [0..100]")
    stations: list[Station] = Field(description="each station in order")
    notes: list[str] = Field(description="what you should know about these figures")
    report: str = Field(description="HTML report with plots")
    cpu: float = Field(description="CPU time of the whole tour [s]")
    wall: float = Field(description="time it took [s]")

    def readable(self) -> str:
        """Return the short report a person reads in a terminal."""
        low_high = self.evaluation.interval
        interval = f"  (95 %: {low_high[0]:.4g} to {low_high[1]:.4g})" if low_high else ""
        width = max(len(station.name) for station in self.stations)
        lines = [
            f"{self.target}: {self.task}, because {self.why}.",
            f"{self.evaluation.metric} {self.evaluation.value:.4g}{interval} on {self.holdout}",
            "",
            *(f"  {station.name:<{width}}  {station.says}" for station in self.stations),
            *(["", *(f"Note: {note}" for note in self.notes)] if self.notes else []),
            "",
            f"Report: {self.report}",
            f"{self.cpu:.0f} CPU-s, {self.wall:.0f} s. 'make up' shows this workspace.",
        ]
        return "\n".join(lines)


class Findings(BaseModel):
    """What the stations returned, kept from one to the next."""

    stations: list[Station] = Field(default_factory=list[Station], description="so far")
    notes: list[str] = Field(default_factory=list[str], description="so far")
    results: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="result of each op by station"
    )

    def add(self, name: str, says: str, result: Any = None, ref: str = "") -> Station:
        """Keep what a station said."""
        station = Station(name=name, says=says, ref=ref)
        self.stations.append(station)
        self.results[name] = result
        return station
