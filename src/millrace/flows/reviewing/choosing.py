"""Which rows people should see, and the table that holds them."""

from dataclasses import dataclass
from typing import Any

from millrace.core.context import Context
from millrace.drift.types import TestResult
from millrace.flows.reviewing.types import Plan, ReviewParams

PREDICTION, CONFIDENCE = "prediction", "confidence"
MOST_ROWS = 20_000
JOINT = "(all columns together)"


@dataclass
class Chosen:
    """Rows in the order people see them."""

    table: Any
    scores: list[float]
    by: str
    text: str
    items: list[int]
    texts: list[str]
    lost: list[str]

    def places(self, labels: list[str]) -> list[Any]:
        """Return the first places of the queue; what was predicted is suggested."""
        from millrace.label.store.queue import Place

        said = self._column(PREDICTION)
        sure = self._column(CONFIDENCE)
        return [
            Place(
                item,
                at,
                suggestion=said[at] if said[at] in labels else None,
                confidence=sure[at] if said[at] in labels else None,
                uncertainty=self.scores[at],
            )
            for at, item in enumerate(self.items)
        ]

    def _column(self, name: str) -> list[Any]:
        if name not in self.table.column_names:
            return [None] * len(self.items)
        return self.table[name].to_pylist()


def choose(params: ReviewParams, plan: Plan, tested: TestResult, ctx: Context) -> Chosen:
    """Return the rows of the current window that say most, without repeats."""
    from millrace.flows.reviewing import engine
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    current = datasets.read(plan.current, limit=MOST_ROWS, project=ctx.project)
    shared = [
        name
        for name in current.column_names
        if name not in ("_id", plan.target, PREDICTION, CONFIDENCE)
        and name in datasets.info(plan.reference, ctx.project).schema.names
    ]
    current = engine.without_repeats(current, shared)
    by = params.by
    sure = _confidences(params, plan, current, ctx)
    if by == "auto":
        by = "uncertain" if sure is not None else "surprising"
    if by == "uncertain" and sure is not None:
        current = sure
        scores = engine.doubt(current[CONFIDENCE])
    else:
        by = "surprising"
        drifted = [one.column for one in tested.columns if one.drifted and one.column in shared]
        reference = datasets.read(plan.reference, shared, limit=MOST_ROWS, project=ctx.project)
        scores = engine.surprise(reference, current, drifted or shared, ctx.seed)
    places = engine.top(scores, params.rows)
    texts = [one.column for one in tested.columns if one.kind == "text" and one.column in shared]
    table = current.take(places)
    if plan.target in table.column_names:
        table = table.drop_columns([plan.target])
    return Chosen(
        table=table,
        scores=[float(scores[at]) for at in places],
        by=by,
        text=texts[0] if texts else "",
        items=[],
        texts=[],
        lost=[],
    )


def _confidences(params: ReviewParams, plan: Plan, current: Any, ctx: Context) -> Any:
    """Return the rows with the model's confidence beside them; None where it is not known."""
    if params.by == "surprising":
        return None
    if CONFIDENCE in current.column_names and current[CONFIDENCE].null_count < current.num_rows:
        return current
    if params.model is None or plan.model is None:
        return None
    import pyarrow as pa

    from millrace.services.encoder import Encoders
    from millrace.services.predictor.predictor import Predictor
    from millrace.stores.models import Models

    models = ctx.use(Models)
    found = models.get(plan.model, ctx.project)
    predictor = Predictor.load(models.folder(found), ctx.use(Encoders))
    given = predictor.predict(current)
    if given.proba is None:
        return None
    for name, values in (
        (PREDICTION, pa.array([str(value) for value in given.values.tolist()], pa.string())),
        (CONFIDENCE, pa.array(given.proba.max(axis=1).tolist(), pa.float64())),
    ):
        if name in current.column_names:
            current = current.drop_columns([name])
        current = current.append_column(name, values)
    return current


def chosen_column(chosen: Chosen, named: str) -> str:
    """Return the column people read in a new set: the one named, a text, or the whole row."""
    from millrace.flows.reviewing import engine

    return named or chosen.text or engine.ROW


def written(chosen: Chosen, plan: Plan, ctx: Context) -> tuple[str, Any]:
    """Return the column people read and the whole table of the label set."""
    import pyarrow as pa

    from millrace.flows.engine import appended
    from millrace.flows.reviewing import engine
    from millrace.stores.datasets import Datasets

    definition = plan.definition
    assert definition is not None
    table = chosen.table.drop_columns(["_id"])
    plain = [n for n in table.column_names if n not in (PREDICTION, CONFIDENCE)]
    # A set that is there keeps the column its people read.
    column = definition.column if definition.dataset else chosen_column(chosen, definition.column)
    if column == engine.ROW and engine.ROW not in table.column_names:
        table = table.append_column(engine.ROW, engine.readable(table, plain))
    said = table[column] if column in table.column_names else engine.readable(table, plain)
    chosen.texts = [str(text or "") for text in said.to_pylist()]
    if not definition.dataset:
        chosen.items = list(range(table.num_rows))
        ids = pa.array(chosen.items, pa.int64())
        return column, table.append_column("_id", ids)
    bound = ctx.use(Datasets).read(definition.dataset, project=ctx.project)
    whole, chosen.items, chosen.lost = appended(bound, table)
    return column, whole
