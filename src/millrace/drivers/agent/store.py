"""What a workspace holds, as far as a text may name it."""

from collections.abc import Iterable

from sqlalchemy import func, select

from millrace.core.context import Context
from millrace.core.errors import MillraceError
from millrace.drivers.agent.engine.mentions import Names
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.sql import Database

KINDS = (
    *("dataset", "model", "labelset", "deployment", "index", "pipeline", "report", "watch"),
    "alert",
)
MOST = 5_000
LONGEST = 9  # digits of a version that a database can hold


def names(ctx: Context) -> Names:
    """Return the names and aliases of the project, the newest 5,000 at most."""
    artifact, alias = tables.artifact, tables.alias
    newest = func.max(artifact.c.version)
    query = (
        select(artifact.c.kind, artifact.c.name, newest)
        .where(
            artifact.c.project == ctx.project,
            artifact.c.kind.in_(KINDS),
            artifact.c.deleted_at.is_(None),
        )
        .group_by(artifact.c.kind, artifact.c.name)
        .order_by(func.max(artifact.c.created_at).desc())
        .limit(MOST)
    )
    found: dict[str, dict[str, int]] = {}
    aliases: dict[tuple[str, str], dict[str, int]] = {}
    with ctx.use(Database).read() as connection:
        for row in connection.execute(query):
            found.setdefault(row[0], {})[row[1]] = int(row[2])
        for row in connection.execute(select(alias).where(alias.c.project == ctx.project)):
            aliases.setdefault((row.kind, row.name), {})[row.alias] = int(row.version)
    return Names(found, aliases)


def columns(ctx: Context, refs: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns that go with things, by `kind:name`."""
    found: dict[str, list[str]] = {}
    for ref in refs:
        kind = ref.partition(":")[0]
        if kind not in ("dataset", "model", "labelset", "deployment", "index"):
            continue
        version = ref.partition("@")[2]
        if version.isdigit() and len(version) > LONGEST:
            continue  # a larger number fits no database and is no version
        try:
            found[ref.partition("@")[0]] = _columns(ctx, ref, kind)
        except MillraceError:
            continue  # it is named and not there: the dry run will say so
    return found


def _columns(ctx: Context, ref: str, kind: str) -> list[str]:
    artifacts = ctx.use(Artifacts)
    found = artifacts.get(ref, kind, ctx.project)
    if kind == "dataset":
        return list(found.meta.get("columns", {}))
    if kind == "deployment":
        found = artifacts.get(str(found.meta["model"]), "model", ctx.project)
    if kind in ("model", "deployment"):
        return _of_model(found)
    dataset = str(found.meta.get("dataset", ""))
    if not dataset:
        return []
    return list(artifacts.get(dataset, "dataset", ctx.project).meta.get("columns", {}))


def _of_model(found: Artifact) -> list[str]:
    target = found.meta.get("target")
    return [*([str(target)] if target else []), *map(str, found.meta.get("features", []))]
