"""What the manifest of a saved model says; the file `manifest.json`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from millrace.kinds.task import Task

FORMAT = 1
FILE = "manifest.json"
ARRAYS = "preprocessing.safetensors"

FeatureType = Literal["number", "boolean", "category", "date", "text"]
Source = Literal["number", "boolean", "date", "text"]
Choice = Literal["ensemble", "single"]


class Feature(BaseModel):
    """One input column: what it held in training and how it is turned into numbers."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="column name")
    type: FeatureType = Field(description="how the model uses it")
    source: Source = Field(description="kind of Arrow values seen in training")
    rows: int = Field(description="training rows [rows]")
    missing: int = Field(default=0, description="training rows without a value [rows]")
    low: float = Field(default=0.0, description="smallest value; dates in seconds since 1970")
    high: float = Field(default=0.0, description="largest value; dates in seconds since 1970")
    median: float = Field(default=0.0, description="value that stands for a missing one")
    center: float = Field(default=0.0, description="mean after squashing")
    scale: float = Field(default=1.0, description="standard deviation after squashing")
    squash: bool = Field(default=False, description="whether the signed logarithm is taken first")
    edges: list[float] = Field(default_factory=list, description="inner edges of quantile bins")
    levels: list[str] = Field(default_factory=list, description="categories, most frequent first")
    counts: list[int] = Field(default_factory=list, description="training rows of each [rows]")
    kept: int = Field(default=0, description="leading levels with a code of their own")
    more: bool = Field(default=False, description="whether rarer levels were not listed")
    parts: list[str] = Field(default_factory=list, description="parts of a date that vary")
    dimension: int = Field(default=0, description="length of a text vector")
    components: int = Field(default=0, description="principal directions given to trees")


class EncoderInfo(BaseModel):
    """The text encoder that the model was trained with."""

    name: str = Field(description="name of the encoder")
    fingerprint: str = Field(description="fingerprint of its weights and settings")
    dimension: int = Field(description="length of a vector")


class MemberInfo(BaseModel):
    """One trained learner in the folder."""

    name: str = Field(description="unique name, also the stem of its files")
    kind: str = Field(description="lightgbm, catboost, linear or forest")
    learner: str = Field(description="family of the learner")
    hyperparameters: dict[str, Any] = Field(default_factory=dict, description="its settings")
    rounds: int = Field(default=0, description="trees or iterations")
    score: float = Field(default=0.0, description="its own out-of-fold score")
    weight: float = Field(default=0.0, description="its share in the ensemble [0..1]")


class Manifest(BaseModel):
    """Everything needed to use the model, in plain JSON."""

    model_config = ConfigDict(extra="forbid")

    format: int = Field(default=FORMAT, description="version of this layout")
    task: Task = Field(description="classification or regression")
    target: str = Field(description="column that is predicted")
    classes: list[str | int | bool | float] = Field(
        default_factory=list, description="class values in the order of the probabilities"
    )
    center: float = Field(default=0.0, description="regression: what members answer 0 for")
    scale: float = Field(default=1.0, description="regression: what a step of 1 stands for")
    features: list[Feature] = Field(description="input columns")
    encoder: EncoderInfo | None = Field(default=None, description="text encoder, if any")
    members: list[MemberInfo] = Field(description="learners in the folder")
    single: str = Field(description="name of the best single member")
    chosen: Choice = Field(description="what a plain prediction uses")
    metric: str = Field(default="", description="metric the search used")
    score: float = Field(default=0.0, description="out-of-fold score of what was chosen")
    rows: int = Field(default=0, description="rows the members were trained on [rows]")
    versions: dict[str, str] = Field(default_factory=dict, description="library versions")
    extra: dict[str, Any] = Field(default_factory=dict, description="notes of the trainer")

    def feature(self, name: str) -> Feature | None:
        """Return the feature of that name, if there is one."""
        return next((feature for feature in self.features if feature.name == name), None)

    def weights(self, choice: Choice | None = None) -> dict[str, float]:
        """Return the members that answer and their shares, which sum to 1."""
        if (choice or self.chosen) == "single":
            return {self.single: 1.0}
        return {member.name: member.weight for member in self.members if member.weight > 0}
