"""Versions of pipelines: kept by content, `current` moved atomically."""

import builtins
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, delete, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput
from millrace.core.ids import Ref, parse_ref
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.sql import Database

KIND = "pipeline"
CURRENT = "current"


@dataclass(frozen=True)
class Kept:
    """One stored version."""

    artifact: Artifact
    current: bool

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return str(self.artifact.meta["text"])


class Pipelines:
    """Every pipeline of a workspace; a version, once kept, never changes."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self.database = database
        self.artifacts = artifacts

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Database), workspace.use(Artifacts))

    def close(self) -> None:
        """Nothing of its own to release."""

    def save(self, ctx: Context, name: str, meta: dict[str, Any]) -> tuple[Artifact, bool]:
        """Keep a pipeline and make it current; the same `text` is the same version.

        Returns the version and whether this job made it.
        """
        with self.database.begin() as connection:
            self._lock(connection, ctx, name)
            known = self._same(connection, ctx, name, str(meta["text"]))
            found = known or self.artifacts.insert(connection, ctx, KIND, name, meta)
            self._point(connection, ctx, found)
        return found, known is None or (ctx.job is not None and known.job == ctx.job)

    def get(self, ref: str, project: str) -> Kept:
        """Return one version; a name alone means the current one.

        Errors: not_found, no such pipeline or version.
        """
        named = parse_ref(ref, KIND)
        current = self.artifacts.aliases(KIND, named.name, project).get(CURRENT)
        if named.version is None and current is not None:
            named = Ref(KIND, named.name, current)
        found = self.artifacts.get(str(named), KIND, project)
        return Kept(found, found.version == current)

    def versions(self, name: str, project: str) -> "builtins.list[Kept]":
        """Return every version, the newest first.

        Errors: not_found, no such pipeline.
        """
        current = self.artifacts.aliases(KIND, name, project).get(CURRENT)
        found = self.artifacts.versions(KIND, name, project)
        return [Kept(artifact, artifact.version == current) for artifact in found]

    def list(self, project: str) -> "builtins.list[Kept]":
        """Return the current version of every pipeline, by name."""
        newest = self.artifacts.list(KIND, project)
        return [self.get(f"{KIND}:{artifact.name}", project) for artifact in newest]

    def roll_back(self, ctx: Context, ref: str) -> tuple[Artifact, int | None]:
        """Make an earlier version current; return it and the one that was current.

        Errors: not_found, no such version; invalid_input, no version is named.
        """
        named = parse_ref(ref, KIND)
        if named.version is None:
            raise InvalidInput(
                f"'{named}' names no version to go back to.",
                f"Write 'pipeline:{named.name}@1'; "
                f"'millrace pipeline versions {named.name}' lists them.",
                field="pipeline",
            )
        with self.database.begin() as connection:
            self._lock(connection, ctx, named.name)
            found = self.artifacts.find(connection, named, ctx.project)
            return found, self._point(connection, ctx, found)

    def delete(self, ctx: Context, ref: str) -> "builtins.list[str]":
        """Hide one version, or with a name alone all of them; return their references.

        Errors: not_found, no such pipeline; conflict, the version is the current one.
        """
        named = parse_ref(ref, KIND)
        table, alias = tables.artifact, tables.alias
        with self.database.begin() as connection:
            self._lock(connection, ctx, named.name)
            found = self.artifacts.find(connection, named, ctx.project)
            mine = (
                (table.c.project == ctx.project)
                & (table.c.kind == KIND)
                & (table.c.name == named.name)
                & table.c.deleted_at.is_(None)
            )
            if named.version is not None:
                mine &= table.c.version == found.version
                if self._current(connection, ctx, named.name) == found.version:
                    raise Conflict(
                        f"'{found.ref}' is the current version.",
                        "Make another one current with 'pipeline.roll_back', or delete "
                        f"'{named.name}' with all its versions.",
                    )
            else:
                connection.execute(
                    delete(alias).where(
                        alias.c.project == ctx.project,
                        alias.c.kind == KIND,
                        alias.c.name == named.name,
                    )
                )
            numbers = connection.execute(select(table.c.version).where(mine)).scalars().all()
            connection.execute(table.update().where(mine).values(deleted_at=clock.now()))
            refs = [str(Ref(KIND, named.name, number)) for number in sorted(numbers)]
            for gone in refs:
                self.database.emit(
                    connection, "deleted", {"ref": gone}, job=ctx.job, project=ctx.project
                )
        return refs

    def _lock(self, connection: Connection, ctx: Context, name: str) -> None:
        self.database.lock(connection, f"artifact:{ctx.project}:{KIND}:{name}")

    def _same(self, connection: Connection, ctx: Context, name: str, text: str) -> Artifact | None:
        table = tables.artifact
        rows = connection.execute(
            select(table.c.version, table.c.meta).where(
                table.c.project == ctx.project,
                table.c.kind == KIND,
                table.c.name == name,
                table.c.deleted_at.is_(None),
            )
        ).all()
        same = [row.version for row in rows if row.meta["text"] == text]
        if not same:
            return None
        return self.artifacts.find(connection, Ref(KIND, name, max(same)), ctx.project)

    def _current(self, connection: Connection, ctx: Context, name: str) -> int | None:
        alias = tables.alias
        return connection.execute(
            select(alias.c.version).where(
                alias.c.project == ctx.project,
                alias.c.kind == KIND,
                alias.c.name == name,
                alias.c.alias == CURRENT,
            )
        ).scalar()

    def _point(self, connection: Connection, ctx: Context, found: Artifact) -> int | None:
        """Move `current`, unless it stands there; return where it stood."""
        before = self._current(connection, ctx, found.name)
        if before != found.version:
            self.artifacts.move_alias(connection, ctx, found, CURRENT)
        return before
