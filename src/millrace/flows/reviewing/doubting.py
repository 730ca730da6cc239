"""Rows whose label looks wrong, put behind those that people were asked about before."""

from dataclasses import dataclass
from typing import Any

from millrace.core.context import Context
from millrace.label import ops as label
from millrace.label.types.sets import CreateParams, LabelSet, QueueParams, SuggestParams
from millrace.stores.artifacts import Artifacts


@dataclass(frozen=True)
class Doubted:
    """Rows of a dataset version, and the label set they go to; `before`: its version, if any."""

    source: str
    rows: Any
    target: str
    text: str
    labelset: str
    dataset: str
    before: int | None


@dataclass(frozen=True)
class Waiting:
    """What waits for people now, in words too; `labelset` is its version."""

    says: str
    labelset: str
    suggested: Any = None


def line_up(doubted: Doubted, ctx: Context) -> Waiting:
    """Line up the rows that were not lined up before; what people answered stays.

    Rows are the same when all their values but the label are. All that is read belongs to
    versions that never change, so a resumed job makes the same calls.
    """
    from millrace.flows import engine
    from millrace.label.store import sets
    from millrace.stores.datasets import Datasets

    datasets, rows, fresh = ctx.use(Datasets), doubted.rows, doubted.rows.num_rows
    labels = sets.labels_of(ctx, doubted.source, doubted.target)
    definition = LabelSet(
        labels=labels, guidelines="", dataset="", column=doubted.text, redundancy=1
    )
    ref, old = f"labelset:{doubted.labelset}@{doubted.before}", None
    if doubted.before is not None:
        old = LabelSet.model_validate(ctx.use(Artifacts).get(ref, "labelset", ctx.project).meta)
        if not old.dataset or old.column not in rows.column_names:
            return Waiting(
                f"'{doubted.labelset}' is a label set of other rows, so nothing was lined up", ref
            )
        bound = datasets.read(old.dataset, project=ctx.project)
        rows, fresh = engine.behind(bound, rows, doubted.target)
        more = [one for one in labels if one.name not in old.names]
        definition = old.model_copy(update={"labels": [*old.labels, *more]})
    if fresh:
        bound_to = [definition.dataset] if definition.dataset else []
        parents = [*bound_to, doubted.source]
        written = datasets.write(ctx, doubted.dataset, rows, parents=parents)
        definition = definition.model_copy(update={"dataset": written})
    if definition == old:
        return Waiting(_says(doubted, ctx, 0), ref)
    plain = definition.model_dump(exclude={"choice"})
    params = CreateParams(name=doubted.labelset, expected=doubted.before, **plain)
    ref = ctx.call(label.create_set, params).labelset
    ctx.call(label.queue, QueueParams(labelset=ref))
    hints = ctx.call(label.suggest, SuggestParams(labelset=ref))
    return Waiting(f"{_says(doubted, ctx, fresh)} ({hints.mode} suggestions)", ref, hints)


def _says(doubted: Doubted, ctx: Context, fresh: int) -> str:
    from millrace.label.store import Queue, Scope

    waiting = ctx.use(Queue).size(Scope(ctx.project, doubted.labelset))["open"]
    if doubted.before is None:
        return f"{fresh} rows whose label looks wrong wait for people"
    return f"{fresh or 'no'} more rows whose label looks wrong; {waiting} wait for people"
