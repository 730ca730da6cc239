"""What the ops of this folder take and give."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef, ModelRef, Name
from millrace.kinds.rows import Params, RowsParams
from millrace.kinds.task import ColumnType, Task

Metric = Literal["auto", "roc_auc", "log_loss", "accuracy", "f1_macro", "rmse", "mae", "r2"]
Learner = Literal["lightgbm", "catboost", "linear", "neighbours"]


class TrainParams(Params):
    """What to predict, from what, and what it may cost."""

    dataset: DatasetRef = Field(
        description="dataset to learn from", json_schema_extra={"positional": True}
    )
    target: str = Field(min_length=1, max_length=200, description="column to predict")
    name: Name | None = Field(
        default=None, description="name of the model; default: the dataset's name"
    )
    budget: float = Field(
        default=60.0, ge=1, le=1e7, description="CPU time of everything, all threads [s]"
    )
    wall: float | None = Field(default=None, ge=1, le=1e7, description="wall time at most [s]")
    task: Task | None = Field(default=None, description="default: read off the target")
    metric: Metric = Field(
        default="auto", description="what to aim at; auto: roc_auc, accuracy or rmse"
    )
    features: list[str] | None = Field(
        default=None, max_length=100_000, description="columns to learn from; default: all others"
    )
    ignore: list[str] = Field(
        default_factory=list[str], max_length=100_000, description="columns to leave out"
    )
    types: dict[str, ColumnType] = Field(
        default_factory=dict[str, ColumnType],
        max_length=100_000,
        description="types of columns, where the choice should not be automatic",
    )
    group: str | None = Field(
        default=None, max_length=200, description="column whose equal values stay in one fold"
    )
    learners: list[Learner] | None = Field(
        default=None, min_length=1, max_length=4, description="learners to try; default: all"
    )
    trials: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="configurations at most; with budget to spare, the result repeats exactly",
    )
    max_latency_ms: float | None = Field(
        default=None, gt=0, le=1e6, description="slowest single-row answer allowed [ms]"
    )
    encoder: str | None = Field(
        default=None,
        max_length=200,
        description="text encoder; default: the setting's, joined with spelling",
    )
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="seed of folds and learners"
    )


class TrialRecord(BaseModel):
    """One configuration that was tried."""

    name: str = Field(description="name of the trial")
    learner: str = Field(description="family of learners")
    origin: str = Field(description="floor, portfolio or search")
    settings: dict[str, Any] = Field(description="hyperparameters")
    folds: int = Field(description="folds it was judged on")
    value: float | None = Field(description="mean of the metric over its folds")
    spread: float | None = Field(description="standard deviation over its folds")
    cpu: float = Field(description="CPU time of its folds [s]")
    cut: bool = Field(description="whether the clock ended one of its fits")
    compared: bool = Field(description="whether it took part in the final comparison")


class MemberRecord(BaseModel):
    """One model that was trained on all rows."""

    name: str = Field(description="trial it came from")
    learner: str = Field(description="family of learners")
    weight: float = Field(description="share in the ensemble [0..1]")
    value: float = Field(description="its own out-of-fold metric")
    latency_ms: float = Field(description="median time of a single-row answer [ms]")


class TrainResult(BaseModel):
    """What was trained, how good it is, and what that rests on."""

    model: str = Field(
        description="reference of the model version", json_schema_extra={"port": "model"}
    )
    target: str = Field(description="column it predicts")
    task: Task = Field(description="classification or regression")
    why: str = Field(description="why that task")
    metric: str = Field(description="metric aimed at")
    value: float = Field(description="out-of-fold metric of what the model answers with")
    chosen: Literal["ensemble", "single"] = Field(description="what the model answers with")
    single: str = Field(description="best single member")
    values: dict[str, float] = Field(
        description="out-of-fold metric of ensemble, single and floor (LightGBM's defaults)"
    )
    latency_ms: dict[str, float] = Field(
        description="median time of a single-row answer of ensemble and single [ms]"
    )
    members: list[MemberRecord] = Field(description="models in the artifact")
    classes: list[str | int | bool | float] = Field(description="classes, if any")
    features: dict[str, str] = Field(description="columns used and as what")
    left_out: dict[str, str] = Field(description="columns not used and why")
    rows: int = Field(description="rows learnt from [rows]")
    rows_left_out: dict[str, int] = Field(description="rows not used, by reason [rows]")
    folds: int = Field(description="folds of the final comparison")
    trials: list[TrialRecord] = Field(description="leaderboard, the best first, 50 at most")
    tried: int = Field(description="configurations tried")
    budget: float = Field(description="CPU time allowed [s]")
    cpu: float = Field(description="CPU time used [s]")
    wall: float = Field(description="wall time used [s]")
    encoder: str = Field(description="text encoder, empty without text")
    reproducible: bool = Field(
        description="whether the clock decided nothing, so that a repeat gives the same bytes"
    )
    notes: list[str] = Field(description="what to know about this result")


class PredictParams(RowsParams):
    """Which model answers which rows."""

    model: ModelRef = Field(description="model that answers")
    column: str = Field(
        default="prediction",
        min_length=1,
        max_length=100,
        description="column to write; '<column>_confidence' stands beside it for classes",
    )
    probabilities: bool = Field(
        default=False, description="also write '<column>_<class>' for every class"
    )


class LeaderboardParams(Params):
    """Whose trials to show."""

    model: ModelRef = Field(
        description="model that automl.train made", json_schema_extra={"positional": True}
    )
