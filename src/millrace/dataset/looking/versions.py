"""What datasets and versions there are, their names, and their files."""

from typing import Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.ids import parse_ref
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import ID
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets


def listing(params: p.ListParams, ctx: Context) -> r.ListResult:
    """Return the newest version of each dataset."""
    found = ctx.use(Artifacts).list("dataset", ctx.project)
    named = [one for one in found if params.contains in one.name]
    lines = [_line(one, ctx) for one in named[: params.limit]]
    return r.ListResult(datasets=lines, total=len(named))


def versions(params: p.VersionsParams, ctx: Context) -> r.VersionsResult:
    """Return the versions of one dataset."""
    found = ctx.use(Artifacts).versions("dataset", params.name, ctx.project)
    lines = [_line(one, ctx) for one in found[: params.limit]]
    return r.VersionsResult(versions=lines, total=len(found))


def _line(found: Artifact, ctx: Context) -> r.VersionLine:
    tags = ctx.use(Artifacts).aliases("dataset", found.name, ctx.project)
    columns: dict[str, Any] = found.meta.get("columns", {})
    return r.VersionLine(
        dataset=found.ref,
        rows=int(found.meta.get("rows", 0)),
        columns=len([name for name in columns if name != ID]),
        created_at=found.created_at,
        job=found.job,
        actor=found.actor,
        tags=sorted(tag for tag, version in tags.items() if version == found.version),
    )


def tag(params: p.TagParams, ctx: Context) -> r.TagResult:
    """Move a tag to a version."""
    if params.tag.isdigit() or params.tag == "latest":
        raise InvalidInput(
            f"The tag '{params.tag}' would be taken for a version.",
            "Use a word, such as 'reviewed'.",
            field="tag",
        )
    artifacts = ctx.use(Artifacts)
    name = parse_ref(params.dataset, "dataset").name
    before = artifacts.aliases("dataset", name, ctx.project).get(params.tag)
    version = artifacts.get(params.dataset, "dataset", ctx.project).version
    found = artifacts.set_alias(ctx, "dataset", name, params.tag, version)
    previous = None if before is None else f"dataset:{name}@{before}"
    return r.TagResult(dataset=found.ref, tag=params.tag, previous=previous)


def compact(params: p.CompactParams, ctx: Context) -> r.CompactResult:
    """Join small files."""
    ctx.use(Datasets).info(params.name, ctx.project)
    done = ctx.use(Datasets).compact(params.name, ctx.project, only_count=params.only_count)
    return r.CompactResult(dataset=params.name, only_count=params.only_count, **done)


def clean_up(params: p.CleanUpParams, ctx: Context) -> r.CleanUpResult:
    """Remove files that no version needs."""
    ctx.use(Datasets).info(params.name, ctx.project)
    states, freed = ctx.use(Datasets).clean_up(
        params.name, ctx.project, params.older_than, only_count=params.only_count
    )
    return r.CleanUpResult(
        dataset=params.name, only_count=params.only_count, states=states, bytes_freed=freed
    )
