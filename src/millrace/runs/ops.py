"""Ops that show, compare and record runs."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.runs import types as t


@op("runs.list", effect="read")
def list_runs(params: t.ListParams, ctx: Context) -> t.ListResult:
    """List runs, sorted, filtered and counted, each metric with last, min and max.

    Runs of training jobs and of scripts stand side by side, also those that a plain `mlflow`
    client logged into the project's experiment (of the project's name) or below it
    ('project/experiment').
    Reads: MLflow's database; through its API, slowly, where tracking is a server.
    Cost: for 10,000 runs well below 0.3 CPU-s a page; a minimum over the whole of one metric
    reads all its values.
    Errors: invalid_input, no such column, or a filter that does not fit it; unavailable,
    tracking does not answer.
    """
    from millrace.runs.engine.columns import column
    from millrace.runs.store.open import Runs

    column(params.sort)
    reader = ctx.use(Runs).reader(ctx)
    page = reader.page(params)
    return t.ListResult(
        runs=page.lines,
        total=page.total,
        offset=params.offset,
        keys=reader.keys() if params.keys else t.Keys(),
        source=reader.source,
        notes=page.notes,
    )


@op("runs.show", effect="read")
def show(params: t.RunParams, ctx: Context) -> t.ShowResult:
    """Show one run: params, metrics, tags, datasets, its job and what that made.

    Errors: not_found, the project has no such run; unavailable, tracking does not answer.
    """
    from millrace.runs.store import around
    from millrace.runs.store.open import Runs

    reader = ctx.use(Runs).reader(ctx)
    found = reader.details(params.run)
    line = found.line
    made = around.made(ctx, line.job) if line.job else []
    models = dict.fromkeys(one.ref for one in made if one.kind == "model")
    if line.model:
        models[line.model] = None
    return t.ShowResult(
        **line.model_dump(),
        experiment_id=found.experiment_id,
        artifact_uri=found.artifact_uri,
        job_state=around.job_state(ctx, line.job) if line.job else "",
        inputs=found.inputs,
        made=made,
        reports=around.reports(ctx, list(models)),
        system_tags=found.system_tags,
        source=reader.source,
    )


@op("runs.history", effect="read")
def history(params: t.HistoryParams, ctx: Context) -> t.HistoryResult:
    """Show the metrics of up to 200 runs over their steps.

    Longer series are cut into stretches of which the least and the greatest value stay, so
    that no peak is lost.
    Cost: reads every point of these series, about 2 CPU-us each.
    Errors: not_found, the project has no such run; unavailable, tracking does not answer.
    """
    from millrace.runs.engine.series import shortened
    from millrace.runs.store.open import Runs

    reader = ctx.use(Runs).reader(ctx)
    runs = list(dict.fromkeys(params.runs))
    reader.lines(runs, [])
    found = reader.history(runs, params.metrics)
    place = {run: at for at, run in enumerate(runs)}
    series: list[t.Series] = []
    for run, metric in sorted(found, key=lambda key: (place[key[0]], key[1])):
        points = found[run, metric]
        shown = shortened(points, params.points)
        series.append(
            t.Series(
                run=run,
                metric=metric,
                steps=[point[0] for point in shown],
                times=[point[1] for point in shown],
                values=[point[2] for point in shown],
                count=len(points),
                sampled=len(shown) < len(points),
            )
        )
    return t.HistoryResult(series=series, points=params.points, source=reader.source)


@op("runs.compare", effect="read")
def compare(params: t.CompareParams, ctx: Context) -> t.CompareResult:
    """Compare up to 200 runs: params that differ, metrics against a baseline, tests.

    Where the models of a run and of the baseline were evaluated on the same dataset, their
    answers to the same rows are tested: McNemar's test for classes, a paired t-test of the
    absolute errors for numbers, with Holm's correction over all of them.
    Errors: not_found, the project has no such run; invalid_input, the baseline is not among
    the runs; unavailable, tracking does not answer.
    """
    from millrace.core.errors import InvalidInput
    from millrace.runs.engine import comparison
    from millrace.runs.store import around
    from millrace.runs.store.open import Runs

    reader = ctx.use(Runs).reader(ctx)
    runs = list(dict.fromkeys(params.runs))
    baseline = params.baseline or runs[0]
    if baseline not in runs:
        raise InvalidInput(
            f"The baseline '{baseline}' is not among the runs.",
            "Name one of them.",
            field="baseline",
        )
    at = runs.index(baseline)
    lines = reader.lines(runs, params.metrics)
    tests = around.significance(ctx, lines, at, params.confidence)
    notes: list[str] = []
    if any(line.test == "none" for line in tests):
        notes.append(
            "Some evaluations hold no answers of single rows (made before they were kept, or too "
            "many rows), so nothing is tested there: run 'evaluation.run' again."
        )
    return t.CompareResult(
        runs=lines,
        baseline=baseline,
        params=comparison.params(lines),
        metrics=comparison.metrics(lines, at),
        significance=tests,
        source=reader.source,
        notes=notes,
    )


@op("runs.start", effect="write")
def start(params: t.StartParams, ctx: Context) -> t.StartResult:
    """Start a run for a training of your own; log to it with 'runs.log'.

    Writes: one run.
    Errors: not_found, no such dataset; invalid_input, a tag of MLflow's or Millrace's;
    unavailable, tracking does not answer.
    """
    from millrace.runs.store import recording
    from millrace.stores.tracking import Tracking, shown

    run = recording.start(ctx, params)
    return t.StartResult(run=run, name=params.name, uri=shown(ctx.use(Tracking).uri))


@op("runs.log", effect="write")
def log(params: t.LogParams, ctx: Context) -> t.LogResult:
    """Log metrics and params to a run; send many steps at once where they come fast.

    Writes: values of metrics, params.
    Errors: not_found, the project has no such run; conflict, it is deleted; invalid_input, a
    param that has another value already; unavailable, tracking does not answer.
    """
    from millrace.runs.store import recording

    return t.LogResult(run=params.run, logged=recording.log(ctx, params))


@op("runs.finish", effect="write")
def finish(params: t.FinishParams, ctx: Context) -> t.ChangeResult:
    """Finish a run, as done, failed or killed.

    Writes: the end of the run.
    Errors: not_found, the project has no such run; conflict, it is deleted.
    """
    from millrace.runs.store import recording

    recording.finish(ctx, params.run, params.state)
    return recording.stands(ctx, params.run)


@op("runs.rename", effect="write")
def rename(params: t.RenameParams, ctx: Context) -> t.ChangeResult:
    """Rename a run.

    Writes: the name of the run.
    Errors: not_found, the project has no such run; conflict, it is deleted.
    """
    from millrace.runs.store import recording

    recording.rename(ctx, params.run, params.name)
    return recording.stands(ctx, params.run)


@op("runs.tag", effect="write")
def tag(params: t.TagParams, ctx: Context) -> t.ChangeResult:
    """Tag a run, and take tags away.

    Writes: tags of the run.
    Errors: not_found, the project has no such run; conflict, it is deleted; invalid_input, a
    tag of MLflow's or Millrace's.
    """
    from millrace.runs.store import recording

    recording.tag(ctx, params)
    return recording.stands(ctx, params.run)


@op("runs.delete", effect="destructive")
def delete(params: t.RunParams, ctx: Context) -> t.ChangeResult:
    """Delete a run; 'runs.restore' brings it back.

    It is hidden as MLflow hides it, and `mlflow gc` may remove hidden runs for good. Its job
    and the models it made stay.
    Writes: the state of the run.
    Errors: not_found, the project has no such run.
    """
    from millrace.runs.store import recording

    recording.delete(ctx, params.run)
    return recording.stands(ctx, params.run)


@op("runs.restore", effect="write")
def restore(params: t.RunParams, ctx: Context) -> t.ChangeResult:
    """Restore a deleted run.

    Writes: the state of the run.
    Errors: not_found, the project has no such run.
    """
    from millrace.runs.store import recording

    recording.restore(ctx, params.run)
    return recording.stands(ctx, params.run)
