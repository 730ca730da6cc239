"""One look at the control plane: a fixed number of queries, whatever the workspace holds."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, distinct, func, select

from millrace.core.context import Context
from millrace.label.store.tables import annotation, item
from millrace.stores import tables
from millrace.stores.sql import Database

KINDS = ("dataset", "model", "labelset", "deployment", "index", "report", "watch", "check", "alert")
DAY = 86_400.0
SHOWN_JOBS = 5
LOG = "requests-"
TRAINING = "training"  # the queue of ops that train

artifact, job, alias = tables.artifact, tables.job, tables.alias


@dataclass(frozen=True)
class Look:
    """What was found, as rows; every list is bounded or one row a name."""

    at: float
    names: list[Any]
    versions: dict[str, int]
    recent: list[Any]
    aliases: list[Any]
    jobs: dict[str, tuple[int, float]]
    training: dict[str, tuple[int, float]]
    stuck: list[Any]
    queues: list[Any]
    disputed: dict[str, int]
    old_logs: dict[str, int]

    def of(self, kind: str) -> list[Any]:
        """Return the newest version of every name of a kind."""
        return [row for row in self.names if row.kind == kind]


def look(ctx: Context, now: float, days: float, recent: int) -> Look:
    """Read everything in one transaction; about ten queries."""
    with ctx.use(Database).read() as connection:
        names, versions = _names(connection, ctx.project)
        since = now - days * DAY
        queues = _queues(connection, ctx.project)
        # Only sets that ask several people can have differing answers.
        several = [row.labelset for row in queues if row.wanted > 1]
        return Look(
            at=now,
            names=names,
            versions=versions,
            recent=_recent(connection, ctx.project, recent),
            aliases=list(
                connection.execute(select(alias).where(alias.c.project == ctx.project)).all()
            ),
            jobs=_jobs(connection, ctx.project, since, job.c.parent.is_(None)),
            training=_jobs(connection, ctx.project, since, job.c.queue == TRAINING),
            stuck=_stuck(connection, ctx.project, since),
            queues=queues,
            disputed=_disputed(connection, ctx.project, several) if several else {},
            old_logs=_old_logs(connection, ctx.project, now - DAY),
        )


def _names(connection: Connection, project: str) -> tuple[list[Any], dict[str, int]]:
    newest = (
        select(
            artifact.c.kind,
            artifact.c.name,
            func.max(artifact.c.version).label("version"),
            func.count().label("versions"),
        )
        .where(
            artifact.c.project == project,
            artifact.c.kind.in_(KINDS),
            artifact.c.deleted_at.is_(None),
        )
        .group_by(artifact.c.kind, artifact.c.name)
        .subquery()
    )
    rows = connection.execute(
        select(artifact, newest.c.versions).join(
            newest,
            and_(
                artifact.c.project == project,
                artifact.c.kind == newest.c.kind,
                artifact.c.name == newest.c.name,
                artifact.c.version == newest.c.version,
            ),
        )
    ).all()
    versions: dict[str, int] = {}
    for row in rows:
        versions[row.kind] = versions.get(row.kind, 0) + int(row.versions)
    return list(rows), versions


def _recent(connection: Connection, project: str, limit: int) -> list[Any]:
    shown = [artifact.c[n] for n in ("kind", "name", "version", "created_at", "actor", "job")]
    query = (
        select(*shown, job.c.op)
        .outerjoin(job, job.c.id == artifact.c.job)
        .where(
            artifact.c.project == project,
            artifact.c.deleted_at.is_(None),
            artifact.c.kind != "check",
        )
        .order_by(artifact.c.created_at.desc(), artifact.c.version.desc(), artifact.c.name)
        .limit(limit)
    )
    return list(connection.execute(query).all())


def _jobs(
    connection: Connection, project: str, since: float, which: ColumnElement[bool]
) -> dict[str, tuple[int, float]]:
    """Count some jobs, with the newest of each state."""
    open_ones = ("queued", "running", "pausing", "paused", "cancelling")
    query = (
        select(job.c.state, func.count(), func.max(job.c.created_at))
        .where(
            job.c.project == project,
            which,
            job.c.state.in_(open_ones)
            | (job.c.state.in_(("failed", "done")) & (job.c.created_at >= since)),
        )
        .group_by(job.c.state)
    )
    return {row[0]: (int(row[1]), float(row[2])) for row in connection.execute(query)}


def _stuck(connection: Connection, project: str, since: float) -> list[Any]:
    """Return the newest jobs that failed or are paused, a few of each."""
    found: list[Any] = []
    for state in ("failed", "paused"):
        query = select(job.c.id, job.c.op, job.c.state, job.c.error, job.c.created_at).where(
            job.c.state == state, job.c.project == project, job.c.parent.is_(None)
        )
        if state == "failed":
            query = query.where(job.c.created_at >= since)
        query = query.order_by(job.c.created_at.desc()).limit(SHOWN_JOBS)
        found += connection.execute(query).all()
    return found


def _queues(connection: Connection, project: str) -> list[Any]:
    def count(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    settled = (item.c.answers >= item.c.wanted) | (item.c.adjudicated > 0)
    query = (
        select(
            item.c.labelset,
            func.count().label("items"),
            count(settled & (item.c.flags == 0)).label("done"),
            count(~settled & (item.c.flags == 0)).label("open"),  # also those in somebody's hands
            count((item.c.flags > 0) & (item.c.adjudicated == 0)).label("flagged"),
            func.max(item.c.wanted).label("wanted"),
        )
        .where(item.c.project == project)
        .group_by(item.c.labelset)
    )
    return list(connection.execute(query).all())


def _disputed(connection: Connection, project: str, sets: list[str]) -> dict[str, int]:
    """Count items that have all their answers, which differ, and nobody adjudicated."""
    differing = (
        select(annotation.c.labelset, annotation.c.item)
        .join(
            item,
            and_(
                item.c.project == annotation.c.project,
                item.c.labelset == annotation.c.labelset,
                item.c.item == annotation.c.item,
            ),
        )
        .where(
            annotation.c.project == project,
            annotation.c.labelset.in_(sets),
            annotation.c.superseded_by.is_(None),
            annotation.c.state == "answered",
            item.c.answers >= item.c.wanted,
            item.c.adjudicated == 0,
            item.c.flags == 0,
        )
        .group_by(annotation.c.labelset, annotation.c.item)
        .having(func.count(distinct(cast(annotation.c.value, String))) > 1)
        .subquery()
    )
    query = select(differing.c.labelset, func.count()).group_by(differing.c.labelset)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _old_logs(connection: Connection, project: str, before: float) -> dict[str, int]:
    """Return how many rows each log of requests held a day ago.

    A log only grows, by a version every few seconds of traffic; the difference to its newest
    version is the traffic of the day, without a look at the rows.
    """
    newest = (
        select(artifact.c.name, func.max(artifact.c.version).label("version"))
        .where(
            artifact.c.project == project,
            artifact.c.kind == "dataset",
            artifact.c.name.startswith(LOG, autoescape=True),
            artifact.c.created_at < before,
            artifact.c.deleted_at.is_(None),
        )
        .group_by(artifact.c.name)
        .subquery()
    )
    rows = connection.execute(
        select(artifact.c.name, artifact.c.meta["rows"].as_integer().label("rows")).join(
            newest,
            and_(
                artifact.c.project == project,
                artifact.c.kind == "dataset",
                artifact.c.name == newest.c.name,
                artifact.c.version == newest.c.version,
            ),
        )
    ).all()
    return {row.name: int(row.rows or 0) for row in rows}
