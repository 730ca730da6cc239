"""Every query on the record of jobs that a list needs."""

from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, or_, select, tuple_

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.jobs.types import ListParams
from millrace.kinds.job import EventLine
from millrace.stores import tables
from millrace.stores.jobs import record
from millrace.stores.sql import Database

job = tables.job
SHOWN: tuple[Any, ...] = (
    *(job.c.id, job.c.op, job.c.state, job.c.project, job.c.actor, job.c.parent, job.c.attempt),
    *(job.c.done, job.c.total, job.c.note, job.c.busy, job.c.created_at, job.c.started_at),
    *(job.c.ended_at, job.c.error),
)


def conditions(params: ListParams, project: str) -> list[ColumnElement[bool]]:
    """Return what a job must fulfil to be listed, its state apart."""
    if params.since is not None and params.until is not None and params.until <= params.since:
        raise InvalidInput(
            f"The window ends at {params.until:g}, which is not after its begin, {params.since:g}.",
            "Give an 'until' later than 'since'.",
            field="until",
        )
    found: list[ColumnElement[bool]] = []
    if params.op:
        inside = job.c.op.startswith(f"{params.op}.", autoescape=True)
        found.append(or_(job.c.op == params.op, inside))
    if params.parent is not None:
        found.append(job.c.parent == params.parent)
    if params.top:
        found.append(job.c.parent.is_(None))
    if not params.everywhere:
        found.append(job.c.project == project)
    if params.since is not None:
        found.append(job.c.created_at >= params.since)
    if params.until is not None:
        found.append(job.c.created_at < params.until)
    if params.actor:
        found.append(job.c.actor["name"].as_string() == params.actor)
    if params.text:
        found.append(_says(params.text))
    return found


def _says(text: str) -> ColumnElement[bool]:
    places = (job.c.id, job.c.op, job.c.note, cast(job.c.params, String), cast(job.c.error, String))
    return or_(*(place.icontains(text, autoescape=True) for place in places))


def page(ctx: Context, params: ListParams) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return one row more than the page holds, and how many jobs there are by state.

    Cost: two queries; a filter by text reads every record it is asked to look at.
    Errors: not_found, no such job to go on after.
    """
    where = conditions(params, ctx.project)
    query = select(*SHOWN).where(*where).limit(params.limit + 1)
    if params.state is not None:
        query = query.where(job.c.state == params.state)
    newest = params.order == "newest"
    place = (job.c.created_at, job.c.id)
    query = query.order_by(*(part.desc() if newest else part for part in place))
    counts = select(job.c.state, func.count()).where(*where).group_by(job.c.state)
    with ctx.use(Database).read() as connection:
        if params.before is not None:
            last = record.get(connection, params.before)
            at = tuple_(literal(last.created_at), literal(last.id))
            query = query.where(tuple_(*place) < at if newest else tuple_(*place) > at)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        states = {str(row[0]): int(row[1]) for row in connection.execute(counts)}
    return rows, dict(sorted(states.items()))


def log(
    ctx: Context, id: str, after: int, limit: int, kind: str | None, children: bool
) -> list[EventLine]:
    """Return one event more than the page holds, the oldest first.

    Errors: not_found, no such job.
    """
    table = tables.event
    mine: ColumnElement[bool] = table.c.job == id
    if children:
        mine = or_(mine, table.c.job.in_(select(job.c.id).where(job.c.parent == id)))
    query = select(table).where(mine, table.c.seq > after).order_by(table.c.seq).limit(limit + 1)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    with ctx.use(Database).read() as connection:
        record.get(connection, id)
        return [
            EventLine(seq=row.seq, job=row.job, kind=row.kind, data=row.data, at=row.at)
            for row in connection.execute(query)
        ]
