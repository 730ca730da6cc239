"""Versioned artifacts: immutable versions, movable aliases, lineage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, Row, and_, func, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, choices
from millrace.core.ids import Ref, check_name, parse_ref
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.sql import Database


@dataclass(frozen=True)
class Artifact:
    """One immutable version of a named thing."""

    kind: str
    name: str
    version: int
    meta: dict[str, Any]
    project: str
    job: str | None
    actor: str
    created_at: float

    @property
    def ref(self) -> str:
        """Return `kind:name@version`."""
        return f"{self.kind}:{self.name}@{self.version}"


@dataclass(frozen=True)
class AliasChange:
    """One move of an alias."""

    alias: str
    version: int | None
    previous: int | None
    actor: str
    at: float


class Artifacts:
    """Names, versions, aliases and lineage of everything a workspace holds."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Database))

    def close(self) -> None:
        """Nothing of its own to release."""

    def add(
        self,
        ctx: Context,
        kind: str,
        name: str,
        meta: dict[str, Any],
        *,
        parents: Sequence[str] = (),
    ) -> Artifact:
        """Add the next version of `name` in one transaction with its event and lineage."""
        with self.database.begin() as connection:
            return self.insert(connection, ctx, kind, name, meta, parents=parents)

    def insert(
        self,
        connection: Connection,
        ctx: Context,
        kind: str,
        name: str,
        meta: dict[str, Any],
        *,
        parents: Sequence[str] = (),
    ) -> Artifact:
        """Add the next version inside a transaction of the caller."""
        check_name(name, f"{kind} name")
        table = tables.artifact
        self.database.lock(connection, f"artifact:{ctx.project}:{kind}:{name}")
        newest = connection.execute(
            select(func.max(table.c.version)).where(
                table.c.project == ctx.project, table.c.kind == kind, table.c.name == name
            )
        ).scalar()
        values: dict[str, Any] = {
            "project": ctx.project,
            "kind": kind,
            "name": name,
            "version": (newest or 0) + 1,
            "meta": meta,
            "job": ctx.job,
            "actor": ctx.actor.name,
            "created_at": clock.now(),
        }
        connection.execute(table.insert().values(values))
        made = Artifact(**values)
        for parent in dict.fromkeys(parents):
            connection.execute(
                tables.lineage.insert().values(project=ctx.project, child=made.ref, parent=parent)
            )
        self.database.emit(
            connection, "artifact", {"ref": made.ref}, job=ctx.job, project=ctx.project
        )
        return made

    def get(self, ref: str, kind: str, project: str = "default") -> Artifact:
        """Return one version: a number, an alias or the latest.

        Errors: not_found, no such name, version or alias; the hint lists what there is.
        """
        with self.database.read() as connection:
            return self.find(connection, parse_ref(ref, kind), project)

    def find(self, connection: Connection, ref: Ref, project: str) -> Artifact:
        """Resolve a parsed reference inside a transaction of the caller."""
        table = tables.artifact
        named = and_(table.c.project == project, table.c.kind == ref.kind, table.c.name == ref.name)
        query = select(table).where(named, table.c.deleted_at.is_(None))
        if isinstance(ref.version, str):
            version = self._alias(connection, ref, project)
        else:
            version = ref.version
        if version is not None:
            query = query.where(table.c.version == version)
        row = connection.execute(query.order_by(table.c.version.desc()).limit(1)).first()
        if row is None:
            raise self._missing(connection, ref, project)
        return _artifact(row)

    def versions(self, kind: str, name: str, project: str = "default") -> list[Artifact]:
        """Return every version of a name, the newest first.

        Errors: not_found, nothing of that name.
        """
        table = tables.artifact
        with self.database.read() as connection:
            rows = connection.execute(
                select(table)
                .where(
                    table.c.project == project,
                    table.c.kind == kind,
                    table.c.name == name,
                    table.c.deleted_at.is_(None),
                )
                .order_by(table.c.version.desc())
            ).all()
            if not rows:
                raise self._missing(connection, Ref(kind, name), project)
        return [_artifact(row) for row in rows]

    def set_alias(self, ctx: Context, kind: str, name: str, alias: str, version: int) -> Artifact:
        """Point an alias at a version, keeping the move in its history; atomic.

        Errors: not_found, no such version; invalid_input, a name that cannot be.
        """
        check_name(alias, "alias")
        if alias == "latest" or alias.isdigit():
            raise InvalidInput(
                f"'{alias}' cannot be an alias.", "References read it as a version: choose a word."
            )
        with self.database.begin() as connection:
            self.database.lock(connection, f"artifact:{ctx.project}:{kind}:{name}")
            found = self.find(connection, Ref(kind, name, version), ctx.project)
            self.move_alias(connection, ctx, found, alias)
        return found

    def move_alias(
        self, connection: Connection, ctx: Context, target: Artifact, alias: str
    ) -> int | None:
        """Move an alias inside a transaction of the caller; return where it stood before."""
        table = tables.alias
        where = and_(
            table.c.project == ctx.project,
            table.c.kind == target.kind,
            table.c.name == target.name,
            table.c.alias == alias,
        )
        previous = connection.execute(select(table.c.version).where(where)).scalar()
        names = {"project": ctx.project, "kind": target.kind, "name": target.name, "alias": alias}
        if previous is None:
            connection.execute(table.insert().values(**names, version=target.version))
        else:
            connection.execute(table.update().where(where).values(version=target.version))
        connection.execute(
            tables.alias_change.insert().values(
                **names,
                version=target.version,
                previous=previous,
                actor=ctx.actor.name,
                at=clock.now(),
            )
        )
        facts = {"ref": target.ref, "alias": alias, "previous": previous}
        self.database.emit(connection, "alias", facts, job=ctx.job, project=ctx.project)
        return previous

    def aliases(self, kind: str, name: str, project: str = "default") -> dict[str, int]:
        """Return every alias of a name and the version it points at."""
        table = tables.alias
        with self.database.read() as connection:
            rows = connection.execute(
                select(table.c.alias, table.c.version).where(
                    table.c.project == project, table.c.kind == kind, table.c.name == name
                )
            ).all()
        return {row.alias: row.version for row in rows}

    def alias_history(
        self, kind: str, name: str, alias: str, project: str = "default"
    ) -> list[AliasChange]:
        """Return every move of an alias, the newest first."""
        table = tables.alias_change
        with self.database.read() as connection:
            rows = connection.execute(
                select(table)
                .where(
                    table.c.project == project,
                    table.c.kind == kind,
                    table.c.name == name,
                    table.c.alias == alias,
                )
                .order_by(table.c.id.desc())
            ).all()
        return [AliasChange(r.alias, r.version, r.previous, r.actor, r.at) for r in rows]

    def lineage(self, ref: str, project: str = "default", depth: int = 20) -> list[tuple[str, str]]:
        """Return (parent, child) pairs reachable up and down from an artifact."""
        table = tables.lineage
        edges: dict[tuple[str, str], None] = {}
        with self.database.read() as connection:
            for near, far in ((table.c.child, table.c.parent), (table.c.parent, table.c.child)):
                frontier, seen = {ref}, {ref}
                for _ in range(depth):
                    rows = connection.execute(
                        select(table).where(table.c.project == project, near.in_(frontier))
                    ).all()
                    edges.update(((row.parent, row.child), None) for row in rows)
                    frontier = {str(getattr(row, far.name)) for row in rows} - seen
                    seen |= frontier
                    if not frontier:
                        break
        return sorted(edges)

    def delete(self, ctx: Context, ref: str, kind: str) -> Artifact:
        """Hide one version (soft delete); retention removes it later.

        Errors: conflict, an alias still points at it; not_found, no such version.
        """
        table, named = tables.artifact, parse_ref(ref, kind)
        with self.database.begin() as connection:
            self.database.lock(connection, f"artifact:{ctx.project}:{kind}:{named.name}")
            found = self.find(connection, named, ctx.project)
            held = (
                connection.execute(
                    select(tables.alias.c.alias).where(
                        tables.alias.c.project == ctx.project,
                        tables.alias.c.kind == kind,
                        tables.alias.c.name == found.name,
                        tables.alias.c.version == found.version,
                    )
                )
                .scalars()
                .all()
            )
            if held:
                raise Conflict(
                    f"'{found.ref}' is in use as {choices(list(held))}.",
                    "Point the alias at another version first.",
                )
            connection.execute(
                table.update()
                .where(
                    table.c.project == ctx.project,
                    table.c.kind == kind,
                    table.c.name == found.name,
                    table.c.version == found.version,
                )
                .values(deleted_at=clock.now())
            )
            facts = {"ref": found.ref}
            self.database.emit(connection, "deleted", facts, job=ctx.job, project=ctx.project)
        return found

    def list(self, kind: str, project: str = "default") -> list[Artifact]:
        """Return the newest version of every name of a kind, by name."""
        table = tables.artifact
        newest = (
            select(table.c.name, func.max(table.c.version).label("version"))
            .where(table.c.project == project, table.c.kind == kind, table.c.deleted_at.is_(None))
            .group_by(table.c.name)
            .subquery()
        )
        with self.database.read() as connection:
            rows = connection.execute(
                select(table)
                .join(
                    newest,
                    and_(table.c.name == newest.c.name, table.c.version == newest.c.version),
                )
                .where(table.c.project == project, table.c.kind == kind)
                .order_by(table.c.name)
            ).all()
        return [_artifact(row) for row in rows]

    def _alias(self, connection: Connection, ref: Ref, project: str) -> int:
        table = tables.alias
        found = connection.execute(
            select(table.c.version).where(
                table.c.project == project,
                table.c.kind == ref.kind,
                table.c.name == ref.name,
                table.c.alias == ref.version,
            )
        ).scalar()
        if found is None:
            raise self._missing(connection, ref, project)
        return int(found)

    def _missing(self, connection: Connection, ref: Ref, project: str) -> NotFound:
        table = tables.artifact
        here = and_(
            table.c.project == project, table.c.kind == ref.kind, table.c.deleted_at.is_(None)
        )
        found = (
            connection.execute(select(table.c.version).where(here, table.c.name == ref.name))
            .scalars()
            .all()
        )
        if found:
            marks = (
                connection.execute(
                    select(tables.alias.c.alias).where(
                        tables.alias.c.project == project,
                        tables.alias.c.kind == ref.kind,
                        tables.alias.c.name == ref.name,
                    )
                )
                .scalars()
                .all()
            )
            known = choices([*(str(version) for version in found), *marks])
            return NotFound(f"There is no '{ref}'.", f"Its versions and aliases are {known}.")
        names = connection.execute(select(table.c.name).where(here).distinct()).scalars().all()
        known = f"There are {choices(list(names))}." if names else f"There is no {ref.kind} yet."
        return NotFound(f"There is no {ref.kind} '{ref.name}'.", known, name=ref.name)


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        row.kind, row.name, row.version, row.meta, row.project, row.job, row.actor, row.created_at
    )
