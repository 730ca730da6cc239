"""Deployments as versioned artifacts: every change is a new version, nothing is lost."""

from typing import Any, Self

from sqlalchemy import and_, func, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, NotFound
from millrace.core.ids import Ref
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts

KIND = "deployment"


class Deployments:
    """What is deployed in a workspace; `meta` holds model, sample and price."""

    def __init__(self, artifacts: Artifacts) -> None:
        self.artifacts = artifacts
        self.database = artifacts.database

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Artifacts))

    def close(self) -> None:
        """Nothing of its own to release."""

    def create(self, ctx: Context, name: str, meta: dict[str, Any], model: str) -> Artifact:
        """Add a deployment.

        Errors: conflict, one of that name exists.
        """
        with self.database.begin() as connection:
            self.database.lock(connection, f"deployment:{ctx.project}:{name}")
            try:
                self.artifacts.find(connection, Ref(KIND, name), ctx.project)
            except NotFound:
                return self.artifacts.insert(connection, ctx, KIND, name, meta, parents=[model])
        raise Conflict(
            f"The deployment '{name}' exists already.",
            f"Change it with 'millrace deployment update {name}', or choose another name.",
        )

    def update(self, ctx: Context, name: str, changes: dict[str, Any], model: str) -> Artifact:
        """Replace parts of what a deployment holds.

        Errors: not_found, no such deployment.
        """
        with self.database.begin() as connection:
            self.database.lock(connection, f"deployment:{ctx.project}:{name}")
            found = self.artifacts.find(connection, Ref(KIND, name), ctx.project)
            meta = {**found.meta, **changes}
            return self.artifacts.insert(connection, ctx, KIND, name, meta, parents=[model])

    def delete(self, ctx: Context, name: str) -> Artifact:
        """Hide every version of a deployment (soft delete).

        Errors: not_found, no such deployment.
        """
        table = tables.artifact
        with self.database.begin() as connection:
            found = self.artifacts.find(connection, Ref(KIND, name), ctx.project)
            connection.execute(
                table.update()
                .where(
                    table.c.project == ctx.project,
                    table.c.kind == KIND,
                    table.c.name == name,
                    table.c.deleted_at.is_(None),
                )
                .values(deleted_at=clock.now())
            )
            self.database.emit(
                connection, "deleted", {"ref": found.ref}, job=ctx.job, project=ctx.project
            )
        return found

    def everywhere(self) -> list[Artifact]:
        """Return the newest version of every deployment of every project, in one query."""
        table = tables.artifact
        here = and_(table.c.kind == KIND, table.c.deleted_at.is_(None))
        newest = (
            select(table.c.project, table.c.name, func.max(table.c.version).label("version"))
            .where(here)
            .group_by(table.c.project, table.c.name)
            .subquery()
        )
        same = [table.c[name] == newest.c[name] for name in ("project", "name", "version")]
        query = select(table).join(newest, and_(*same)).where(here)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.c.project, table.c.name)).all()
        return [
            Artifact(r.kind, r.name, r.version, r.meta, r.project, r.job, r.actor, r.created_at)
            for r in rows
        ]

    def mark(self) -> int:
        """Return a number that grows with every change of the workspace; one cheap query."""
        with self.database.read() as connection:
            return int(connection.execute(select(func.max(tables.event.c.seq))).scalar() or 0)

    def dropped(self, dataset: str, project: str) -> int:
        """Return how many sampled requests were given up because the buffer was full."""
        try:
            versions = self.artifacts.versions("dataset", dataset, project)
        except NotFound:
            return 0
        return sum(int(version.meta.get("dropped", 0)) for version in versions)
