"""Watches, their checks and alerts: artifacts, where every change is a new version."""

from typing import Any

from sqlalchemy import Connection, and_, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.core.ids import Ref, digest, parse_ref
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.fence import fence

WATCH, CHECK, ALERT = "watch", "check", "alert"


def add(ctx: Context, kind: str, name: str, meta: dict[str, Any], parents: list[str]) -> Artifact:
    """Add a version in one transaction; a job run again finds the one it made."""
    artifacts = ctx.use(Artifacts)
    with artifacts.database.begin() as connection:
        fence(connection, ctx)
        return _insert(connection, ctx, Ref(kind, name), meta, parents)


def remove(ctx: Context, name: str) -> Artifact:
    """Hide every version of a watch (soft delete); its checks and alerts stay.

    Errors: not_found, no such watch.
    """
    artifacts, table = ctx.use(Artifacts), tables.artifact
    with artifacts.database.begin() as connection:
        fence(connection, ctx)
        found = artifacts.find(connection, Ref(WATCH, name), ctx.project)
        connection.execute(
            table.update()
            .where(
                table.c.project == ctx.project,
                table.c.kind == WATCH,
                table.c.name == name,
                table.c.deleted_at.is_(None),
            )
            .values(deleted_at=clock.now())
        )
        facts = {"ref": found.ref}
        artifacts.database.emit(connection, "deleted", facts, job=ctx.job, project=ctx.project)
    return found


def alert_name(watch: str, reference: str, current: str) -> str:
    """Return the one name an alert about these two datasets can have."""
    return f"{watch}-{digest([reference, current])[:10]}"


def record(
    ctx: Context, watch: Artifact, check: dict[str, Any], parents: list[str]
) -> tuple[Artifact, Artifact | None]:
    """Keep a check and, where it found drift, its alert, in one transaction."""
    artifacts = ctx.use(Artifacts)
    with artifacts.database.begin() as connection:
        fence(connection, ctx)
        made = _insert(connection, ctx, Ref(CHECK, watch.name), check, parents)
        if not check["drifted"]:
            return made, None
        name = alert_name(watch.name, check["reference"], check["current"])
        try:
            return made, artifacts.find(connection, Ref(ALERT, name), ctx.project)
        except NotFound:
            meta = {**check, "state": "open", "watch": watch.name, "check": made.ref, "note": ""}
            alert = _insert(connection, ctx, Ref(ALERT, name), meta, [made.ref, *parents])
            facts = {"ref": alert.ref, "watch": watch.name, "verdict": check["verdict"][:300]}
            artifacts.database.emit(connection, "alert", facts, job=ctx.job, project=ctx.project)
            return made, alert


def change(ctx: Context, ref: str, sources: tuple[str, ...], **values: Any) -> Artifact:
    """Move an alert on when it is in one of `sources`; else return it as it stands.

    Errors: not_found, no such alert.
    """
    artifacts, name = ctx.use(Artifacts), parse_ref(ref, ALERT).name
    with artifacts.database.begin() as connection:
        fence(connection, ctx)
        artifacts.database.lock(connection, f"artifact:{ctx.project}:{ALERT}:{name}")
        found = artifacts.find(connection, Ref(ALERT, name), ctx.project)
        if found.meta["state"] not in sources:
            return found
        meta = {**found.meta, **values, "by": ctx.actor.name}
        made = artifacts.insert(connection, ctx, ALERT, name, meta, parents=[found.ref])
        facts = {"ref": made.ref, "state": meta["state"]}
        artifacts.database.emit(connection, "alert", facts, job=ctx.job, project=ctx.project)
    return made


def made_by(ctx: Context, kind: str, name: str) -> Artifact | None:
    """Return what this job made of that name in an earlier life."""
    if ctx.job is None:
        return None
    artifacts = ctx.use(Artifacts)
    with artifacts.database.read() as connection:
        return _made_by(connection, ctx, Ref(kind, name))


def _insert(
    connection: Connection, ctx: Context, ref: Ref, meta: dict[str, Any], parents: list[str]
) -> Artifact:
    there = _made_by(connection, ctx, ref) if ctx.job is not None else None
    if there is not None:
        return there
    return ctx.use(Artifacts).insert(connection, ctx, ref.kind, ref.name, meta, parents=parents)


def _made_by(connection: Connection, ctx: Context, ref: Ref) -> Artifact | None:
    table = tables.artifact
    version = connection.execute(
        select(table.c.version).where(
            and_(table.c.project == ctx.project, table.c.kind == ref.kind),
            table.c.name == ref.name,
            table.c.job == ctx.job,
            table.c.deleted_at.is_(None),
        )
    ).scalar()
    if version is None:
        return None
    return ctx.use(Artifacts).find(connection, Ref(ref.kind, ref.name, version), ctx.project)
