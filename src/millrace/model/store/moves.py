"""Moving aliases: state, history and event in one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, MillraceError, NotFound
from millrace.core.failpoints import failpoint
from millrace.core.ids import Ref, check_name, parse_ref
from millrace.model.engine import aliases
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.fence import fence
from millrace.stores.models import Models
from millrace.stores.tracking import Tracking

KIND = "model"
TRIES = 5


@dataclass(frozen=True)
class Moved:
    """An alias before and after."""

    now: Artifact | None
    before: int | None
    changed: bool = True


def point(ctx: Context, ref: str, alias: str, expected: int | None = None) -> Moved:
    """Point an alias at a version; nothing happens when it stands there already.

    Errors: not_found, no such model or version; invalid_input, a name that cannot be;
    conflict, the alias does not stand where it was expected.
    """
    check_name(alias, "alias")
    artifacts, parsed = ctx.use(Artifacts), parse_ref(ref, KIND)
    with artifacts.database.begin() as connection:
        _lock(artifacts, connection, ctx, parsed.name)
        if (done := _told(connection, ctx, "alias", parsed.name, alias)) is not None:
            return _again(artifacts, connection, ctx, done)
        found = artifacts.find(connection, parsed, ctx.project)
        standing = _standing(connection, ctx, found.name, alias)
        if expected is not None and expected != (standing or 0):
            raise Conflict(
                f"'{alias}' of '{found.name}' stands at {standing or 'no version'}, "
                f"not at {expected or 'none'}.",
                f"Somebody moved it; look with 'millrace model show {found.name}'.",
                standing=standing,
            )
        if standing == found.version:
            return Moved(found, standing, changed=False)
        artifacts.move_alias(connection, ctx, found, alias)
    failpoint("model.moved")
    return Moved(found, standing)


def withdraw(ctx: Context, name: str, alias: str) -> Moved:
    """Take an alias away.

    Errors: not_found, no such alias.
    """
    artifacts = ctx.use(Artifacts)
    with artifacts.database.begin() as connection:
        _lock(artifacts, connection, ctx, name)
        if (done := _told(connection, ctx, "alias_removed", name, alias)) is not None:
            return Moved(None, done["previous"])
        standing = _standing(connection, ctx, name, alias)
        if standing is None:
            raise NotFound(
                f"'{name}' has no alias '{alias}'.", f"Run 'millrace model show {name}'."
            )
        _take(connection, ctx, name, alias, [standing])
        facts = {"ref": f"{KIND}:{name}", "alias": alias, "previous": standing}
        artifacts.database.emit(
            connection, "alias_removed", facts, job=ctx.job, project=ctx.project
        )
    return Moved(None, standing)


def roll_back(ctx: Context, name: str, alias: str) -> Moved:
    """Give an alias back to the version that had it before.

    It is withdrawn and then given back, and the history keeps both, so that rolling back
    twice goes two versions back. Versions deleted since are passed over.
    Errors: not_found, no such model or alias; conflict, nothing had it before.
    """
    artifacts = ctx.use(Artifacts)
    with artifacts.database.begin() as connection:
        _lock(artifacts, connection, ctx, name)
        if (done := _told(connection, ctx, "rolled_back", name, alias)) is not None:
            return _again(artifacts, connection, ctx, done)
        present = artifacts.find(connection, Ref(KIND, name, alias), ctx.project).version
        walked = aliases.path(_moves(connection, ctx, name, alias))
        earlier = aliases.before(walked, present, _versions(connection, ctx, name))
        if earlier is None:
            raise Conflict(
                f"'{name}' has no earlier {alias} to roll back to.",
                f"Name a version: 'millrace model promote {name}@VERSION'.",
            )
        target = artifacts.find(connection, Ref(KIND, name, earlier), ctx.project)
        _take(connection, ctx, name, alias, aliases.above(walked, earlier))
        artifacts.move_alias(connection, ctx, target, alias)
        facts = {"ref": target.ref, "alias": alias, "previous": present}
        artifacts.database.emit(connection, "rolled_back", facts, job=ctx.job, project=ctx.project)
    failpoint("model.moved")
    return Moved(target, present)


def mirror(ctx: Context, name: str, alias: str) -> list[str]:
    """Tell MLflow where an alias stands now; return what could not be told.

    Our own row is the truth and is written already: a silent MLflow does not undo it. The row
    is read again afterwards, so that of two moves at once the later one is told last.
    """
    artifacts, tracking = ctx.use(Artifacts), ctx.use(Tracking)
    told: list[int | None] = []
    try:
        for _ in range(TRIES):
            standing = artifacts.aliases(KIND, name, ctx.project).get(alias)
            if told and told[-1] == standing:
                break
            if standing is None:
                tracking.unalias(name, alias, ctx.project)
            else:
                _tell(ctx, name, alias, standing)
            told.append(standing)
    except MillraceError as error:
        return [
            f"MLflow was not told where '{alias}' stands, so its clients see the old version: "
            f"{error.problem} Run 'millrace model alias' again when it answers."
        ]
    return []


def _tell(ctx: Context, name: str, alias: str, version: int) -> None:
    """Set the alias in MLflow, which first catches up if it lacks the version."""
    ref, tracking = str(Ref(KIND, name, version)), ctx.use(Tracking)
    try:
        tracking.alias(name, alias, ref, ctx.project)
    except NotFound:
        ctx.use(Models).mirror(ctx, name)
        tracking.alias(name, alias, ref, ctx.project)


def _told(
    connection: Connection, ctx: Context, kind: str, name: str, alias: str
) -> dict[str, Any] | None:
    """Return what this job did already, in an earlier life; prove that it may still write.

    A job killed between its transaction and its record runs again: without this, a second
    roll back would go one further.
    """
    fence(connection, ctx)
    if ctx.job is None:
        return None
    table = tables.event
    query = select(table.c.data).where(table.c.job == ctx.job, table.c.kind == kind)
    for data in connection.execute(query.order_by(table.c.seq)).scalars():
        if data["alias"] == alias and parse_ref(data["ref"], KIND).name == name:
            return data
    return None


def _again(
    artifacts: Artifacts, connection: Connection, ctx: Context, done: dict[str, Any]
) -> Moved:
    found = artifacts.find(connection, parse_ref(done["ref"], KIND), ctx.project)
    return Moved(found, done["previous"])


def _lock(artifacts: Artifacts, connection: Connection, ctx: Context, name: str) -> None:
    artifacts.database.lock(connection, f"artifact:{ctx.project}:{KIND}:{name}")


def _named(table: Any, ctx: Context, name: str, alias: str) -> ColumnElement[bool]:
    return and_(
        table.c.project == ctx.project,
        table.c.kind == KIND,
        table.c.name == name,
        table.c.alias == alias,
    )


def _standing(connection: Connection, ctx: Context, name: str, alias: str) -> int | None:
    table = tables.alias
    query = select(table.c.version).where(_named(table, ctx, name, alias))
    return connection.execute(query).scalar()


def _moves(connection: Connection, ctx: Context, name: str, alias: str) -> Sequence[Any]:
    table = tables.alias_change
    query = select(table.c.version, table.c.previous).where(_named(table, ctx, name, alias))
    return connection.execute(query.order_by(table.c.id)).all()


def _versions(connection: Connection, ctx: Context, name: str) -> list[int]:
    table = tables.artifact
    query = select(table.c.version).where(
        table.c.project == ctx.project,
        table.c.kind == KIND,
        table.c.name == name,
        table.c.deleted_at.is_(None),
    )
    return list(connection.execute(query).scalars())


def _take(
    connection: Connection, ctx: Context, name: str, alias: str, versions: Sequence[int]
) -> None:
    """Remove the alias and write down each version it is withdrawn from."""
    connection.execute(tables.alias.delete().where(_named(tables.alias, ctx, name, alias)))
    for version in versions:
        connection.execute(
            tables.alias_change.insert().values(
                project=ctx.project,
                kind=KIND,
                name=name,
                alias=alias,
                version=None,
                previous=version,
                actor=ctx.actor.name,
                at=clock.now(),
            )
        )
