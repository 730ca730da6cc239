"""What an evaluation found, as data, and the sections of a page that show it."""

from typing import Literal

from pydantic import BaseModel, Field

from millrace.kinds.metric import Metric
from millrace.kinds.task import Task
from millrace.services.report.document import (
    Block,
    Grid,
    Note,
    Pair,
    Plot,
    Section,
    Text,
    Tile,
    Tiles,
)
from millrace.services.report.plots import curves
from millrace.services.report.plots.charts import Axes, Bar, bars, histogram
from millrace.services.report.plots.scale import number

REPORT_TYPE = "evaluation"
FEW_LABELS = 6  # so many fit beside another plot
NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1 (macro)",
    "f1_weighted": "F1 (weighted)",
    "mcc": "Matthews correlation",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "roc_auc": "ROC AUC",
    "pr_auc": "average precision",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "median_ae": "median absolute error",
    "r2": "R²",
    "mape": "mean absolute percentage error",
}


class MeasuredMetric(Metric):
    """A metric and how its interval was found."""

    method: str = Field(description="bias-corrected bootstrap, bootstrap with lift, wilson or none")
    resamples: int = Field(default=0, description="resamples drawn")


class ClassLine(BaseModel):
    """How well one class is found."""

    label: str = Field(description="the class")
    rows: int = Field(description="rows that are of this class [rows]")
    precision: float = Field(description="share of the answers with this class that are right")
    recall: float = Field(description="share of its rows that were found")
    f1: float = Field(description="harmonic mean of both")


class ConfusedPair(BaseModel):
    """Two labels that are taken for each other."""

    truth: str = Field(description="what was so")
    predicted: str = Field(description="what was said")
    rows: int = Field(description="how often [rows]")


class SliceLine(BaseModel):
    """The model on one part of the rows, against the rest."""

    column: str = Field(description="column that makes the slice")
    name: str = Field(description="value or range")
    rows: int = Field(description="rows in the slice [rows]")
    value: float = Field(description="accuracy, or mean absolute error")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")
    rest: float | None = Field(description="the same of all other rows")
    p: float | None = Field(description="p-value of the difference to the rest")
    adjusted: float | None = Field(description="p-value with Holm's correction over all slices")
    small: bool = Field(description="too few rows to rely on")
    worse: bool = Field(description="worse than the rest, beyond chance")


class Summary(BaseModel):
    """What an evaluation found, without the points of its plots."""

    model: str = Field(
        default="",
        description="model judged, empty for a column of predictions",
        json_schema_extra={"port": "model"},
    )
    prediction: str = Field(default="", description="column of predictions judged")
    dataset: str = Field(
        description="dataset it was judged on", json_schema_extra={"port": "dataset"}
    )
    target: str = Field(description="column with what was so")
    task: Task = Field(description="classification or regression")
    rows: int = Field(description="rows judged [rows]")
    left_out: dict[str, int] = Field(description="rows that could not be judged, by reason [rows]")
    confidence: float = Field(description="level of the intervals [0..1]")
    metrics: list[MeasuredMetric] = Field(description="metrics, the leading one first")
    classes: list[ClassLine] = Field(description="each class, the commonest first")
    confused: list[ConfusedPair] = Field(description="labels most often taken for another")
    slices: list[SliceLine] = Field(description="parts of the rows, the worst first")
    notes: list[str] = Field(description="what a reader should know")

    def metric(self, name: str) -> MeasuredMetric | None:
        """Return one metric by name."""
        return next((metric for metric in self.metrics if metric.name == name), None)


class CurveLine(BaseModel):
    """Points of one curve."""

    kind: Literal["roc", "pr", "calibration"] = Field(description="which plot it belongs to")
    label: str = Field(description="class or model")
    x: list[float] = Field(description="false positive rate, recall or stated probability")
    y: list[float] = Field(description="true positive rate, precision or share that was so")
    area: float | None = Field(default=None, description="area below it")
    rows: list[int] = Field(default_factory=list, description="rows behind each point [rows]")


class Evaluation(Summary):
    """Everything an evaluation found; stored as JSON."""

    labels: list[str] = Field(default_factory=list, description="labels of the confusion matrix")
    confusion: list[list[int]] = Field(
        default_factory=list, description="rows by true and predicted label [rows]"
    )
    curves: list[CurveLine] = Field(default_factory=list, description="ROC, PR, calibration")
    edges: list[float] = Field(default_factory=list, description="edges of the histogram of errors")
    counts: list[int] = Field(default_factory=list, description="rows by error [rows]")
    actual: list[float] = Field(default_factory=list, description="targets of up to 1,000 rows")
    predicted: list[float] = Field(default_factory=list, description="predictions of these rows")


def interval(metric: Metric, digits: int = 3) -> str:
    """Write the interval of a metric, empty when it has none."""
    if metric.low is None or metric.high is None:
        return ""
    low, high = (number(end, digits, fixed=True) for end in (metric.low, metric.high))
    return f"{low} to {high}"


def tiles(found: Summary, most: int = 4) -> Tiles:
    """Return the leading metrics as large figures."""
    chosen = [
        "accuracy", "f1_macro", "roc_auc", "log_loss", "rmse", "mae", "r2", "median_ae",
    ]  # fmt: skip
    metrics = [metric for name in chosen if (metric := found.metric(name)) is not None]
    return Tiles(
        [
            Tile(NAMES.get(m.name, m.name), number(m.value, 3, fixed=True), interval(m))
            for m in metrics[:most]
        ]
    )


def metrics_table(found: Summary) -> Grid:
    """Return every metric with its interval and how that was found."""
    rows = [
        [
            NAMES.get(m.name, m.name),
            m.value,
            m.low,
            m.high,
            "more is better" if m.greater_is_better else "less is better",
            f"{m.method} ({m.resamples})" if m.resamples else m.method,
        ]
        for m in found.metrics
    ]
    said = f"{found.rows:,} rows of {found.dataset}; intervals at {found.confidence:.0%}."
    return Grid(["metric", "value", "low", "high", "direction", "interval by"], rows, said)


def sections(found: Evaluation) -> list[Section]:
    """Return the sections of a page that show an evaluation."""
    blocks: list[Block] = [tiles(found), metrics_table(found)]
    blocks.extend(Note(note, warning=True) for note in found.notes)
    if found.left_out:
        reasons = ", ".join(f"{count:,} {why}" for why, count in found.left_out.items())
        blocks.append(Text(f"Rows that were left out: {reasons}."))
    made = [Section("How good it is", blocks)]
    plots = _plots(found)
    if plots:
        made.append(Section("Plots", plots))
    if found.classes:
        made.append(Section("Classes", _classes(found)))
    if found.slices:
        made.append(Section("Where it is better and worse", _slices(found)))
    return made


def _plots(found: Evaluation) -> list[Block]:
    pair: list[Plot] = []
    for kind, draw in (
        ("roc", curves.roc),
        ("pr", curves.precision_recall),
        ("calibration", curves.calibration),
    ):
        lines = [
            curves.Curve(line.label, line.x, line.y, line.area)
            for line in found.curves
            if line.kind == kind
        ]
        if lines:
            pair.append(Plot(draw(lines)))
    if found.actual:
        pair.append(Plot(curves.predicted_actual(found.actual, found.predicted)))
    if found.counts:
        axes = Axes("Errors", "predicted minus actual", "rows", width=480.0, height=420.0)
        pair.append(Plot(histogram(found.counts, found.edges, axes)))
    if found.confusion:
        matrix = curves.confusion(found.labels, found.confusion)
        plot = Plot(matrix, "Each row is shaded by its own sum.")
        if len(found.labels) > FEW_LABELS:
            return [*([Pair(pair)] if pair else []), plot]
        pair.append(plot)
    return [Pair(pair)] if pair else []


def _classes(found: Summary, most: int = 40) -> list[Block]:
    rows = [[c.label, c.rows, c.precision, c.recall, c.f1] for c in found.classes[:most]]
    more = len(found.classes) - len(rows)
    caption = f"The {most} commonest; {more} more are left out." if more > 0 else ""
    blocks: list[Block] = [Grid(["class", "rows", "precision", "recall", "F1"], rows, caption)]
    if found.confused:
        pairs = [[pair.truth, pair.predicted, pair.rows] for pair in found.confused[:12]]
        blocks.append(Grid(["true label", "taken for", "rows"], pairs, "Most often confused"))
    return blocks


def _slices(found: Summary, most: int = 15) -> list[Block]:
    metric = "accuracy" if found.task == "classification" else "mean absolute error"
    worst = [line for line in found.slices if line.worse]
    said = (
        f"{len(worst)} of {len(found.slices)} slices are worse than the rest of the rows, beyond "
        f"what chance explains (Holm's correction at {1 - found.confidence:.0%})."
    )
    shown = found.slices[:most]
    rows = [
        [
            f"{s.column}: {s.name}",
            s.rows,
            s.value,
            s.rest,
            s.adjusted,
            "worse" if s.worse else "few rows" if s.small else "",
        ]
        for s in shown
    ]
    drawn = [Bar(f"{s.column}: {s.name}", s.value, s.low, s.high, f"({s.rows:,})") for s in shown]
    return [
        Text(said),
        Plot(bars(drawn, Axes(f"{metric} by slice", metric)), "In brackets: rows of the slice."),
        Grid(["slice", "rows", metric, "rest", "adjusted p", "note"], rows),
    ]
