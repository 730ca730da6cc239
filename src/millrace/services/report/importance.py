"""What explanations of a model found, as data, and the section of a page that shows it."""

from pydantic import BaseModel, Field

from millrace.services.report.document import Block, Grid, Note, Plot, Section, Text
from millrace.services.report.plots.charts import Axes, Bar, bars

REPORT_TYPE = "importance"


class ColumnImportance(BaseModel):
    """How much worse a model gets when one column tells it nothing."""

    column: str = Field(description="input column")
    type: str = Field(description="how the model uses it")
    value: float = Field(description="how much worse the metric gets")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")
    matters: bool = Field(description="whether the interval lies above zero")


class Importance(BaseModel):
    """How much each input column of a model matters on one dataset."""

    model: str = Field(description="model explained", json_schema_extra={"port": "model"})
    dataset: str = Field(
        description="dataset whose rows were shuffled", json_schema_extra={"port": "dataset"}
    )
    target: str = Field(description="column with what was so")
    metric: str = Field(description="metric watched: accuracy, log_loss, rmse or mae")
    baseline: float = Field(description="the metric with nothing shuffled")
    rows: int = Field(description="rows used [rows]")
    repeats: int = Field(description="times each column was shuffled")
    confidence: float = Field(description="level of the intervals [0..1]")
    columns: list[ColumnImportance] = Field(description="the most important first")
    notes: list[str] = Field(description="what a reader should know")


def section(found: Importance, most: int = 20) -> Section:
    """Return the section of a page that shows importances."""
    name = found.metric.replace("_", " ")
    verb = "falls" if found.metric == "accuracy" else "rises"
    shown = found.columns[:most]
    drawn = [Bar(line.column, line.value, line.low, line.high) for line in shown]
    blocks: list[Block] = [
        Text(
            f"How far {name} {verb} when the values of one column are shuffled among "
            f"{found.rows:,} rows of {found.dataset}, {found.repeats} times; {name} is "
            f"{found.baseline:.4g} with nothing shuffled."
        ),
        Plot(bars(drawn, Axes("Importance of the columns", f"{name} {verb} by"))),
    ]
    blocks.extend(Note(note) for note in found.notes)
    rows = [[c.column, c.type, c.value, c.low, c.high, c.matters] for c in shown]
    more = len(found.columns) - len(shown)
    caption = f"{more} less important columns are left out." if more else ""
    blocks.append(Grid(["column", "type", "value", "low", "high", "matters"], rows, caption, 4))
    return Section("What it looks at", blocks)
