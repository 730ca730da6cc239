"""What people said: rows that are only ever added, one current row for each item and person."""

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import Connection, Row, func, select, update

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict
from millrace.core.workspace import Workspace
from millrace.label.store import history, queue
from millrace.label.store.history import JUDGE, STATES, Annotation, Change, Given
from millrace.label.store.tables import Scope, annotation, lease
from millrace.stores.fence import fence
from millrace.stores.sql import Database


class Answers:
    """Annotations of label sets: nothing acknowledged is lost or overwritten."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Database))

    def close(self) -> None:
        """Nothing of its own to release."""

    def record(self, ctx: Context, scope: Scope, change: Change) -> Annotation:
        """Store one change with its event in one transaction.

        Saying the same again changes nothing and is told by `repeated`.
        Errors: not_found, the item is not in the queue; conflict, somebody wrote in between,
        the person answered already, or the item has all the answers it needs.
        """
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            before = history.by_job(connection, ctx, scope)
            if before is not None:
                return history.told(before, repeated=True)
            return self.change(connection, ctx, scope, change)

    def undo(
        self, ctx: Context, scope: Scope, annotator: str, seconds: float, number: int | None = None
    ) -> Annotation:
        """Take back the person's last change (or the last on one item); again goes further back.

        The history stays; the item is leased to the person again where it has a free slot.
        Errors: not_found, nothing left to take back.
        """
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            before = history.by_job(connection, ctx, scope)
            if before is not None:
                return history.told(before, repeated=True)
            last = history.undoable(connection, scope, annotator, number)
            made = self._taken_back(connection, ctx, scope, last)
            _lease_again(connection, scope, made, clock.now() + seconds)
        return history.told(made)

    def take_back(
        self, connection: Connection, ctx: Context, scope: Scope, last: Row[Any]
    ) -> Annotation:
        """Take back one change in a transaction of the caller; the item is not reserved."""
        return history.told(self._taken_back(connection, ctx, scope, last))

    def _taken_back(
        self, connection: Connection, ctx: Context, scope: Scope, last: Row[Any]
    ) -> Row[Any]:
        current = history.current(connection, scope, last.item, last.annotator)
        assert current is not None  # its history holds `last`
        earlier = history.at_version(connection, scope, last, last.version - 1)
        state, value = (earlier.state, earlier.value) if earlier else ("none", None)
        change = Change(last.item, last.annotator, "undo", value, "", None, last.revision)
        made = history.insert(connection, ctx, scope, change, state, current)
        connection.execute(
            update(annotation).where(annotation.c.id == last.id).values(undone_by=made.id)
        )
        self._settle(connection, ctx, scope, made, current.state)
        return made

    def load(
        self,
        ctx: Context,
        scope: Scope,
        rows: Sequence[tuple[int, str, str]],
        revision: int,
        wanted: int,
    ) -> tuple[int, int]:
        """Add many answers (item, annotator, value) at once, with the items not there yet.

        Who has any history on an item keeps it. Returns how many were added and kept.
        """
        with self.database.begin() as connection:
            fence(connection, ctx)
            self.database.lock(connection, scope.lock)
            queue.append(connection, scope, [row[0] for row in rows], wanted)
            seen: set[tuple[int, str]] = {
                (row.item, row.annotator)
                for row in connection.execute(
                    select(annotation.c.item, annotation.c.annotator).where(scope.of(annotation))
                )
            }
            fresh: dict[tuple[int, str], str] = {}
            for number, annotator, value in rows:
                if (number, annotator) not in seen:
                    fresh.setdefault((number, annotator), value)
            history.insert_many(connection, ctx, scope, fresh, revision)
            queue.recount(connection, scope)
            facts = {"labelset": scope.name, "added": len(fresh)}
            self._emit(connection, ctx, "label.imported", facts)
        return len(fresh), len(rows) - len(fresh)

    def given(self, scope: Scope, state: str = "answered", upto: int | None = None) -> Given:
        """Return the current answers, or those current when annotation `upto` was the newest."""
        query = select(annotation.c.item, annotation.c.annotator, annotation.c.value).where(
            scope.of(annotation), annotation.c.state == state
        )
        if upto is None:
            query = query.where(annotation.c.superseded_by.is_(None))
        else:
            later = annotation.c.superseded_by
            query = query.where(annotation.c.id <= upto, later.is_(None) | (later > upto))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(annotation.c.id)).all()
        return Given([r.item for r in rows], [r.annotator for r in rows], [r.value for r in rows])

    def newest(self, scope: Scope) -> int:
        """Return the number of the newest annotation, a mark for `given`."""
        with self.database.read() as connection:
            found = connection.execute(
                select(func.max(annotation.c.id)).where(scope.of(annotation))
            ).scalar()
        return int(found or 0)

    def people(self, scope: Scope) -> dict[str, dict[str, int]]:
        """Count each annotator's current rows by state."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(annotation.c.annotator, annotation.c.state, func.count().label("rows"))
                .where(scope.of(annotation), annotation.c.superseded_by.is_(None))
                .where(annotation.c.state != "none", annotation.c.annotator != JUDGE)
                .group_by(annotation.c.annotator, annotation.c.state)
                .order_by(annotation.c.annotator)
            ).all()
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row.annotator, {})[row.state] = int(row.rows)
        return found

    def versions(self, scope: Scope, items: Sequence[int], annotator: str) -> dict[int, int]:
        """Return the version at which each item stands for a person, 0 where there is none."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(annotation.c.item, annotation.c.version).where(
                    scope.of(annotation),
                    annotation.c.item.in_(items),
                    annotation.c.annotator == annotator,
                    annotation.c.superseded_by.is_(None),
                )
            ).all()
        return {**dict.fromkeys(items, 0), **{row.item: row.version for row in rows}}

    def history(self, scope: Scope, number: int) -> list[Row[Any]]:
        """Return every change to one item, the oldest first."""
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(annotation)
                    .where(scope.of(annotation), annotation.c.item == number)
                    .order_by(annotation.c.id)
                )
            )

    def change(
        self, connection: Connection, ctx: Context, scope: Scope, change: Change
    ) -> Annotation:
        """Store one change in a transaction of the caller, who holds the set's lock.

        Errors: as of `record`.
        """
        place = history.item_row(connection, scope, change.item)
        current = history.current(connection, scope, change.item, change.annotator)
        state = STATES[change.action]
        if current is not None and (current.state, current.value) == (state, change.value):
            return history.told(current, repeated=True)
        _check_version(scope, change, current)
        if change.action == "annotate" and (current is None or current.state != "answered"):
            _check_room(connection, scope, change, place)
        made = history.insert(connection, ctx, scope, change, state, current)
        self._settle(connection, ctx, scope, made, current.state if current else "none")
        return history.told(made)

    def _settle(
        self, connection: Connection, ctx: Context, scope: Scope, made: Row[Any], was: str
    ) -> None:
        """Bring the item's counts in line with a change, end the lease, write the event."""
        changes = {"leases": -queue.drop(connection, scope, made.item, made.annotator)}
        for state, by in ((made.state, 1), (was, -1)):
            if state in queue.COUNTS:
                name = queue.COUNTS[state]
                changes[name] = changes.get(name, 0) + by
        taker = None if made.state == "none" else made.annotator
        queue.adjust(connection, scope, made.item, changes, taker)
        facts = {
            "labelset": scope.name,
            "item": made.item,
            "annotator": made.annotator,
            "version": made.version,
        }
        self._emit(connection, ctx, f"label.{made.state}", facts)

    def _emit(self, connection: Connection, ctx: Context, kind: str, facts: dict[str, Any]) -> None:
        self.database.emit(connection, kind, facts, job=ctx.job, project=ctx.project)


def _check_version(scope: Scope, change: Change, current: Row[Any] | None) -> None:
    version = current.version if current is not None else 0
    if change.expected is not None and change.expected != version:
        raise Conflict(
            f"Item {change.item} of '{scope.name}' is at version {version}, not {change.expected}.",
            "Somebody wrote in between: read it again, then send your answer.",
            item=change.item,
            version=version,
        )
    settled = current is not None and current.state not in ("none", "skipped")
    if change.expected is None and settled:
        raise Conflict(
            f"Item {change.item} of '{scope.name}' already has an answer of "
            f"'{change.annotator.strip('!')}'.",
            f"Send 'expected' {version} to replace it.",
            item=change.item,
            version=version,
        )


def _check_room(connection: Connection, scope: Scope, change: Change, place: Row[Any]) -> None:
    if place.open:
        return
    holds = select(lease.c.item).where(
        scope.of(lease), lease.c.item == change.item, lease.c.annotator == change.annotator
    )
    if connection.execute(holds).first() is not None:
        return
    queue.release_expired(connection, scope, clock.now())
    if history.item_row(connection, scope, change.item).open:
        return
    why = f"has {place.answers} of {place.wanted} answers and {place.leases} people at work"
    if place.flags or place.adjudicated:
        why = "was flagged" if place.flags else "was adjudicated"
    raise Conflict(
        f"Item {change.item} of '{scope.name}' {why}.",
        f"Run 'millrace label next {scope.name}' for an item that still needs an answer.",
        item=change.item,
    )


def _lease_again(connection: Connection, scope: Scope, made: Row[Any], until: float) -> None:
    if made.state == "none" and history.item_row(connection, scope, made.item).open:
        queue.hold(connection, scope, made.item, made.annotator, until)
