"""Look through the items of a label set: filters, pages, and what people said of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, and_, cast, func, not_, or_, select

from millrace.label.store.history import JUDGE
from millrace.label.store.tables import Scope, annotation, item
from millrace.label.types.browse import Stands
from millrace.stores.sql import Database

CHUNK = 500
_DONE = item.c.answers >= item.c.wanted
_PLAIN = and_(item.c.flags == 0, item.c.adjudicated == 0)
STATES: dict[str, ColumnElement[bool]] = {
    "unanswered": and_(_PLAIN, item.c.answers == 0),
    "begun": and_(_PLAIN, item.c.answers > 0, not_(_DONE)),
    "complete": and_(_PLAIN, item.c.answers > 0, _DONE),
    "open": item.c.open == 1,
    "leased": item.c.leases > 0,
    "skipped": item.c.skips > 0,
    "flagged": item.c.flags > 0,
    "adjudicated": item.c.adjudicated > 0,
}


@dataclass(frozen=True)
class Wanted:
    """Which items to look at; None: any. What has no suggestion is never sure enough."""

    state: str | None = None
    disagreement: bool = False
    label: str | None = None
    suggestion: str | None = None
    annotator: str | None = None
    least: float | None = None
    most: float | None = None


def state_of(row: Row[Any]) -> Stands:
    """Return the one word for an item: flagged before adjudicated before the answers."""
    if row.flags or row.adjudicated:
        return "flagged" if row.flags else "adjudicated"
    if row.answers >= row.wanted:
        return "complete"
    return "begun" if row.answers else "unanswered"


def find(database: Database, scope: Scope, wanted: Wanted) -> list[int]:
    """Return the items that fit, in the order of the queue."""
    query = select(item.c.item).where(scope.of(item), *_conditions(scope, wanted))
    with database.read() as connection:
        return list(connection.execute(query.order_by(item.c.position, item.c.item)).scalars())


def page(
    database: Database, scope: Scope, wanted: Wanted, offset: int, limit: int
) -> tuple[list[int], int]:
    """Return one page of the items that fit, and how many there are."""
    conditions = [scope.of(item), *_conditions(scope, wanted)]
    query = select(item.c.item).where(*conditions).order_by(item.c.position, item.c.item)
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(item).where(*conditions))
        found = connection.execute(query.offset(offset).limit(limit)).scalars()
        return list(found), int(total.scalar() or 0)


def places(database: Database, scope: Scope, items: Sequence[int]) -> dict[int, Row[Any]]:
    """Return the queue's rows of some items."""
    with database.read() as connection:
        return {
            row.item: row
            for at in range(0, len(items), CHUNK)
            for row in connection.execute(
                select(item).where(scope.of(item), item.c.item.in_(items[at : at + CHUNK]))
            )
        }


def said(database: Database, scope: Scope, items: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Return what holds now for some items, by person in the order they spoke."""
    found: dict[int, list[Row[Any]]] = {number: [] for number in items}
    with database.read() as connection:
        for at in range(0, len(items), CHUNK):
            rows = connection.execute(
                select(annotation)
                .where(
                    scope.of(annotation),
                    annotation.c.item.in_(items[at : at + CHUNK]),
                    annotation.c.superseded_by.is_(None),
                    annotation.c.state != "none",
                )
                .order_by(annotation.c.id)
            )
            for row in rows:
                found[row.item].append(row)
    return found


def counts(database: Database, project: str) -> dict[str, Any]:
    """Count items, complete and flagged ones, of every label set at once."""
    total = func.count()
    settled = or_(_DONE, item.c.adjudicated > 0)
    query = (
        select(
            item.c.labelset,
            total.label("items"),
            total.filter(settled).label("complete"),
            total.filter(item.c.flags > 0).label("flagged"),
        )
        .where(item.c.project == project)
        .group_by(item.c.labelset)
    )
    with database.read() as connection:
        return {str(row.labelset): row for row in connection.execute(query).all()}


def _conditions(scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(STATES[wanted.state])
    if wanted.suggestion is not None:
        found.append(cast(item.c.suggestion, Text) == json.dumps(wanted.suggestion))
    if wanted.least is not None:
        found.append(item.c.confidence >= wanted.least)
    if wanted.most is not None:
        found.append(item.c.confidence <= wanted.most)
    now = and_(scope.of(annotation), annotation.c.superseded_by.is_(None))
    value = cast(annotation.c.value, Text)
    if wanted.disagreement:
        differ = (
            select(annotation.c.item)
            .where(now, annotation.c.state == "answered")
            .group_by(annotation.c.item)
            .having(func.count(value.distinct()) > 1)
        )
        found.append(item.c.item.in_(differ))
    said_by = [now, annotation.c.state != "none"]
    if wanted.annotator is not None:
        said_by.append(annotation.c.annotator == wanted.annotator)
    if wanted.label is not None:
        said_by.append(value == json.dumps(wanted.label))
        said_by.append(annotation.c.state.in_(("answered", "adjudicated")))
    if wanted.annotator is not None or wanted.label is not None:
        found.append(item.c.item.in_(select(annotation.c.item).where(*said_by)))
    return found


def differ(rows: Sequence[Row[Any]]) -> bool:
    """Say whether people's answers to one item differ."""
    values = {row.value for row in rows if row.state == "answered" and row.annotator != JUDGE}
    return len(values) > 1
