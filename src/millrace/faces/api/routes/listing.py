"""What stands in a workspace, by name: short questions to the table of artifacts."""

from collections.abc import Iterator

from pydantic import BaseModel, Field
from sqlalchemy import Column, Connection, func, select

from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.sql import Database


class RefLine(BaseModel):
    """The newest version of one name."""

    ref: str = Field(description="kind:name@version")
    kind: str = Field(description="kind of thing")
    name: str = Field(description="its name")
    version: int = Field(description="its newest version")
    created_at: float = Field(description="when that version was made [s since 1970]")


def projects(workspace: Workspace) -> list[str]:
    """Return the projects that something is or was in, and the setting's.

    Cost: one look at an index for each project, however much is in them.
    """
    with workspace.use(Database).read() as connection:
        found = {
            name
            for column in (tables.artifact.c.project, tables.job.c.project)
            for name in _distinct(connection, column)
        }
    return sorted(found | {workspace.settings.project})


def _distinct(connection: Connection, column: Column[str]) -> Iterator[str]:
    """Give each value of an indexed column, going from one to the next."""
    after = ""
    while True:
        found = connection.execute(select(func.min(column)).where(column > after)).scalar()
        if found is None:
            return
        yield found
        after = found


def refs(
    workspace: Workspace, project: str, kind: str | None, contains: str, limit: int
) -> list[RefLine]:
    """Return names and their newest versions, the newest first."""
    table = tables.artifact
    at = func.max(table.c.created_at).label("at")
    query = (
        select(table.c.kind, table.c.name, func.max(table.c.version).label("version"), at)
        .where(table.c.project == project, table.c.deleted_at.is_(None))
        .group_by(table.c.kind, table.c.name)
        .order_by(at.desc(), table.c.kind, table.c.name)
        .limit(limit)
    )
    if kind is not None:
        query = query.where(table.c.kind == kind)
    if contains:
        query = query.where(table.c.name.contains(contains.lower(), autoescape=True))
    with workspace.use(Database).read() as connection:
        rows = connection.execute(query).all()
    return [
        RefLine(
            ref=f"{row.kind}:{row.name}@{row.version}",
            kind=row.kind,
            name=row.name,
            version=row.version,
            created_at=row.at,
        )
        for row in rows
    ]
