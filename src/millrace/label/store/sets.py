"""Label sets as artifacts: their versions, and the rows they speak of."""

from dataclasses import dataclass
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, choices
from millrace.core.ids import Ref, parse_ref
from millrace.label.engine.ratings import Coded, code
from millrace.label.store import rows
from millrace.label.store.answers import Answers
from millrace.label.store.queue import Queue
from millrace.label.store.tables import Scope
from millrace.label.types.answers import ImportParams
from millrace.label.types.sets import MAX_LABELS, MAX_NAME, Label, LabelSet
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets


@dataclass(frozen=True)
class Opened:
    """A version of a label set with its place in the tables."""

    ref: str
    version: int
    scope: Scope
    definition: LabelSet

    def need_dataset(self) -> str:
        """Return the dataset version it is bound to.

        Errors: invalid_input, it has none.
        """
        if not self.definition.dataset:
            raise InvalidInput(
                f"'{self.ref}' is bound to no dataset.",
                "Run 'millrace label create-set' again with 'dataset' and 'column'.",
            )
        return self.definition.dataset

    def check(self, value: str) -> str:
        """Return the value if it is one of the labels, else raise invalid_input."""
        if value not in self.definition.names:
            raise InvalidInput(
                f"'{value[:80]}' is not a label of '{self.ref}'.",
                f"Its labels are {choices(self.definition.names)}.",
                field="value",
            )
        return value


def open_set(ctx: Context, ref: str, *, newest: bool = False) -> Opened:
    """Return a label set; with `newest`, refuse a version that is not the newest.

    Errors: not_found, no such set or version; conflict, it has moved on.
    """
    artifacts = ctx.use(Artifacts)
    found = _opened(artifacts.get(ref, "labelset", ctx.project))
    if newest and parse_ref(ref, "labelset").version is not None:
        latest = _opened(artifacts.get(found.scope.name, "labelset", ctx.project))
        if latest.version != found.version:
            raise Conflict(
                f"'{found.ref}' has been replaced by version {latest.version}.",
                f"Read 'millrace label show-set {found.scope.name}', then use the name alone.",
                version=latest.version,
            )
    return found


def save(ctx: Context, name: str, definition: LabelSet, expected: int | None) -> Opened:
    """Store a label set as its next version, in one transaction with the queue's needs.

    Errors: conflict, it exists at another version than expected, or answers would lose
    their label or their row.
    """
    artifacts, queue = ctx.use(Artifacts), ctx.use(Queue)
    scope = Scope(ctx.project, name)
    _check_answers(ctx, scope, definition)
    with artifacts.database.begin() as connection:
        artifacts.database.lock(connection, f"artifact:{ctx.project}:labelset:{name}")
        try:
            there = artifacts.find(connection, Ref("labelset", name), ctx.project)
        except NotFound:
            there = None
        if there is not None and ctx.job is not None and there.job == ctx.job:
            return _opened(there)
        _check_version(there, name, expected)
        parents = [definition.dataset] if definition.dataset else []
        made = artifacts.insert(
            connection, ctx, "labelset", name, definition.model_dump(), parents=parents
        )
        queue.want(connection, scope, definition.redundancy)
    return _opened(made)


def labels_of(ctx: Context, dataset: str, column: str) -> list[Label]:
    """Return the distinct values of a column as labels, sorted.

    Errors: invalid_input, no such column, fewer than two values, or too many.
    """
    datasets = ctx.use(Datasets)
    datasets.info(dataset, ctx.project).need(column)
    seen: set[str] = set()
    for batch in datasets.scan(dataset, [column], batch_rows=rows.BATCH, project=ctx.project):
        seen.update(text.strip() for text in rows.strings(batch, column) if text)
        if len(seen) > MAX_LABELS:
            break
    if not 2 <= len(seen) <= MAX_LABELS:
        many = f"more than {MAX_LABELS}" if len(seen) > MAX_LABELS else str(len(seen))
        raise InvalidInput(
            f"Column '{column}' of '{dataset}' has {many} different values.",
            f"Labels come from a column with 2 to {MAX_LABELS} values.",
            column=column,
        )
    longest = max(map(len, seen))
    if longest > MAX_NAME:
        raise InvalidInput(
            f"Column '{column}' of '{dataset}' has a value of {longest} characters.",
            f"Labels have at most {MAX_NAME}; a column of texts holds no labels.",
            column=column,
        )
    return [Label(name=name) for name in sorted(seen)]


def read_texts(ctx: Context, found: Opened, items: list[int]) -> dict[int, str | None]:
    """Return what people read for each item, where the set has a column for it."""
    definition = found.definition
    if not definition.dataset or not definition.column or not items:
        return {}
    return rows.some_texts(ctx, definition.dataset, definition.column, items)


def read_answers(ctx: Context, found: Opened, params: ImportParams) -> rows.Read:
    """Return the answers of a dataset that fit a label set.

    Errors: invalid_input, columns, ids or values that do not fit, or rows that are not there.
    """
    columns = (params.item, params.value, params.annotator_column)
    refuse = params.unknown == "refuse"
    read = rows.answers(ctx, params.dataset, columns, params.annotator)
    read = rows.known(read, found.definition.names, refuse=refuse, labelset=found.ref)
    dataset = found.definition.dataset
    if dataset:
        table = ctx.use(Datasets).read(dataset, ["_id"], project=ctx.project)
        strange = {row[0] for row in read.answers} - set(table.column("_id").to_pylist())
        if strange:
            raise InvalidInput(
                f"{len(strange)} items are no rows of '{dataset}', such as {min(strange)}.",
                f"'{params.item}' must hold the '_id' of its rows.",
                column=params.item,
            )
    return read


def coded(ctx: Context, found: Opened, upto: int | None = None) -> Coded:
    """Return the current answers as codes; those at mark `upto` where one is given.

    Errors: invalid_input, there are none.
    """
    given = ctx.use(Answers).given(found.scope, upto=upto)
    if not given.items:
        raise InvalidInput(
            f"'{found.ref}' has no answers yet.",
            f"Run 'millrace label next {found.scope.name}', or import answers.",
        )
    return code(given.items, given.annotators, given.values, found.definition.names)


def _opened(found: Artifact) -> Opened:
    definition = LabelSet.model_validate(found.meta)
    return Opened(found.ref, found.version, Scope(found.project, found.name), definition)


def _check_version(there: Artifact | None, name: str, expected: int | None) -> None:
    if there is None and expected is not None:
        raise NotFound(f"There is no label set '{name}' to replace.", "Leave 'expected' out.")
    if there is not None and expected != there.version:
        said = "exists" if expected is None else f"is at version {there.version}, not {expected}"
        raise Conflict(
            f"The label set '{name}' {said}.",
            f"Send 'expected' {there.version} to make its next version.",
            version=there.version,
        )


def _check_answers(ctx: Context, scope: Scope, definition: LabelSet) -> None:
    """Refuse a version that would orphan answers people have given."""
    answers = ctx.use(Answers)
    used: set[Any] = set()
    items: set[int] = set()
    for state in ("answered", "adjudicated"):
        given = answers.given(scope, state)
        used.update(given.values)
        items.update(given.items)
    if not items:
        return
    lost = sorted(used - set(definition.names))
    if lost:
        raise Conflict(
            f"Answers of '{scope.name}' use {choices(lost)}, which the new version does not have.",
            "Keep these labels, or have their answers changed first.",
        )
    old = open_set(ctx, scope.name).definition
    if not old.dataset or not definition.dataset:
        return
    changed = rows.moved(ctx, items, definition.column, old.dataset, definition.dataset)
    if changed:
        raise Conflict(
            f"{changed} labelled rows of '{old.dataset}' differ or are gone in "
            f"'{definition.dataset}'.",
            "Bind a version that keeps them, or make a new label set.",
            rows=changed,
        )
