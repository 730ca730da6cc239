"""Write settled labels onto the rows of a dataset."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput
from millrace.core.ids import parse_ref
from millrace.label.engine import ratings, report
from millrace.label.engine import settle as engine
from millrace.label.engine.settle import Attacher, Settled
from millrace.label.store import Answers, Queue, rows
from millrace.label.store.sets import Opened
from millrace.label.types.reports import SettleParams, SettleResult
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Outcome:
    """Labels of items, and how many items with answers got none."""

    settled: Settled
    unsettled: int
    notes: list[str] = field(default_factory=list[str])


def settle(ctx: Context, found: Opened, params: SettleParams, mark: int) -> SettleResult:
    """Settle the answers as they stood at `mark` and publish them with the rows."""
    outcome = _outcome(ctx, found, params, mark)
    column = params.column or found.scope.name
    attacher = Attacher(outcome.settled, column, only_labelled=params.only_labelled)
    source = _source(ctx, found, params, outcome.settled)
    datasets = ctx.use(Datasets)
    if source is None:
        name = params.output or found.scope.name
        reader, parents = attacher.alone(), [found.ref]
    else:
        _check_column(source, column, found, params)
        name = params.output or source.name
        stream = datasets.scan(source.ref, batch_rows=rows.BATCH, project=ctx.project)
        reader, parents = attacher.reader(source.schema, _checked(ctx, stream)), [source.ref]
        parents.append(found.ref)
    before = dict(source.meta.get("settled", {})) if source else {}
    made = datasets.write(
        ctx, name, reader, parents=parents, meta={"settled": {**before, column: found.scope.name}}
    )
    if not attacher.rows:  # a resumed job had written everything
        attacher.recount(datasets.scan(made, [column + "_source"], project=ctx.project))
    return SettleResult(
        dataset=made,
        column=column,
        rows=attacher.rows,
        labelled=sum(attacher.sources.values()),
        sources=dict(sorted(attacher.sources.items())),
        unsettled=outcome.unsettled,
        notes=outcome.notes,
    )


def _outcome(ctx: Context, found: Opened, params: SettleParams, mark: int) -> Outcome:
    answers = ctx.use(Answers)
    given = answers.given(found.scope, upto=mark)
    coded = ratings.code(given.items, given.annotators, given.values, found.definition.names)
    joined = report.join(coded, params.method)
    settled = engine.settle(coded, joined, params.min_answers, params.min_confidence)
    judged = answers.given(found.scope, "adjudicated", mark)
    settled = engine.overlay(
        settled,
        {one: (label, 1.0) for one, label in zip(judged.items, judged.values, strict=True)},
        "adjudicated",
    )
    flagged = set(answers.given(found.scope, "flagged", mark).items)
    settled = engine.without(settled, flagged)
    outcome = Outcome(settled, len(set(coded.items) - flagged - set(settled.items.tolist())))
    if flagged:
        outcome.notes.append(f"{len(flagged)} flagged items have no label.")
    if params.accept_suggestions is not None:
        _accept(ctx, found, params.accept_suggestions, outcome, flagged | set(coded.items))
    if not len(outcome.settled):
        raise InvalidInput(
            f"'{found.ref}' has nothing to settle: {len(coded.items)} items have answers, and "
            "none is clear enough.",
            f"Run 'millrace label progress {found.scope.name}' to see how far it is.",
        )
    return outcome


def _accept(
    ctx: Context, found: Opened, least: float, outcome: Outcome, spoken_for: set[int]
) -> None:
    """Take confident suggestions for items nobody has spoken about."""
    taken = {
        item: (label, sure)
        for item, label, sure in ctx.use(Queue).suggestions(found.scope, least)
        if item not in spoken_for
    }
    outcome.settled = engine.overlay(outcome.settled, taken, "suggestion")
    outcome.notes.append(f"{len(taken)} labels are suggestions that nobody has looked at.")


def _source(ctx: Context, found: Opened, params: SettleParams, settled: Settled) -> Snapshot | None:
    """Return the version to write onto; None for a set without dataset."""
    bound = found.definition.dataset
    if params.dataset is None and not bound:
        return None
    name = parse_ref(bound, "dataset").name if bound else ""
    source = ctx.use(Datasets).info(params.dataset or name, ctx.project)
    if not bound or not found.definition.column:
        return source
    source.need(found.definition.column)
    items = set(settled.items.tolist())
    changed = rows.moved(ctx, items, found.definition.column, bound, source.ref)
    if changed:
        raise Conflict(
            f"{changed} labelled rows of '{bound}' differ or are gone in '{source.ref}'.",
            f"Settle onto 'dataset' {bound}, or bind the set to a version that keeps them.",
            rows=changed,
        )
    return source


def _check_column(source: Snapshot, column: str, found: Opened, params: SettleParams) -> None:
    """Refuse to write over a column that this set did not write."""
    ours = source.meta.get("settled", {}).get(column) == found.scope.name
    taken = [column + s for s in engine.SUFFIXES if column + s in source.schema.names]
    if taken and not ours and not params.replace:
        raise Conflict(
            f"'{source.ref}' has a column '{taken[0]}' already.",
            "Name another 'column', or send 'replace' to write over it (older versions keep it).",
            column=taken[0],
        )


def _checked(ctx: Context, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Look for a cancel between batches."""
    for batch in batches:
        ctx.check()
        yield batch
