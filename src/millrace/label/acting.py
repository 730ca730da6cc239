"""What the writing ops do: whose answer it is, one or many changes, a set and its labels."""

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotAllowed
from millrace.label.store import JUDGE, Answers, Change, Queue, batch, sets
from millrace.label.types.answers import (
    AnnotateManyParams,
    AnnotateParams,
    AnnotationResult,
    BatchResult,
    ItemConflict,
    OneItem,
    UndoBatchParams,
)
from millrace.label.types.sets import CreateParams, LabelSet, SetResult
from millrace.stores.datasets import Datasets

KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"


def create_set(params: CreateParams, ctx: Context) -> SetResult:
    """Store a label set, its labels given or taken from a column."""
    dataset = params.dataset or ""
    if dataset:
        snapshot = ctx.use(Datasets).info(dataset, ctx.project)
        snapshot.need(*([params.column] if params.column else []))
        dataset = snapshot.ref
    labels = params.labels
    if params.from_column is not None:
        if labels or not dataset:
            raise InvalidInput(
                "'from_column' needs a dataset and stands in for 'labels'.",
                "Give either 'labels', or 'dataset' and 'from_column'.",
                field="from_column",
            )
        labels = sets.labels_of(ctx, dataset, params.from_column)
    if len(labels) < 2:
        raise InvalidInput(
            f"The label set '{params.name}' has {len(labels)} labels.",
            "Give at least two 'labels', or 'from_column'.",
            field="labels",
        )
    free = iter([key for key in KEYS if key not in {label.key for label in labels}])
    keyed = [
        label if label.key else label.model_copy(update={"key": next(free, "")}) for label in labels
    ]
    definition = LabelSet(
        labels=keyed,
        guidelines=params.guidelines,
        dataset=dataset,
        column=params.column,
        redundancy=params.redundancy,
    )
    return shown(ctx, sets.save(ctx, params.name, definition, params.expected))


def who(named: str | None, ctx: Context) -> str:
    """Return whose annotation it is; only editors and owners may speak for others."""
    if named is None or named == ctx.actor.name:
        return ctx.actor.name
    if ctx.actor.role not in ("owner", "editor"):
        raise NotAllowed(
            f"'{ctx.actor.name}' may not annotate as '{named}'.",
            "Leave 'annotator' out to annotate as yourself.",
        )
    return named


def record(
    params: OneItem, ctx: Context, action: str, value: str | None, judge: str | None = None
) -> AnnotationResult:
    """Store one change to one item."""
    found = sets.open_set(ctx, params.labelset, newest=True)
    change = Change(
        params.item,
        judge or who(params.annotator, ctx),
        action,
        found.check(value) if value is not None else None,
        params.note,
        params.expected,
        found.version,
    )
    made = ctx.use(Answers).record(ctx, found.scope, change)
    return AnnotationResult(**vars(made))


def adjudicate(params: AnnotateParams, ctx: Context) -> AnnotationResult:
    """Settle what an item is; annotators may not."""
    if ctx.actor.role == "annotator":
        raise NotAllowed(
            f"'{ctx.actor.name}' with role 'annotator' may not adjudicate.",
            "Ask an editor or the owner.",
        )
    return record(params, ctx, "adjudicate", params.value, JUDGE)


def annotate_many(params: AnnotateManyParams, ctx: Context) -> BatchResult:
    """Store one label for many items."""
    found = sets.open_set(ctx, params.labelset, newest=True)
    value = found.check(params.value)
    person = who(params.annotator, ctx)
    changes = [
        Change(
            item,
            person,
            "annotate",
            value,
            params.note,
            params.expected.get(item),
            found.version,
        )
        for item in params.items
    ]
    done = batch.record(ctx.use(Answers), ctx, found.scope, changes)
    return _batch(done, person)


def undo_batch(params: UndoBatchParams, ctx: Context) -> BatchResult:
    """Take a batch back."""
    found = sets.open_set(ctx, params.labelset, newest=True)
    person = who(params.annotator, ctx)
    return _batch(batch.undo(ctx.use(Answers), ctx, found.scope, person, params.batch), person)


def _batch(done: batch.Outcome, person: str) -> BatchResult:
    return BatchResult(
        batch=done.batch,
        annotator=person,
        changed=[AnnotationResult(**vars(one)) for one in done.changed],
        conflicts=[ItemConflict(item=item, reason=why) for item, why in done.conflicts],
    )


def shown(ctx: Context, found: sets.Opened) -> SetResult:
    """Return a label set with its size."""
    return SetResult(
        labelset=found.ref,
        definition=found.definition,
        items=ctx.use(Queue).size(found.scope)["items"],
        answers=len(ctx.use(Answers).given(found.scope).items),
    )
