"""The ops that check the quality of a dataset and show the last report."""

from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.events import Event, Progress
from millrace.core.registry import op
from millrace.quality.types import CheckParams, CheckResult, Kept, ShowParams


@op("quality.check", effect="read")
def check(params: CheckParams, ctx: Context) -> Generator[Event, None, CheckResult]:
    """Check a dataset for faults and score its quality from 0 to 100.

    Looks for missing, constant, mistyped and far values, broken rules, copies and near copies,
    rare and uneven classes, likely label errors, and leaks. Nothing is changed: what to do with
    a finding is up to you. The score weighs six parts and says what each fault costs.
    Random: the sample and the folds are seeded by the job.     Writes: nothing.
    Cost: about 3 CPU-s for 30,000 rows of 15 columns; 10,000 texts of 77 classes about 25 CPU-s.
    Errors: not_found, no such dataset; invalid_input, a column is missing or a rule cannot apply.
    """
    from millrace.quality import report
    from millrace.quality.engine.check import Checker
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    snapshot = datasets.info(params.dataset, ctx.project)
    snapshot.need(*([params.target] if params.target else []), *(r.column for r in params.rules))
    notes: list[str] = []
    table = report.read(ctx, snapshot, params.rows, notes)
    checker = Checker(table, report.plan(params, snapshot, ctx, notes))
    made = report.Made(params, snapshot.ref, snapshot.rows, table)
    for done, step in enumerate(checker.steps(), 1):
        made.add(step)
        yield Event(kind="check", data={"name": step.name, "found": len(step.found)})
        yield Progress.of(done, checker.count, step.name)
        if ctx.stopping():
            notes.append("Stopped before all checks were made.")
            break
    done = made.result(notes)
    report.keep(ctx, params, done)
    return done


@op("quality.show", effect="read")
def show(params: ShowParams, ctx: Context) -> Kept:
    """Show the last quality report of a dataset version without checking again.

    Reports are kept for a year in the workspace's cache.
    Errors: not_found, no such dataset, or this version was not checked.
    """
    from millrace.quality import report

    return report.show(ctx, params)
