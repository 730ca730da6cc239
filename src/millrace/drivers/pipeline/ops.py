"""Ops that keep, check and run pipelines."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from millrace.core.context import Context
from millrace.core.events import Event
from millrace.core.registry import op
from millrace.drivers.pipeline import types as t

if TYPE_CHECKING:
    from millrace.drivers.pipeline.store import Kept


@op("pipeline.format", effect="read")
def format_pipeline(params: t.Given, ctx: Context) -> t.Formatted:
    """Bring a pipeline into its one form, as graph and as text.

    The same content always gives the same bytes. Ops and params are not looked up: that is
    'pipeline.validate'. Comments of the text are not kept.
    Writes: nothing.
    Errors: invalid_input, the text cannot be read; the facts say line and column.
    """
    from millrace.drivers.pipeline import source

    return source.formatted(params, ctx)


@op("pipeline.validate", effect="read")
def validate(params: t.Named, ctx: Context) -> t.Validated:
    """Check a pipeline whole and tell every problem with its block and field.

    Looks up ops, fields, values, kinds of ports, missing params and circles. A text that
    cannot be read is a problem too. Columns and artifacts are looked up when it runs.
    Writes: nothing.
    Errors: not_found, no such stored pipeline.
    """
    from millrace.drivers.pipeline import source

    return source.validated(params, ctx)


@op("pipeline.save", effect="write")
def save(params: t.SaveParams, ctx: Context) -> t.Saved:
    """Keep a pipeline as a version and make it the current one.

    Content that was kept before is the same version again: nothing is doubled, and saving
    an earlier content goes back to it.
    Writes: a version, unless the content is known; the alias 'current'.
    Errors: invalid_input, it cannot be read, or has problems and is no 'draft'.
    """
    from millrace.drivers.pipeline import source
    from millrace.drivers.pipeline.checking import Checked
    from millrace.drivers.pipeline.store import Pipelines

    found = source.get(params, ctx)
    problems = Checked(found.graph).problems
    if problems and (not params.draft or any(p.code == "bad_name" for p in problems)):
        raise source.unfit(found.graph.name, problems)
    meta = {
        "text": found.text,
        "digest": found.digest,
        "description": found.graph.description,
        "blocks": len(found.graph.blocks),
        "problems": len(problems),
    }
    kept, created = ctx.use(Pipelines).save(ctx, found.graph.name, meta)
    return t.Saved(
        pipeline=kept.ref,
        version=kept.version,
        digest=found.digest,
        created=created,
        problems=problems,
    )


@op("pipeline.show", effect="read")
def show(params: t.OnePipeline, ctx: Context) -> t.Shown:
    """Show one version of a pipeline, as text and as graph.

    Errors: not_found, no such pipeline or version.
    """
    from millrace.drivers.pipeline import source
    from millrace.drivers.pipeline.store import Pipelines

    kept = ctx.use(Pipelines).get(params.pipeline, ctx.project)
    graph = source.parse(kept.text).graph
    return t.Shown(**_version(kept).model_dump(), text=kept.text, graph=graph)


@op("pipeline.list", effect="read")
def list_pipelines(params: t.ListParams, ctx: Context) -> t.Listed:
    """List the pipelines of the project, the current version of each.

    Writes: nothing.
    """
    from millrace.drivers.pipeline.store import Pipelines

    found = [
        kept
        for kept in ctx.use(Pipelines).list(ctx.project)
        if params.contains in kept.artifact.name
    ]
    return t.Listed(pipelines=[_version(kept) for kept in found[: params.limit]], total=len(found))


@op("pipeline.versions", effect="read")
def versions(params: t.VersionsParams, ctx: Context) -> t.Versions:
    """List the versions of a pipeline, the newest first.

    Errors: not_found, no such pipeline.
    """
    from millrace.drivers.pipeline.store import Pipelines

    found = ctx.use(Pipelines).versions(params.name, ctx.project)
    return t.Versions(versions=[_version(kept) for kept in found[: params.limit]])


@op("pipeline.roll_back", effect="write")
def roll_back(params: t.OnePipeline, ctx: Context) -> t.RolledBack:
    """Make an earlier version of a pipeline the current one.

    Schedules and runs that name the pipeline without a version use it from now on; a run
    that has begun keeps its version.
    Writes: the alias 'current', in one transaction.
    Errors: not_found, no such version; invalid_input, no version is named.
    """
    from millrace.drivers.pipeline.store import Pipelines

    found, before = ctx.use(Pipelines).roll_back(ctx, params.pipeline)
    previous = None if before is None else f"pipeline:{found.name}@{before}"
    return t.RolledBack(pipeline=found.ref, previous=previous)


@op("pipeline.delete", effect="destructive")
def delete(params: t.OnePipeline, ctx: Context) -> t.Deleted:
    """Delete one version of a pipeline, or with a name alone the whole pipeline.

    What its runs made stays, and so do schedules: their runs fail until they are deleted.
    Errors: not_found, no such pipeline; conflict, the version is the current one.
    """
    from millrace.drivers.pipeline.store import Pipelines

    return t.Deleted(deleted=ctx.use(Pipelines).delete(ctx, params.pipeline))


@op("pipeline.run", effect="write", retries=0)
def run(params: t.RunParams, ctx: Context) -> Generator[Event, None, t.RunResult]:
    """Run a pipeline, each block as a job of its own.

    Blocks run in order, and what one gives flows into the next; each runs only if whoever
    asked may run its op, and effects beyond writing have to be named in 'allow'. A block
    behind a failed one is skipped, others still run. A run that is killed or paused goes on
    where it stood, and 'jobs.retry' runs what failed again: finished blocks never run twice.
    The version is fixed when the run begins.
    Random: as the blocks.     Writes: what the blocks write.
    Errors: invalid_input, the pipeline has problems; not_allowed, a block is not allowed;
    the error of the first block that failed, with every block's state in its facts.
    """
    from millrace.drivers.pipeline import running

    return (yield from running.start(params, ctx))


@op("pipeline.filter", effect="write")
def filter_rows(params: t.FilterParams, ctx: Context) -> t.FilterResult:
    """Write the rows of a dataset that pass a filter as another dataset.

    Meant as a block, such as taking the test part after 'dataset.split'.
    Writes: a dataset version.     Cost: the rows kept in memory.
    Errors: invalid_input, no such column or no row passes; not_found, no such dataset.
    """
    from millrace.drivers.pipeline import rows

    return rows.keep(params, ctx)


@op("pipeline.python", effect="external")
def python(params: t.CodeParams, ctx: Context) -> t.CodeResult:
    """Run Python code of your own on the rows of a dataset.

    Only where the setting 'allow_code' is true. The code runs in a process of its own with
    limits of time and memory and without our environment, but as the same system user: it
    can read files and reach the network. See docs/pipeline.md.
    Random: as the code.     Writes: a dataset version.     Cost: the rows in memory, twice.
    Errors: not_allowed, code is not allowed; invalid_input, the code is wrong;
    limit_reached, it took too long or needed too much memory.
    """
    from millrace.drivers.pipeline import rows

    return rows.transform(params, ctx)


def _version(kept: "Kept") -> t.Version:
    found = kept.artifact
    return t.Version(
        pipeline=found.ref,
        name=found.name,
        version=found.version,
        current=kept.current,
        digest=str(found.meta["digest"]),
        description=str(found.meta["description"]),
        blocks=int(found.meta["blocks"]),
        actor=found.actor,
        created_at=found.created_at,
    )
