"""Ops that judge models."""

from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.registry import op
from millrace.evaluation.types import (
    CompareParams,
    CompareResult,
    CrossParams,
    CrossResult,
    ListParams,
    ListResult,
    RunParams,
    RunResult,
    ShowParams,
)
from millrace.services.report.evaluation import Evaluation, Summary


@op("evaluation.run", effect="write")
def run(params: RunParams, ctx: Context) -> RunResult:
    """Judge a model on a dataset: metrics with intervals, classes, slices.

    Use it on rows the model was not trained on. Every metric stands with a bootstrap interval
    (Wilson's where all answers are right), every slice with a test against the rest under
    Holm's correction. The whole, with the points of every plot, is kept as a report.
    Random: seeded by the job.     Writes: one report.
    Cost: one prediction a row; about 1 CPU-s for the intervals of 3,000 rows and 77 classes.
    Errors: not_found, no such model or dataset; invalid_input, columns are missing, hold
    another kind of values, or no row has both truth and prediction.
    """
    from millrace.evaluation import store
    from millrace.evaluation.engine import judge, slices, summary
    from millrace.stores.datasets import Datasets

    side = store.open_side(ctx, params.model, params.prediction, params.score)
    snapshot = ctx.use(Datasets).info(params.dataset, ctx.project)
    target = side.target(params.target)
    by = side.slices(params.slices, snapshot, target)
    keep = [target, *by, store.ROW]
    table, outputs, warnings = store.read(ctx, snapshot, keep, [side], params.rows)
    task = side.task(params.task, table, target)
    found = judge.judge(task, table.column(target), target, outputs)
    parts = [
        part
        for name in by
        for part in slices.of_column(name, table.column(name).take(found.kept), params.bins)
    ]
    settings = summary.Settings(params.resamples, params.confidence, params.least, ctx.seed)
    made = Evaluation(
        model=side.ref,
        prediction=params.prediction or "",
        dataset=snapshot.ref,
        target=target,
        notes=[*found.notes, *warnings, *side.notes],
        **summary.describe(found, parts, settings),
    )
    report = ""
    if params.keep:
        ids = table.column(store.ROW).to_numpy()[found.kept]
        answers = store.keep_answers(ctx, ids, found)
        report = store.keep_report(ctx, made, params.report, answers)
    brief = {name: getattr(made, name) for name in Summary.model_fields}
    return RunResult(**brief, report=report)


@op("evaluation.list", effect="read")
def list_evaluations(params: ListParams, ctx: Context) -> ListResult:
    """List stored evaluations, of one model or of all, the newest first.

    A model or dataset without a version stands for all its versions.
    Errors: not_found, an alias that is not there.
    """
    from millrace.evaluation import store

    found, total = store.list_reports(ctx, params)
    return ListResult(evaluations=found, total=total)


@op("evaluation.show", effect="read")
def show(params: ShowParams, ctx: Context) -> Evaluation:
    """Show a stored evaluation with the points of its plots.

    With more labels than 'labels', the confusion matrix keeps those most often confused; the
    other labels are counted together as the last one, and a note says so.
    Errors: not_found, no such report; invalid_input, it is a report of another type.
    """
    from millrace.evaluation import store
    from millrace.evaluation.engine.summary import condensed

    found = store.open_report(ctx, params.report)[1]
    return condensed(found, params.labels)


@op("evaluation.compare", effect="read")
def compare(params: CompareParams, ctx: Context) -> CompareResult:
    """Test whether two models differ on the same rows.

    Either side may be a model or a column of predictions. Every metric is compared by a
    paired bootstrap, right and wrong answers by McNemar's test, the ranking of two classes by
    DeLong's. To compare ways of training rather than two trained models, cross-validate.
    Random: seeded by the job.     Writes: nothing.
    Errors: not_found, no such model or dataset; invalid_input, the sides answer different
    questions, or columns are missing.
    """
    from millrace.evaluation import store
    from millrace.evaluation.engine import compare as tests
    from millrace.evaluation.engine import judge
    from millrace.stores.datasets import Datasets

    first = store.open_side(ctx, params.a, params.prediction_a, params.score_a)
    second = store.open_side(ctx, params.b, params.prediction_b, params.score_b)
    snapshot = ctx.use(Datasets).info(params.dataset, ctx.project)
    named = first if first.predictor is not None else second
    target = named.target(params.target)
    table, outputs, warnings = store.read(ctx, snapshot, [target], [first, second], params.rows)
    task = named.task(None, table, target)
    found = judge.judge(task, table.column(target), target, outputs)
    tested = tests.compare(found, params.resamples, params.confidence, ctx.seed)
    return CompareResult(
        a=first.name,
        b=second.name,
        dataset=snapshot.ref,
        task=task,
        rows=len(found.kept),
        confidence=params.confidence,
        resamples=params.resamples,
        notes=[*found.notes, *warnings, *named.notes],
        **tested.model_dump(),
    )


@op("evaluation.cross_validate", effect="read")
def cross_validate(params: CrossParams, ctx: Context) -> Generator[Event, None, CrossResult]:
    """Train recipes on folds of a dataset and judge each on the rows left out.

    A recipe is the list of members of a saved model with their settings and shares, or a plain
    learner with default settings. Preprocessing is fitted anew in every fold. The best recipe
    is tested against the others with the corrected resampled t-test, since folds share rows.
    The settings of a model are kept as they are: when they were tuned on these very rows, its
    scores flatter it.
    Random: seeded by `seed` or the job.     Writes: nothing.
    Cost: folds x repeats trainings of every recipe.
    Errors: not_found, no such dataset or model; invalid_input, too few rows or classes.
    """
    from millrace.evaluation import store
    from millrace.evaluation.engine.contest import Contest

    work = Contest(store.read_training(ctx, params), params.metric)
    total = params.folds * params.repeats
    work.restore(ctx.checkpoint or {})
    for at in range(work.done, total):
        if ctx.stopping() and at >= 2:
            work.notes.append(f"Stopped early after {at} of {total} folds.")
            break
        ctx.check()
        yield Event(kind="fold", data={"fold": at, "scores": work.step(at)})
        yield Checkpoint(data=work.state())
        yield Progress.of(at + 1, total, "folds")
    return work.result(params.confidence)
