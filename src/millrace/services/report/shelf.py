"""Keeping reports: one version a job, however often the job is run again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from millrace.core.context import Context
from millrace.core.ids import digest, parse_ref
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.fence import fence

LONGEST = 64


def title(subject: str, kind: str) -> str:
    """Return the name of the reports of one kind about a thing, at most 64 characters."""
    name = f"{subject}-{kind}"
    if len(name) <= LONGEST:
        return name
    mark = digest(subject)[:8]
    return f"{subject[: LONGEST - len(kind) - len(mark) - 2]}-{mark}-{kind}"


def keep(ctx: Context, name: str, meta: dict[str, Any], parents: Sequence[str]) -> str:
    """Add a report version; return `report:name@v`.

    A job killed after this and before its record runs again: it finds the version it made.
    Errors: conflict or cancelled, this life of the job may no longer write.
    """
    artifacts, table = ctx.use(Artifacts), tables.artifact
    with artifacts.database.begin() as connection:
        fence(connection, ctx)
        if ctx.job is not None:
            version = connection.execute(
                select(table.c.version).where(
                    table.c.project == ctx.project,
                    table.c.kind == "report",
                    table.c.name == name,
                    table.c.job == ctx.job,
                )
            ).scalar()
            if version is not None:
                return f"report:{name}@{version}"
        return artifacts.insert(connection, ctx, "report", name, meta, parents=parents).ref


def find(
    ctx: Context, kind: str, model: str | None, dataset: str | None, limit: int, offset: int
) -> tuple[list[Artifact], int]:
    """Return the reports of one kind, the newest first, and how many there are.

    `model` and `dataset` are full references or, without a version, every version of a name.
    """
    table = tables.artifact
    conditions = [
        table.c.project == ctx.project,
        table.c.kind == "report",
        table.c.deleted_at.is_(None),
        table.c.meta["type"].as_string() == kind,
    ]
    for field, ref in (("model", model), ("dataset", dataset)):
        if ref is None:
            continue
        said = table.c.meta[field].as_string()
        whole = "@" in ref
        conditions.append(said == ref if whole else said.startswith(f"{ref}@", autoescape=True))
    with ctx.use(Artifacts).database.read() as connection:
        total = connection.execute(select(func.count()).where(*conditions)).scalar_one()
        rows = connection.execute(
            select(table)
            .where(*conditions)
            .order_by(table.c.created_at.desc(), table.c.name, table.c.version.desc())
            .limit(limit)
            .offset(offset)
        ).all()
    made = [
        Artifact(r.kind, r.name, r.version, r.meta, r.project, r.job, r.actor, r.created_at)
        for r in rows
    ]
    return made, total


def settled(ctx: Context, ref: str | None, kind: str) -> str | None:
    """Return a reference whose alias has become a version; a bare name stays one.

    Errors: not_found, an alias that is not there.
    """
    if ref is None:
        return None
    version = parse_ref(ref, kind).version
    if isinstance(version, str):
        return ctx.use(Artifacts).get(ref, kind, ctx.project).ref
    return ref
