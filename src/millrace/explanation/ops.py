"""Ops that say what a model looks at."""

from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.core.events import Event, Progress
from millrace.core.registry import op
from millrace.explanation.types import (
    AttributeParams,
    AttributeResult,
    ImportanceParams,
    ImportanceResult,
    ListParams,
    ListResult,
    ShowParams,
)


@op("explanation.importance", effect="write")
def importance(params: ImportanceParams, ctx: Context) -> Generator[Event, None, ImportanceResult]:
    """Measure how much each input column of a model matters.

    The values of one column at a time are shuffled among the rows and the metric is watched.
    Use rows the model was not trained on. Columns that tell the same story share their
    importance, so each may look unimportant: such pairs of numbers are named in the notes.
    Random: seeded by the job.     Writes: one report.
    Cost: repeats predictions of the rows for every column; texts are encoded once.
    Errors: not_found, no such model or dataset; invalid_input, columns are missing.
    Source: Breiman, Random forests, 2001; Fisher et al., All models are wrong, 2019.
    """
    from millrace.explanation import store
    from millrace.explanation.engine.importance import Study

    subject = store.open_model(ctx, params.model)
    predictor = subject.predictor
    target = params.target or predictor.manifest.target
    unknown = sorted(set(params.columns or []) - set(predictor.features))
    if unknown:
        raise InvalidInput(
            f"'{subject.artifact.ref}' does not read {choices(unknown)}.",
            f"It reads {choices(predictor.features)}.",
            field="columns",
        )
    ref, table = store.sample(
        ctx, params.dataset, [*predictor.features, target], params.rows, ctx.seed
    )
    study = Study(predictor, table, target, params, ctx.seed)
    names = params.columns or predictor.features
    for at, name in enumerate(names):
        if ctx.stopping():
            study.notes.append(f"Stopped early: {len(names) - at} columns were not shuffled.")
            break
        line = study.step(name)
        yield Event(kind="column", data=line.model_dump())
        yield Progress.of(at + 1, len(names), "columns")
    made = study.result(subject.artifact.ref, ref, subject.notes)
    report = store.keep_report(ctx, made, params.report) if params.keep else ""
    return ImportanceResult(**made.model_dump(), report=report)


@op("explanation.list", effect="read")
def list_explanations(params: ListParams, ctx: Context) -> ListResult:
    """List stored importances, of one model or of all, the newest first.

    A model or dataset without a version stands for all its versions.
    Errors: not_found, an alias that is not there.
    """
    from millrace.explanation import store

    found, total = store.list_reports(ctx, params)
    return ListResult(explanations=found, total=total)


@op("explanation.show", effect="read")
def show(params: ShowParams, ctx: Context) -> ImportanceResult:
    """Show stored importances of a model's columns.

    Errors: not_found, no such report; invalid_input, it is a report of another type.
    """
    from millrace.explanation import store

    ref, found = store.open_report(ctx, params.report)
    return ImportanceResult(**found.model_dump(), report=ref)


@op("explanation.attribute", effect="read")
def attribute(params: AttributeParams, ctx: Context) -> AttributeResult:
    """Split a model's answers to single rows into what each column added.

    Trees give exact Shapley values and linear models weight times value: base and effects sum
    to the score. Models that have neither get each column replaced by other rows' values,
    which the result says. For texts, each word is left out in turn.
    Random: seeded by the job, only for the rows that lend values.     Writes: nothing.
    Cost: one prediction a row and one a word; replacement: one a row, column and lent value.
    Errors: not_found, no such model, dataset or row; invalid_input, no such class.
    """
    from millrace.explanation import store
    from millrace.explanation.engine.rows import explain

    subject = store.open_model(ctx, params.model)
    features = subject.predictor.features
    ref, table = store.rows_of(ctx, params.dataset, features, params.ids, params.rows)
    _, others = store.sample(ctx, ref, features, params.lent, ctx.seed)
    found = explain(subject.predictor, table, others, params)
    notes = [*found.notes, *subject.notes]
    return found.model_copy(update={"model": subject.artifact.ref, "dataset": ref, "notes": notes})
