"""What `flows.retrain` takes and gives."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef, LabelSetRef, ModelRef
from millrace.kinds.rows import Params


class RetrainParams(Params):
    """Whose labels to learn from, and what to do with a better model."""

    labelset: LabelSetRef = Field(
        description="label set with new answers", json_schema_extra={"positional": True}
    )
    model: ModelRef | None = Field(
        default=None,
        description="model to train again; left out: the only one whose classes are the labels",
    )
    holdout: DatasetRef | None = Field(
        default=None, description="rows to judge on; left out: those it was last evaluated on"
    )
    budget: float | None = Field(
        default=None, ge=1, le=1e7, description="CPU time for training; default: as before [s]"
    )
    min_answers: int = Field(
        default=1, ge=1, le=100, description="answers an item needs to be settled [answers]"
    )
    promote: Literal["never", "if_better"] = Field(
        default="never", description="whether a model that is better beyond chance is promoted"
    )


class RetrainResult(BaseModel):
    """What was learnt, and whether it is better."""

    labels: int = Field(description="rows with a settled label [rows]")
    changed: int = Field(description="training rows whose label changed [rows]")
    added: int = Field(description="rows new in training [rows]")
    held_out: int = Field(description="labelled rows left out because they are judged on [rows]")
    dataset: str = Field(
        description="dataset version learnt from", json_schema_extra={"port": "dataset"}
    )
    champion: str = Field(
        description="model version it is compared with", json_schema_extra={"port": "model"}
    )
    challenger: str = Field(
        description="model version that was trained", json_schema_extra={"port": "model"}
    )
    holdout: str = Field(
        description="dataset both were judged on", json_schema_extra={"port": "dataset"}
    )
    metric: str = Field(description="leading metric")
    champion_value: float = Field(description="its value for the champion")
    challenger_value: float = Field(description="its value for the challenger")
    better: Literal["challenger", "champion", "neither"] = Field(
        description="which is better beyond chance"
    )
    verdict: str = Field(description="the comparison in words")
    promoted: bool = Field(description="whether the challenger is the champion now")
    reports: list[str] = Field(
        description="evaluations of challenger and champion", json_schema_extra={"port": "report"}
    )
    notes: list[str] = Field(description="what to know")

    def readable(self) -> str:
        """Return the short report a person reads in a terminal."""
        name = self.challenger.removeprefix("model:").partition("@")[0]
        after = (
            f"{self.challenger} is the champion now."
            if self.promoted
            else f"It is the challenger; 'millrace model promote {name}@challenger' promotes it."
        )
        return "\n".join(
            [
                f"{self.labels} labels: {self.changed} changed a training row, {self.added} are "
                f"new, {self.held_out} are judged on and left out.",
                f"{self.metric} on {self.holdout}: {self.challenger} {self.challenger_value:.4g}, "
                f"{self.champion} {self.champion_value:.4g}.",
                self.verdict,
                after,
                *(f"Note: {note}" for note in self.notes),
            ]
        )
