"""Who looks at what next: items in order, leases, and slots that are never handed out twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.label.store.tables import Scope, annotation, cursor, item, lease
from millrace.stores.fence import fence
from millrace.stores.sql import Database

CHUNK = 5_000
COUNTS = {
    "answered": "answers",
    "skipped": "skips",
    "flagged": "flags",
    "adjudicated": "adjudicated",
}


@dataclass(frozen=True)
class Place:
    """Where one row stands in the queue, and what is suggested for it."""

    item: int
    position: int
    suggestion: str | None = None
    confidence: float | None = None
    uncertainty: float | None = None


@dataclass(frozen=True)
class Task:
    """One item handed to one annotator."""

    item: int
    answers: int
    wanted: int
    suggestion: Any
    confidence: float | None
    expires_at: float


class Queue:
    """Items of label sets in the order people should see them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Database))

    def close(self) -> None:
        """Nothing of its own to release."""

    def enqueue(self, ctx: Context, scope: Scope, items: Sequence[int], wanted: int) -> int:
        """Add items behind those that are there; return how many were new."""
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            added = append(connection, scope, items, wanted)
            facts = {"labelset": scope.name, "items": added}
            self.database.emit(connection, "label.queued", facts, job=ctx.job, project=ctx.project)
        return added

    def rank(self, ctx: Context, scope: Scope, places: Sequence[Place], wanted: int) -> int:
        """Give items new places and suggestions, adding those not there; return how many."""
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            known = _known(connection, scope)
            rows = [
                {**scope.columns, **vars(place), "wanted": wanted}
                for place in places
                if place.item not in known
            ]
            behind = {"position": item.c.position + len(places)}  # what has no new place
            connection.execute(update(item).where(scope.of(item)).values(behind))
            for at in range(0, len(rows), CHUNK):
                connection.execute(item.insert(), rows[at : at + CHUNK])
            _move(connection, scope, [place for place in places if place.item in known])
            _rewind(connection, scope)
            facts = {"labelset": scope.name, "items": len(places)}
            self.database.emit(connection, "label.ranked", facts, job=ctx.job, project=ctx.project)
        return len(places)

    def want(self, connection: Connection, scope: Scope, wanted: int) -> None:
        """Set how many answers each item needs, in a transaction of the caller."""
        self.database.lock(connection, scope.lock)
        connection.execute(
            update(item).where(scope.of(item)).values(wanted=wanted, open=_free(wanted=wanted))
        )
        _rewind(connection, scope)

    def lease(
        self, ctx: Context, scope: Scope, annotator: str, seconds: float, count: int = 1
    ) -> list[Task]:
        """Hand out up to `count` items; those the annotator holds come first, renewed.

        An item goes to at most `wanted` people, counting answers and live leases.
        Cost: index look-ups; it does not grow with the length of the queue.
        """
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            now = clock.now()
            release_expired(connection, scope, now)
            held = _held(connection, scope, annotator, count)
            connection.execute(
                update(lease)
                .where(scope.of(lease), lease.c.annotator == annotator, lease.c.item.in_(held))
                .values(expires_at=now + seconds)
            )
            taken = _candidates(connection, scope, annotator, count - len(held))
            for found in taken:
                hold(connection, scope, found, annotator, now + seconds)
            return _tasks(connection, scope, [*held, *taken], now + seconds)

    def size(self, scope: Scope) -> dict[str, int]:
        """Count items by what they still need."""
        total = func.count()
        with self.database.read() as connection:
            row = (
                connection.execute(
                    select(
                        total.label("items"),
                        total.filter(item.c.answers >= item.c.wanted).label("complete"),
                        total.filter(item.c.answers > 0, item.c.answers < item.c.wanted).label(
                            "begun"
                        ),
                        total.filter(item.c.open == 1).label("open"),
                        total.filter(item.c.leases > 0).label("leased"),
                        total.filter(item.c.skips > 0).label("skipped"),
                        total.filter(item.c.flags > 0).label("flagged"),
                        total.filter(item.c.adjudicated > 0).label("adjudicated"),
                    ).where(scope.of(item))
                )
                .mappings()
                .one()
            )
        return {name: int(count) for name, count in row.items()}

    def suggestions(self, scope: Scope, least: float) -> list[tuple[int, str, float]]:
        """Return (item, suggestion, confidence) of those at least so confident."""
        query = select(item.c.item, item.c.suggestion, item.c.confidence).where(
            scope.of(item), item.c.confidence >= least
        )
        query = query.order_by(item.c.item)
        with self.database.read() as connection:
            return [(r.item, r.suggestion, r.confidence) for r in connection.execute(query)]


def adjust(
    connection: Connection, scope: Scope, number: int, changes: dict[str, int], taker: str | None
) -> None:
    """Change an item's counts and say whether a slot is free, in one statement.

    `taker` has dealt with the item; None: who held it may have it again. An item is `returned`
    when somebody who may have it has passed it: anybody, once it was full; else its last holder.
    """
    deltas = {name: item.c[name] + by for name, by in changes.items() if by}
    passed = select(cursor.c.position).where(scope.of(cursor), cursor.c.position >= item.c.position)
    free = _free(**deltas)
    came_back = passed.exists()
    if taker is not None:
        others = passed.where(cursor.c.annotator != taker)
        came_back = and_(item.c.open == 0, free == 1, others.exists())
    values: dict[str, Any] = {**deltas, "open": free}
    values["returned"] = case((came_back, 1), else_=item.c.returned)
    connection.execute(update(item).where(scope.of(item), item.c.item == number).values(values))


def hold(
    connection: Connection, scope: Scope, number: int, annotator: str, expires_at: float
) -> None:
    """Lease an item that has a free slot."""
    connection.execute(
        lease.insert().values(
            **scope.columns, item=number, annotator=annotator, expires_at=expires_at
        )
    )
    adjust(connection, scope, number, {"leases": 1}, annotator)


def drop(connection: Connection, scope: Scope, number: int, annotator: str) -> int:
    """Remove one lease row; return 1 when there was one (the counts are the caller's)."""
    return connection.execute(
        delete(lease).where(scope.of(lease), lease.c.item == number, lease.c.annotator == annotator)
    ).rowcount


def release_expired(connection: Connection, scope: Scope, now: float) -> None:
    """Give back the slots of leases that ran out."""
    rows = connection.execute(
        select(lease.c.item, lease.c.annotator).where(scope.of(lease), lease.c.expires_at <= now)
    ).all()
    for row in rows:
        drop(connection, scope, row.item, row.annotator)
        adjust(connection, scope, row.item, {"leases": -1}, None)


def append(connection: Connection, scope: Scope, items: Sequence[int], wanted: int) -> int:
    """Insert the items that are not there, behind the last."""
    known = _known(connection, scope)
    last = connection.execute(select(func.max(item.c.position)).where(scope.of(item))).scalar()
    fresh = [number for number in dict.fromkeys(items) if number not in known]
    start = 0 if last is None else int(last) + 1
    rows = [
        {**scope.columns, "item": number, "position": start + at, "wanted": wanted}
        for at, number in enumerate(fresh)
    ]
    for at in range(0, len(rows), CHUNK):
        connection.execute(item.insert(), rows[at : at + CHUNK])
    return len(rows)


def recount(connection: Connection, scope: Scope) -> None:
    """Count answers anew after many were added at once."""
    answers = (
        select(func.count())
        .where(
            scope.of(annotation),
            annotation.c.item == item.c.item,
            annotation.c.state == "answered",
            annotation.c.superseded_by.is_(None),
        )
        .scalar_subquery()
    )
    connection.execute(update(item).where(scope.of(item)).values(answers=answers))
    connection.execute(update(item).where(scope.of(item)).values(open=_free()))


def _free(**changed: Any) -> ColumnElement[int]:
    now = {name: changed.get(name, item.c[name]) for name in (*COUNTS.values(), "leases", "wanted")}
    free = and_(
        now["flags"] == 0, now["adjudicated"] == 0, now["answers"] + now["leases"] < now["wanted"]
    )
    return case((free, 1), else_=0)


def _known(connection: Connection, scope: Scope) -> set[int]:
    return set(connection.execute(select(item.c.item).where(scope.of(item))).scalars())


def _move(connection: Connection, scope: Scope, places: Sequence[Place]) -> None:
    change = (
        update(item)
        .where(scope.of(item), item.c.item == bindparam("b_item"))
        .values({name: bindparam(f"b_{name}") for name in list(Place.__annotations__)[1:]})
    )
    rows = [{f"b_{name}": value for name, value in vars(place).items()} for place in places]
    for at in range(0, len(rows), CHUNK):
        connection.execute(change, rows[at : at + CHUNK])


def _rewind(connection: Connection, scope: Scope) -> None:
    """Let everybody begin at the front again, because places have changed."""
    connection.execute(delete(cursor).where(scope.of(cursor)))
    connection.execute(update(item).where(scope.of(item), item.c.returned == 1).values(returned=0))


def _held(connection: Connection, scope: Scope, annotator: str, count: int) -> list[int]:
    query = (
        select(lease.c.item)
        .join(item, and_(scope.of(item), item.c.item == lease.c.item))
        .where(scope.of(lease), lease.c.annotator == annotator)
        .order_by(item.c.position)
        .limit(count)
    )
    return list(connection.execute(query).scalars())


def _candidates(connection: Connection, scope: Scope, annotator: str, count: int) -> list[int]:
    """Return free items this annotator has not dealt with: returned ones, then the next ones.

    Everything before the cursor is full, dealt with by this annotator, or marked returned.
    """
    if count <= 0:
        return []
    at = connection.execute(
        select(cursor.c.position).where(scope.of(cursor), cursor.c.annotator == annotator)
    ).scalar()
    came_back = _fresh(connection, scope, annotator, item.c.returned == 1, count)
    ahead = and_(item.c.returned == 0, item.c.position > (-1 if at is None else at))
    onward = _fresh(connection, scope, annotator, ahead, count - len(came_back))
    if onward:
        _advance(connection, scope, annotator, onward[-1][1], is_new=at is None)
    return [number for number, _ in [*came_back, *onward]]


def _fresh(
    connection: Connection,
    scope: Scope,
    annotator: str,
    which: ColumnElement[bool],
    count: int,
) -> list[tuple[int, int]]:
    if count <= 0:
        return []
    dealt_with = select(annotation.c.id).where(
        scope.of(annotation),
        annotation.c.item == item.c.item,
        annotation.c.annotator == annotator,
        annotation.c.superseded_by.is_(None),
        annotation.c.state != "none",
    )
    holding = select(lease.c.item).where(
        scope.of(lease), lease.c.item == item.c.item, lease.c.annotator == annotator
    )
    query = (
        select(item.c.item, item.c.position)
        .where(scope.of(item), item.c.open == 1, which, ~dealt_with.exists(), ~holding.exists())
        .order_by(item.c.position)
        .limit(count)
    )
    return [(row.item, row.position) for row in connection.execute(query)]


def _advance(
    connection: Connection, scope: Scope, annotator: str, position: int, *, is_new: bool
) -> None:
    if is_new:
        values = {**scope.columns, "annotator": annotator, "position": position}
        connection.execute(cursor.insert().values(values))
        return
    connection.execute(
        update(cursor)
        .where(scope.of(cursor), cursor.c.annotator == annotator)
        .values(position=position)
    )


def _tasks(
    connection: Connection, scope: Scope, numbers: Sequence[int], expires_at: float
) -> list[Task]:
    rows = connection.execute(select(item).where(scope.of(item), item.c.item.in_(numbers))).all()
    found = {row.item: row for row in rows}
    return [
        Task(
            number,
            found[number].answers,
            found[number].wanted,
            found[number].suggestion,
            found[number].confidence,
            expires_at,
        )
        for number in numbers
    ]
