"""Keeping reports: one version a job, however often the job is run again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from millrace.core.context import Context
from millrace.core.ids import digest
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
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
