"""The usual pictures of a classifier or a regressor, from plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from millrace.services.report.plots.charts import Axes, Bar, Series, bars, lines, scatter
from millrace.services.report.plots.grid import MOST_CELLS, Matrix, heatmap
from millrace.services.report.plots.scale import number, span
from millrace.services.report.plots.svg import Picture


def _square(title: str, x_label: str, y_label: str, *, diagonal: bool = False) -> Axes:
    unit = (0.0, 1.0)
    return Axes(title, x_label, y_label, unit, unit, diagonal, height=420.0, width=480.0)


@dataclass(frozen=True)
class Curve:
    """One named curve and the area below it."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    area: float | None = None

    @property
    def label(self) -> str:
        """Return the name with the area."""
        return self.name if self.area is None else f"{self.name} ({number(self.area)})"


def roc(curves: Sequence[Curve], title: str = "ROC curve") -> Picture:
    """Plot true against false positives; the dashed diagonal is guessing."""
    axes = _square(title, "false positive rate", "true positive rate", diagonal=True)
    return lines([Series(curve.label, curve.x, curve.y) for curve in curves], axes)


def precision_recall(curves: Sequence[Curve], title: str = "Precision and recall") -> Picture:
    """Plot precision against recall."""
    axes = _square(title, "recall", "precision")
    return lines([Series(curve.label, curve.x, curve.y) for curve in curves], axes)


def calibration(
    curves: Sequence[Curve], title: str = "Calibration: what was said against what was so"
) -> Picture:
    """Plot the share that was right against the stated probability, by bin."""
    axes = _square(title, "stated probability", "share that was so", diagonal=True)
    return lines([Series(curve.label, curve.x, curve.y, "both") for curve in curves], axes)


def confusion(
    labels: Sequence[str], counts: Sequence[Sequence[float]], title: str = "Confusion matrix"
) -> Picture:
    """Plot true labels by predicted ones; past 40 classes the 30 most confused stay.

    The classes left out are folded into one row and column, "all others".
    """
    if len(labels) > MOST_CELLS:
        labels, counts = _most_confused(labels, counts)
        title = f"{title} (the {len(labels) - 1} most confused classes)"
    matrix = Matrix(counts, labels, labels, "true label", "predicted label")
    return heatmap(title, matrix, by_row=True)


def predicted_actual(
    actual: Sequence[float], predicted: Sequence[float], title: str = "Predicted against actual"
) -> Picture:
    """Plot predictions over what was so; the dashed diagonal is perfect."""
    both = span([*actual, *predicted])
    axes = Axes(title, "actual", "predicted", both, both, diagonal=True, width=480.0, height=420.0)
    return scatter([Series("rows", actual, predicted)], axes)


def importance(rows: Sequence[Bar], title: str, label: str) -> Picture:
    """Plot features by how much the score falls without them."""
    return bars(rows, Axes(title, label))


def _most_confused(
    labels: Sequence[str], counts: Sequence[Sequence[float]], keep: int = 30
) -> tuple[list[str], list[list[float]]]:
    size = len(labels)
    wrong = [
        sum(counts[index]) + sum(row[index] for row in counts) - 2 * counts[index][index]
        for index in range(size)
    ]
    best = sorted(sorted(range(size), key=lambda index: -wrong[index])[:keep])
    place = {index: at for at, index in enumerate(best)}
    folded = [[0.0] * (keep + 1) for _ in range(keep + 1)]
    for row in range(size):
        for column in range(size):
            folded[place.get(row, keep)][place.get(column, keep)] += counts[row][column]
    return [*(labels[index] for index in best), "all others"], folded
