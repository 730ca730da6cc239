"""The reading ops that browse: label sets, their items, and the history of one."""

from typing import Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.kinds.filter import Condition, compile_filter
from millrace.label.store import Answers, browse, sets
from millrace.label.types.browse import (
    AnswerLine,
    HistoryLine,
    HistoryParams,
    HistoryResult,
    ItemLine,
    ItemsParams,
    ItemsResult,
    ListSetsParams,
    ListSetsResult,
    SetLine,
)
from millrace.label.types.sets import LabelSet
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.sql import Database


def list_sets(params: ListSetsParams, ctx: Context) -> ListSetsResult:
    """Return the newest version of each label set, and how far it is."""
    found = ctx.use(Artifacts).list("labelset", ctx.project)
    named = [one for one in found if params.contains in one.name]
    counts = browse.counts(ctx.use(Database), ctx.project)
    lines: list[SetLine] = []
    for one in named[: params.limit]:
        definition = LabelSet.model_validate(one.meta)
        row = counts.get(one.name)
        lines.append(
            SetLine(
                labelset=one.ref,
                labels=len(definition.labels),
                dataset=definition.dataset,
                redundancy=definition.redundancy,
                items=row.items if row else 0,
                complete=row.complete if row else 0,
                flagged=row.flagged if row else 0,
                created_at=one.created_at,
            )
        )
    return ListSetsResult(sets=lines, total=len(named))


def items(params: ItemsParams, ctx: Context) -> ItemsResult:
    """Return one page of items that fit."""
    found = sets.open_set(ctx, params.labelset)
    database = ctx.use(Database)
    wanted = browse.Wanted(
        params.state,
        params.disagreement,
        params.label,
        params.suggestion,
        params.annotator,
        params.min_confidence,
        params.max_confidence,
    )
    if params.contains is None:
        part, total = browse.page(database, found.scope, wanted, params.offset, params.limit)
    else:
        holding = _holding(ctx, found, params.contains)
        fits = [one for one in browse.find(database, found.scope, wanted) if one in holding]
        total, part = len(fits), fits[params.offset : params.offset + params.limit]
    rows = browse.places(database, found.scope, part)
    said = browse.said(database, found.scope, part)
    texts = sets.read_texts(ctx, found, part)
    end = params.offset + len(part)
    return ItemsResult(
        items=[
            ItemLine(
                item=one,
                text=_cut(texts.get(one), params.cell),
                state=browse.state_of(rows[one]),
                disagreement=browse.differ(said[one]),
                wanted=rows[one].wanted,
                leased=rows[one].leases,
                suggestion=rows[one].suggestion,
                confidence=rows[one].confidence,
                uncertainty=rows[one].uncertainty,
                answers=[AnswerLine(**_answer(row)) for row in said[one]],
            )
            for one in part
            if one in rows
        ],
        total=total,
        next_offset=end if part and end < total else None,
    )


def history(params: HistoryParams, ctx: Context) -> HistoryResult:
    """Return every change to one item."""
    found = sets.open_set(ctx, params.labelset)
    if params.item not in browse.places(ctx.use(Database), found.scope, [params.item]):
        raise NotFound(
            f"Item {params.item} is not in the queue of '{found.scope.name}'.",
            f"Run 'millrace label items {found.scope.name}' to see its items.",
            item=params.item,
        )
    rows = ctx.use(Answers).history(found.scope, params.item)
    changes = [
        HistoryLine(
            **_answer(row),
            action=row.action,
            actor=row.actor,
            revision=row.revision,
            holds=row.superseded_by is None,
            undone=row.undone_by is not None,
        )
        for row in rows
    ]
    return HistoryResult(item=params.item, changes=changes)


def _answer(row: Any) -> dict[str, Any]:
    names = ("annotator", "state", "value", "version", "note", "at")
    return {name: getattr(row, name) for name in names}


def _holding(ctx: Context, found: sets.Opened, text: str) -> set[int]:
    """Return the rows whose text holds something."""
    dataset, column = found.definition.dataset, found.definition.column
    if not dataset or not column:
        raise InvalidInput(
            f"'{found.ref}' has no text column to look into.",
            "Bind the set to a dataset and column, or leave 'contains' out.",
            field="contains",
        )
    datasets = ctx.use(Datasets)
    schema = {f.name: str(f.type) for f in datasets.info(dataset, ctx.project).schema}
    fits = compile_filter(Condition(column=column, op="contains text", value=text), schema)
    return set(datasets.read(dataset, ["_id"], fits, project=ctx.project).column("_id").to_pylist())


def _cut(text: str | None, cell: int) -> str | None:
    return text if text is None or len(text) <= cell else text[: cell - 1] + "…"
