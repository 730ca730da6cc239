"""Rows of the annotation table: the current one, earlier ones, and new ones on top."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.label.store.tables import Scope, annotation, item

CHUNK = 5_000
JUDGE = "!adjudication"  # the annotator under which disputes are settled
STATES = {
    "annotate": "answered",
    "skip": "skipped",
    "flag": "flagged",
    "adjudicate": "adjudicated",
}


@dataclass(frozen=True)
class Change:
    """One thing a person does to one item."""

    item: int
    annotator: str
    action: str
    value: str | None = None
    note: str = ""
    expected: int | None = None
    revision: int = 1


@dataclass(frozen=True)
class Annotation:
    """What holds for one item and person after a change."""

    item: int
    annotator: str
    version: int
    state: str
    value: Any
    repeated: bool = False


@dataclass(frozen=True)
class Given:
    """Current answers as columns of equal length, in the order they were given."""

    items: list[int]
    annotators: list[str]
    values: list[str]


def item_row(connection: Connection, scope: Scope, number: int) -> Row[Any]:
    """Return an item's place in the queue.

    Errors: not_found, it is not in the queue.
    """
    row = connection.execute(select(item).where(scope.of(item), item.c.item == number)).first()
    if row is None:
        raise NotFound(
            f"Item {number} is not in the queue of '{scope.name}'.",
            f"Run 'millrace label queue {scope.name}' to line rows up.",
            item=number,
        )
    return row


def current(connection: Connection, scope: Scope, number: int, annotator: str) -> Row[Any] | None:
    """Return the row that holds for an item and a person."""
    return connection.execute(
        select(annotation)
        .where(scope.of(annotation), annotation.c.item == number)
        .where(annotation.c.annotator == annotator, annotation.c.superseded_by.is_(None))
    ).first()


def at_version(
    connection: Connection, scope: Scope, like: Row[Any], version: int
) -> Row[Any] | None:
    """Return an earlier row of the same item and person."""
    return connection.execute(
        select(annotation)
        .where(scope.of(annotation), annotation.c.item == like.item)
        .where(annotation.c.annotator == like.annotator, annotation.c.version == version)
    ).first()


def undoable(connection: Connection, scope: Scope, annotator: str, number: int | None) -> Row[Any]:
    """Return the last change of a person that is not taken back yet.

    Errors: not_found, there is none.
    """
    query = select(annotation).where(
        scope.of(annotation),
        annotation.c.annotator == annotator,
        annotation.c.action != "undo",
        annotation.c.undone_by.is_(None),
    )
    if number is not None:
        query = query.where(annotation.c.item == number)
    row = connection.execute(query.order_by(annotation.c.id.desc()).limit(1)).first()
    if row is None:
        where = f"item {number} of '{scope.name}'" if number is not None else f"'{scope.name}'"
        raise NotFound(
            f"'{annotator.strip('!')}' has nothing to take back in {where}.",
            f"Run 'millrace label progress {scope.name}' to see who did what.",
        )
    return row


def by_job(connection: Connection, ctx: Context, scope: Scope) -> Row[Any] | None:
    """Return what this job has written in an earlier life, so that it writes once."""
    if ctx.job is None:
        return None
    query = select(annotation).where(scope.of(annotation), annotation.c.job == ctx.job)
    return connection.execute(query.limit(1)).first()


def insert(
    connection: Connection,
    ctx: Context,
    scope: Scope,
    change: Change,
    state: str,
    on: Row[Any] | None,
) -> Row[Any]:
    """Add a row on top of the current one."""
    values = values_of(ctx, scope, change, state, on.version + 1 if on else 1)
    made = connection.execute(annotation.insert().values(values).returning(annotation)).one()
    if on is not None:
        connection.execute(
            update(annotation).where(annotation.c.id == on.id).values(superseded_by=made.id)
        )
    return made


def values_of(
    ctx: Context, scope: Scope, change: Change, state: str, version: int
) -> dict[str, Any]:
    """Return a change as column values."""
    return {
        **scope.columns,
        "revision": change.revision,
        "item": change.item,
        "annotator": change.annotator,
        "version": version,
        "action": change.action,
        "state": state,
        "value": change.value,
        "note": change.note,
        "actor": ctx.actor.name,
        "job": ctx.job,
        "at": clock.now(),
    }


def insert_many(
    connection: Connection,
    ctx: Context,
    scope: Scope,
    fresh: dict[tuple[int, str], str],
    revision: int,
) -> None:
    """Add first answers of (item, annotator) in bulk."""
    rows = [
        values_of(ctx, scope, Change(*pair, "import", value, revision=revision), "answered", 1)
        for pair, value in fresh.items()
    ]
    for at in range(0, len(rows), CHUNK):
        connection.execute(annotation.insert(), rows[at : at + CHUNK])


def told(row: Row[Any], *, repeated: bool = False) -> Annotation:
    """Return what a row says."""
    return Annotation(row.item, row.annotator, row.version, row.state, row.value, repeated)
