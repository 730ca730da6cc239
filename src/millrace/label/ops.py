"""Ops that label rows: sets, suggestions, the queue, people's answers, settled labels."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotAllowed
from millrace.core.events import Checkpoint, Event
from millrace.core.registry import op
from millrace.label.types.answers import (
    LEASE,
    AnnotateParams,
    AnnotationResult,
    ImportParams,
    ImportResult,
    NextParams,
    NextResult,
    OneItem,
    TaskLine,
    UndoParams,
)
from millrace.label.types.reports import (
    AgreementParams,
    AgreementResult,
    ConsensusParams,
    ConsensusResult,
    PersonLine,
    ProgressResult,
    SettleParams,
    SettleResult,
)
from millrace.label.types.sets import (
    CreateParams,
    LabelSet,
    OneSet,
    QueueParams,
    QueueResult,
    SetResult,
    SuggestParams,
    SuggestResult,
)

if TYPE_CHECKING:
    from millrace.label.store.sets import Opened

KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"


@op("label.create_set", effect="write")
def create_set(params: CreateParams, ctx: Context) -> SetResult:
    """Create a label set, or its next version.

    Labels are given, or taken from the values of a column. Rows are bound to one dataset
    version; a next version (send `expected`) may bind another that keeps the labelled rows.
    Writes: one label set.
    Errors: conflict, the set exists or answers would lose their label or row; invalid_input,
    fewer than two labels or no such column.
    """
    from millrace.label.store import sets
    from millrace.stores.datasets import Datasets

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
    return _shown(ctx, sets.save(ctx, params.name, definition, params.expected))


@op("label.show_set", effect="read")
def show_set(params: OneSet, ctx: Context) -> SetResult:
    """Show the labels, guidelines and size of a label set.

    Errors: not_found, no such set or version.
    """
    from millrace.label.store import sets

    return _shown(ctx, sets.open_set(ctx, params.labelset))


@op("label.queue", effect="write")
def queue(params: QueueParams, ctx: Context) -> QueueResult:
    """Line up the rows of a label set's dataset for people.

    Rows already there keep their place; `label.suggest` orders them by uncertainty.
    Random: the shuffled order, seeded. Cost: ids in memory; about 7 CPU-us a row.
    Errors: invalid_input, the set is bound to no dataset.
    """
    from millrace.label.engine import queue as engine
    from millrace.label.store import Queue, sets
    from millrace.stores.datasets import Datasets

    found = sets.open_set(ctx, params.labelset, newest=True)
    ids = ctx.use(Datasets).read(found.need_dataset(), ["_id"], project=ctx.project)
    items = ids.column("_id").to_pylist()
    if params.order == "random":
        items = engine.shuffled(items, ctx.seed)
    line = ctx.use(Queue)
    added = line.enqueue(ctx, found.scope, items, found.definition.redundancy)
    return QueueResult(added=added, items=line.size(found.scope)["items"])


@op("label.suggest", effect="write")
def suggest(params: SuggestParams, ctx: Context) -> Generator[Event, None, SuggestResult]:
    """Suggest a label for every row, and order the queue by uncertainty.

    Zero-shot needs only the labels' names and descriptions; few-shot learns from answers and
    from `labels_column` too. Confidence is calibrated on held-out labels where there are at
    least 30, else it is a guess and `notes` says so.
    Random: seeded. Writes: a dataset of suggestions, and the queue.
    Cost: one encoding a text (cached), then about 1 CPU-s for 10,000 rows and 77 labels.
    Errors: invalid_input, the set is bound to no dataset or text column, or few-shot is asked
    for and no label exists.
    """
    from millrace.label import suggestions
    from millrace.label.store import Answers, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    mark = (ctx.checkpoint or {}).get("mark")
    if mark is None:
        mark = ctx.use(Answers).newest(found.scope)
        yield Checkpoint(data={"mark": mark})
    return (yield from suggestions.suggest(ctx, found, params, mark))


@op("label.next", effect="write", also=("annotator",))
def next_items(params: NextParams, ctx: Context) -> NextResult:
    """Reserve the next items for one person.

    Asking again gives the same items until they are answered, skipped or flagged, or the
    reservation ends. An item goes to no more people than the set wants answers.
    Cost: about 2 CPU-ms at any length of the queue, and one look-up of the text.
    """
    from millrace.label.store import Answers, Queue, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    who = _who(params.annotator, ctx)
    tasks = ctx.use(Queue).lease(ctx, found.scope, who, params.lease, params.count)
    items = [task.item for task in tasks]
    versions = ctx.use(Answers).versions(found.scope, items, who)
    said = sets.read_texts(ctx, found, items)
    lines = [
        TaskLine(**vars(task), text=said.get(task.item), version=versions[task.item])
        for task in tasks
    ]
    return NextResult(annotator=who, tasks=lines)


@op("label.annotate", effect="write", also=("annotator",))
def annotate(params: AnnotateParams, ctx: Context) -> AnnotationResult:
    """Give an item a label.

    Stored with its event in one transaction; the same again changes nothing. To change your
    answer send the `expected` version; another person's answer is never touched.
    Errors: conflict, the item has all its answers, or yours changed meanwhile; invalid_input,
    no such label; not_found, the item is not in the queue.
    """
    return _record(params, ctx, "annotate", params.value)


@op("label.skip", effect="write", also=("annotator",))
def skip(params: OneItem, ctx: Context) -> AnnotationResult:
    """Pass an item on: it goes to somebody else, not to you again.

    Errors: conflict, you have answered it and sent no `expected`; not_found, no such item.
    """
    return _record(params, ctx, "skip", None)


@op("label.flag", effect="write", also=("annotator",))
def flag(params: OneItem, ctx: Context) -> AnnotationResult:
    """Take an item out of everybody's queue because it cannot be labelled.

    Say why in `note`; `label.undo` puts it back.
    Errors: conflict, you have answered it and sent no `expected`; not_found, no such item.
    """
    return _record(params, ctx, "flag", None)


@op("label.adjudicate", effect="write")
def adjudicate(params: AnnotateParams, ctx: Context) -> AnnotationResult:
    """Settle what an item is, whatever the annotators said.

    Their answers stay and count for agreement; `label.settle` takes this one.
    Errors: conflict, it was adjudicated before and `expected` is not sent; invalid_input, no
    such label; not_found, the item is not in the queue.
    """
    from millrace.label.store import JUDGE

    if ctx.actor.role == "annotator":
        raise NotAllowed(
            f"'{ctx.actor.name}' with role 'annotator' may not adjudicate.",
            "Ask an editor or the owner.",
        )
    return _record(params, ctx, "adjudicate", params.value, JUDGE)


@op("label.undo", effect="write", also=("annotator",))
def undo(params: UndoParams, ctx: Context) -> AnnotationResult:
    """Take back your last change; again goes one further back.

    Nothing is erased: the history keeps both. The item is reserved for you again where it
    has a free slot.
    Errors: not_found, nothing to take back.
    """
    from millrace.label.store import Answers, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    who = _who(params.annotator, ctx)
    made = ctx.use(Answers).undo(ctx, found.scope, who, LEASE, params.item)
    return AnnotationResult(**vars(made))


@op("label.import_annotations", effect="write")
def import_annotations(params: ImportParams, ctx: Context) -> ImportResult:
    """Take over answers from a dataset with one answer a row.

    Who has answered an item here keeps that answer, and of several in the dataset the first
    counts. Items not in the queue are added.
    Cost: about 25 CPU-us an answer; all in one transaction.
    Errors: invalid_input, no such column, item ids that are not whole numbers, values that are
    no label (unless left out).
    """
    from millrace.label.store import Answers, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    rows = sets.read_answers(ctx, found, params)
    added, kept = ctx.use(Answers).load(
        ctx, found.scope, rows.answers, found.version, found.definition.redundancy
    )
    return ImportResult(added=added, kept=kept, empty=rows.empty, unknown=rows.unknown)


@op("label.progress", effect="read")
def progress(params: OneSet, ctx: Context) -> ProgressResult:
    """Show how far a label set is, and who did what.

    Errors: not_found, no such set.
    """
    from millrace.label.store import Answers, Queue, sets

    found = sets.open_set(ctx, params.labelset)
    people = [
        PersonLine(
            annotator=name,
            answered=states.get("answered", 0),
            skipped=states.get("skipped", 0),
            flagged=states.get("flagged", 0),
        )
        for name, states in ctx.use(Answers).people(found.scope).items()
    ]
    return ProgressResult(**ctx.use(Queue).size(found.scope), people=people)


@op("label.agreement", effect="read")
def agreement(params: AgreementParams, ctx: Context) -> AgreementResult:
    """Measure how far annotators agree beyond chance.

    Fleiss' kappa, Krippendorff's alpha (missing answers, ordinal and interval labels), Gwet's
    AC1 (steady when one label is common) and Cohen's kappa of every pair. About 0.8 and more
    is usually called good; AC1 runs higher than the others.
    Random: intervals, seeded. Writes: nothing. Cost: O(answers + draws * items * labels).
    Errors: invalid_input, no item has two answers, or labels are not numbers (interval).
    """
    from millrace.label.engine import report
    from millrace.label.store import sets

    found = sets.open_set(ctx, params.labelset)
    coded = sets.coded(ctx, found)
    facts = report.agreement(coded, params.level, params.draws, params.shown, ctx.seed)
    return AgreementResult(**facts)


@op("label.consensus", effect="read")
def consensus(params: ConsensusParams, ctx: Context) -> ConsensusResult:
    """Join differing answers, and estimate how good each annotator is.

    Dawid-Skene needs several answers an item; with one it repeats what was said.
    Writes: nothing. Cost: below 0.2 CPU-s for 25,000 answers.
    Errors: invalid_input, there are no answers.
    """
    from millrace.label.engine import report
    from millrace.label.store import sets

    found = sets.open_set(ctx, params.labelset)
    coded = sets.coded(ctx, found)
    return ConsensusResult(**report.consensus(coded, params.method, params.strength, params.shown))


@op("label.settle", effect="write")
def settle(params: SettleParams, ctx: Context) -> Generator[Event, None, SettleResult]:
    """Write the settled labels as columns of a new dataset version.

    Answers are joined, adjudications win, flagged items and ties stay without label;
    suggestions fill in only when you say from which confidence on.
    Writes: one dataset version with the label, its source, confidence and number of answers.
    Cost: one pass over the dataset in bounded memory.
    Errors: conflict, the column exists and is not to be replaced, or labelled rows differ in
    that version; invalid_input, there is nothing to settle.
    """
    from millrace.label import settling
    from millrace.label.store import Answers, sets

    found = sets.open_set(ctx, params.labelset)
    mark = (ctx.checkpoint or {}).get("mark")
    if mark is None:
        mark = ctx.use(Answers).newest(found.scope)
        yield Checkpoint(data={"mark": mark})
    return settling.settle(ctx, found, params, mark)


def _who(named: str | None, ctx: Context) -> str:
    """Return whose annotation it is; only editors and owners may speak for others."""
    if named is None or named == ctx.actor.name:
        return ctx.actor.name
    if ctx.actor.role not in ("owner", "editor"):
        raise NotAllowed(
            f"'{ctx.actor.name}' may not annotate as '{named}'.",
            "Leave 'annotator' out to annotate as yourself.",
        )
    return named


def _record(
    params: OneItem, ctx: Context, action: str, value: str | None, who: str | None = None
) -> AnnotationResult:
    from millrace.label.store import Answers, Change, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    change = Change(
        params.item,
        who or _who(params.annotator, ctx),
        action,
        found.check(value) if value is not None else None,
        params.note,
        params.expected,
        found.version,
    )
    made = ctx.use(Answers).record(ctx, found.scope, change)
    return AnnotationResult(**vars(made))


def _shown(ctx: Context, found: "Opened") -> SetResult:
    from millrace.label.store import Answers, Queue

    return SetResult(
        labelset=found.ref,
        definition=found.definition,
        items=ctx.use(Queue).size(found.scope)["items"],
        answers=len(ctx.use(Answers).given(found.scope).items),
    )
