"""Ops that label rows: sets, suggestions, the queue, people's answers, settled labels."""

from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event
from millrace.core.registry import op
from millrace.label.types.answers import (
    LEASE,
    AnnotateManyParams,
    AnnotateParams,
    AnnotationResult,
    BatchResult,
    ImportParams,
    ImportResult,
    NextParams,
    NextResult,
    OneItem,
    TaskLine,
    UndoBatchParams,
    UndoParams,
)
from millrace.label.types.browse import (
    HistoryParams,
    HistoryResult,
    ItemsParams,
    ItemsResult,
    ListSetsParams,
    ListSetsResult,
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
    OneSet,
    QueueParams,
    QueueResult,
    SetResult,
    SuggestParams,
    SuggestResult,
)


@op("label.create_set", effect="write")
def create_set(params: CreateParams, ctx: Context) -> SetResult:
    """Create a label set, or its next version.

    Labels are given, or taken from the values of a column. Rows are bound to one dataset
    version; a next version (send `expected`) may bind another that keeps the labelled rows.
    Writes: one label set.
    Errors: conflict, the set exists or answers would lose their label or row; invalid_input,
    fewer than two labels or no such column.
    """
    from millrace.label import acting

    return acting.create_set(params, ctx)


@op("label.show_set", effect="read")
def show_set(params: OneSet, ctx: Context) -> SetResult:
    """Show the labels, guidelines and size of a label set.

    Errors: not_found, no such set or version.
    """
    from millrace.label import acting
    from millrace.label.store import sets

    return acting.shown(ctx, sets.open_set(ctx, params.labelset))


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
    from millrace.label import acting
    from millrace.label.store import Answers, Queue, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    who = acting.who(params.annotator, ctx)
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
    from millrace.label import acting

    return acting.record(params, ctx, "annotate", params.value)


@op("label.annotate_many", effect="write", also=("annotator",))
def annotate_many(params: AnnotateManyParams, ctx: Context) -> BatchResult:
    """Give many items one label.

    All in one transaction: each item is labelled, was so already, or is listed as a conflict
    with its reason and left as it is. `label.undo_batch` takes the whole batch back.
    Cost: about 1 CPU-ms an item.
    Errors: invalid_input, no such label or an item stands twice.
    """
    from millrace.label import acting

    return acting.annotate_many(params, ctx)


@op("label.undo_batch", effect="write", also=("annotator",))
def undo_batch(params: UndoBatchParams, ctx: Context) -> BatchResult:
    """Take back a batch of labels, your last one unless you name another.

    Items that changed since are left as they are and listed as conflicts.
    Errors: not_found, no such batch of yours, or all of it is taken back already.
    """
    from millrace.label import acting

    return acting.undo_batch(params, ctx)


@op("label.skip", effect="write", also=("annotator",))
def skip(params: OneItem, ctx: Context) -> AnnotationResult:
    """Pass an item on: it goes to somebody else, not to you again.

    Errors: conflict, you have answered it and sent no `expected`; not_found, no such item.
    """
    from millrace.label import acting

    return acting.record(params, ctx, "skip", None)


@op("label.flag", effect="write", also=("annotator",))
def flag(params: OneItem, ctx: Context) -> AnnotationResult:
    """Take an item out of everybody's queue because it cannot be labelled.

    Say why in `note`; `label.undo` puts it back.
    Errors: conflict, you have answered it and sent no `expected`; not_found, no such item.
    """
    from millrace.label import acting

    return acting.record(params, ctx, "flag", None)


@op("label.adjudicate", effect="write")
def adjudicate(params: AnnotateParams, ctx: Context) -> AnnotationResult:
    """Settle what an item is, whatever the annotators said.

    Their answers stay and count for agreement; `label.settle` takes this one.
    Errors: conflict, it was adjudicated before and `expected` is not sent; invalid_input, no
    such label; not_found, the item is not in the queue.
    """
    from millrace.label import acting

    return acting.adjudicate(params, ctx)


@op("label.undo", effect="write", also=("annotator",))
def undo(params: UndoParams, ctx: Context) -> AnnotationResult:
    """Take back your last change; again goes one further back.

    Nothing is erased: the history keeps both. The item is reserved for you again where it
    has a free slot.
    Errors: not_found, nothing to take back.
    """
    from millrace.label import acting
    from millrace.label.store import Answers, sets

    found = sets.open_set(ctx, params.labelset, newest=True)
    who = acting.who(params.annotator, ctx)
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


@op("label.list_sets", effect="read")
def list_sets(params: ListSetsParams, ctx: Context) -> ListSetsResult:
    """List the label sets and how far each is."""
    from millrace.label import browsing

    return browsing.list_sets(params, ctx)


@op("label.items", effect="read")
def items(params: ItemsParams, ctx: Context) -> ItemsResult:
    """Show the items of a label set: state, answers by whom, suggestion, text.

    For browsing and adjudication: filter by state, disagreement, label, annotator, confidence of
    the suggestion, or text. An item without a suggestion fits no bound of confidence. Items
    stand in the order of the queue.
    Cost: one pass over the set's items where a filter needs it, with `contains` over the texts
    too; below 0.1 CPU-s at 100,000 items.
    Errors: not_found, no such set; invalid_input, `contains` and the set has no text column.
    """
    from millrace.label import browsing

    return browsing.items(params, ctx)


@op("label.history", effect="read")
def history(params: HistoryParams, ctx: Context) -> HistoryResult:
    """Show every change to one item, the oldest first.

    Errors: not_found, no such set or item.
    """
    from millrace.label import browsing

    return browsing.history(params, ctx)


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
