"""What the ops of this folder take and give."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.ref import DatasetRef, ModelRef, Name
from millrace.kinds.rows import Params
from millrace.kinds.task import Task
from millrace.services.report.evaluation import Summary

Learner = Literal["baseline", "linear", "lightgbm"]


class Judging(Params):
    """How intervals are found."""

    confidence: float = Field(default=0.95, ge=0.5, le=0.999, description="level [0..1]")
    resamples: int = Field(
        default=1000, ge=0, le=20_000, description="bootstrap resamples; 0: no intervals"
    )
    rows: int | None = Field(
        default=None, ge=2, le=100_000_000, description="judge only the first rows [rows]"
    )


class RunParams(Judging):
    """What to judge, and on what."""

    model: ModelRef | None = Field(
        default=None, description="model to judge", json_schema_extra={"positional": True}
    )
    dataset: DatasetRef = Field(description="dataset to judge it on")
    target: str | None = Field(
        default=None, max_length=200, description="column with what was so; default: the model's"
    )
    prediction: str | None = Field(
        default=None, max_length=200, description="judge this column instead of a model"
    )
    score: str | None = Field(
        default=None,
        max_length=200,
        description="column with the probability of the second label, for 'prediction'",
    )
    task: Task | None = Field(default=None, description="task of 'prediction'; default: guessed")
    slices: list[str] | None = Field(
        default=None,
        max_length=100,
        description="columns to slice by; default: the first 8 that the model reads; []: none",
    )
    bins: int = Field(default=4, ge=2, le=20, description="ranges a number is sliced into")
    least: int = Field(
        default=30, ge=2, le=10_000, description="slices with fewer rows are marked small [rows]"
    )
    report: Name | None = Field(default=None, description="name of the report kept")
    keep: bool = Field(default=True, description="whether a report is kept")


class RunResult(Summary):
    """What was found, and where the whole of it is kept."""

    report: str = Field(
        default="",
        description="report with the points of every plot",
        json_schema_extra={"port": "report"},
    )


class ShowParams(Params):
    """Which report."""

    report: str = Field(
        max_length=140, description="report to read", json_schema_extra={"positional": True}
    )
    labels: int = Field(
        default=1000, ge=2, le=100_000, description="labels in the confusion matrix at most"
    )


class ListParams(Params):
    """Which evaluations."""

    model: ModelRef | None = Field(
        default=None,
        description="only of this model; without a version: of all its versions",
        json_schema_extra={"positional": True},
    )
    dataset: DatasetRef | None = Field(
        default=None, description="only on this dataset; without a version: on all its versions"
    )
    limit: int = Field(default=50, ge=1, le=1000, description="evaluations shown at most")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="evaluations passed over")


class EvaluationLine(BaseModel):
    """One stored evaluation in short."""

    report: str = Field(description="report that keeps it", json_schema_extra={"port": "report"})
    model: str = Field(
        description="model judged; empty: a column of predictions",
        json_schema_extra={"port": "model"},
    )
    prediction: str = Field(description="column of predictions judged; empty: a model")
    dataset: str = Field(
        description="dataset it was judged on", json_schema_extra={"port": "dataset"}
    )
    target: str = Field(description="column with what was so")
    task: str = Field(description="classification or regression; empty: not recorded")
    rows: int = Field(description="rows judged [rows]")
    metrics: dict[str, float] = Field(description="metrics by name")
    created_at: float = Field(description="when it was made [s since 1970]")
    actor: str = Field(description="who made it")
    job: str | None = Field(description="job that made it")


class ListResult(BaseModel):
    """Evaluations, the newest first."""

    evaluations: list[EvaluationLine] = Field(description="evaluations, the newest first")
    total: int = Field(description="evaluations that fit")


class CompareParams(Judging):
    """Two things to compare on the same rows."""

    a: ModelRef | None = Field(
        default=None, description="first model", json_schema_extra={"positional": True}
    )
    b: ModelRef | None = Field(
        default=None, description="second model", json_schema_extra={"positional": True}
    )
    dataset: DatasetRef = Field(description="dataset to compare them on")
    target: str | None = Field(
        default=None, max_length=200, description="column with what was so; default: the model's"
    )
    prediction_a: str | None = Field(
        default=None, max_length=200, description="column of predictions instead of 'a'"
    )
    prediction_b: str | None = Field(
        default=None, max_length=200, description="column of predictions instead of 'b'"
    )
    score_a: str | None = Field(
        default=None, max_length=200, description="column with a's probability of the second label"
    )
    score_b: str | None = Field(
        default=None, max_length=200, description="column with b's probability of the second label"
    )


class Difference(BaseModel):
    """One metric of both, and how far apart they are."""

    name: str = Field(description="metric")
    a: float = Field(description="of the first")
    b: float = Field(description="of the second")
    difference: float = Field(description="a minus b")
    low: float = Field(description="lower end of its interval")
    high: float = Field(description="upper end of its interval")
    p: float = Field(description="p-value of the paired bootstrap")
    better: Literal["a", "b", "neither"] = Field(description="which is better beyond chance")


class McNemarResult(BaseModel):
    """Whether two classifiers err equally often."""

    only_a: int = Field(description="rows only the first gets right [rows]")
    only_b: int = Field(description="rows only the second gets right [rows]")
    p_exact: float = Field(description="exact p-value")
    statistic: float = Field(description="chi-squared with continuity correction")
    p_chi2: float = Field(description="its p-value; fit for 25 or more differing rows")


class DeLongResult(BaseModel):
    """Whether two scores rank equally well."""

    auc_a: float = Field(description="area below the ROC curve of the first")
    auc_b: float = Field(description="of the second")
    difference: float = Field(description="a minus b")
    low: float = Field(description="lower end of its interval")
    high: float = Field(description="upper end of its interval")
    p: float = Field(description="p-value")


class CompareResult(BaseModel):
    """How two models differ."""

    a: str = Field(description="the first")
    b: str = Field(description="the second")
    dataset: str = Field(
        description="dataset they were compared on", json_schema_extra={"port": "dataset"}
    )
    task: Task = Field(description="classification or regression")
    rows: int = Field(description="rows judged [rows]")
    confidence: float = Field(description="level of the intervals [0..1]")
    resamples: int = Field(description="bootstrap resamples asked for")
    differences: list[Difference] = Field(description="every metric, the leading one first")
    mcnemar: McNemarResult | None = Field(description="for classification")
    delong: DeLongResult | None = Field(description="for two classes with probabilities")
    verdict: str = Field(description="one sentence")
    notes: list[str] = Field(description="what a reader should know")


class CrossParams(Params):
    """What to train and how to split."""

    dataset: DatasetRef = Field(
        description="dataset to split into folds", json_schema_extra={"positional": True}
    )
    target: str | None = Field(
        default=None, max_length=200, description="column to predict; default: the model's"
    )
    model: ModelRef | None = Field(
        default=None,
        description="retrain the recipe of this model: its members, settings and shares",
    )
    learners: list[Learner] = Field(
        default_factory=lambda: ["baseline", "linear", "lightgbm"],
        max_length=3,
        description="plain learners to train beside it",
    )
    task: Task | None = Field(default=None, description="default: read from the target")
    folds: int = Field(default=5, ge=2, le=50, description="parts, each judged once a repeat")
    repeats: int = Field(default=1, ge=1, le=20, description="times the rows are dealt out anew")
    group: str | None = Field(
        default=None, max_length=200, description="rows with one value of this stay together"
    )
    metric: str = Field(
        default="auto", max_length=40, description="metric compared; auto: accuracy or rmse"
    )
    confidence: float = Field(default=0.95, ge=0.5, le=0.999, description="level [0..1]")
    seed: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="seed; default: the job's"
    )


class FoldScores(BaseModel):
    """One recipe over the folds."""

    name: str = Field(description="learner or model")
    metrics: dict[str, float] = Field(description="mean of each metric over the folds")
    deviation: float = Field(description="standard deviation of the compared metric")
    scores: list[float] = Field(description="the compared metric of each fold")
    seconds: float = Field(description="processor time of training and predicting [s]")


class FoldTest(BaseModel):
    """Two recipes over the same folds (corrected resampled t-test)."""

    a: str = Field(description="the best by mean")
    b: str = Field(description="the other one")
    difference: float = Field(description="mean of a minus b")
    low: float = Field(description="lower end of its interval")
    high: float = Field(description="upper end of its interval")
    t: float | None = Field(description="statistic; none where the folds do not vary")
    p: float = Field(description="p-value")
    adjusted: float = Field(description="p-value with Holm's correction over all pairs")


class CrossResult(BaseModel):
    """How recipes do on rows they were not trained on."""

    dataset: str = Field(
        description="dataset that was split", json_schema_extra={"port": "dataset"}
    )
    target: str = Field(description="column predicted")
    task: Task = Field(description="classification or regression")
    rows: int = Field(description="rows used [rows]")
    folds: int = Field(description="folds in each repeat")
    repeats: int = Field(description="repeats")
    metric: str = Field(description="metric compared")
    recipes: list[FoldScores] = Field(description="the best first")
    tests: list[FoldTest] = Field(description="the best against each other one")
    verdict: str = Field(description="one sentence")
    notes: list[str] = Field(description="what a reader should know")
