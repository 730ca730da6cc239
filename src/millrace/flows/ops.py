"""Ops that join the capabilities."""

import time
from collections.abc import Generator
from pathlib import Path

from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.registry import op
from millrace.flows.home.types import OverviewParams, OverviewResult
from millrace.flows.retraining.types import RetrainParams, RetrainResult
from millrace.flows.reviewing.types import ReviewParams, ReviewResult
from millrace.flows.types import Before, TourParams, TourResult
from millrace.flows.watching.types import CheckParams, CheckResult


@op("flows.tour", effect="write", shortcut="tour")
def tour(params: TourParams, ctx: Context) -> Generator[Event, None, TourResult]:
    """Go round the whole loop with a file of your own.

    Imports, checks, queues doubtful labels, trains, evaluates, explains, registers, serves,
    searches and watches; prints what it found, writes an HTML report, and leaves a workspace
    that the server shows. The target is guessed from names, positions and values; the reason
    is said, and `target` overrules it. A tour that was stopped goes on where it stood. Another
    one makes the next version of everything, and people are not asked again about the same row.
    Random: seeded by the workspace.     Writes: datasets, a model, a deployment, an index.
    Cost: `budget` for training; encoding about 1.5 CPU-ms a short text; the rest seconds.
    Errors: invalid_input, the file or a column is not there, or nothing can be predicted.
    """
    from millrace.flows import report, stations

    began, clock = time.process_time(), time.monotonic()
    state = stations.Tour(params, ctx, before=Before.model_validate(ctx.checkpoint or {}))
    stations.check_report(params.report, ctx)
    judged = None
    steps = (
        *(stations.read, stations.check, stations.divide, stations.review, stations.train),
        *(stations.judge, stations.explain, stations.promote, stations.serve, stations.find),
        stations.watch,
    )
    for at, step in enumerate(steps):
        yield Progress.of(at, len(steps), step.__name__)
        known = len(state.found.stations)
        if stations.look(state, step):
            yield Checkpoint(data=state.before.model_dump())
        judged = step(state) or judged
        for station in state.found.stations[known:]:
            yield Event(kind="station", data=station.model_dump())
    assert judged is not None
    spent = time.process_time() - began, time.monotonic() - clock
    result = stations.told(state, judged, spent)
    page = report.page(result, state.found.results, ctx)
    Path(result.report).write_text(page, encoding="utf-8")
    yield Progress.of(len(steps), len(steps), "done")
    return result


@op("flows.overview", effect="read")
def overview(params: OverviewParams, ctx: Context) -> OverviewResult:
    """Show what needs you, the loop with live counts, and what was made last.

    Counts come from the control plane alone: no row of a dataset is read. Traffic is what the
    logs of requests grew by in a day, so it lags behind by the seconds a log is written in.
    Reads: artifacts, aliases, jobs and queues.     Writes: nothing.
    Cost: at most eleven queries and a look into the cache; below 15 CPU-ms with 1,000 artifacts
    and 10,000 jobs.
    """
    from millrace.core import clock
    from millrace.flows.home import needs, store, wheel
    from millrace.quality import report as quality

    found = store.look(ctx, clock.now(), params.days, params.recent)
    checked = quality.newest(ctx)
    return OverviewResult(
        needs=needs.needs(found),
        wheel=wheel.wheel(found, checked),
        traffic=wheel.traffic(found)[: wheel.BUSIEST],
        recent=wheel.recent(found),
        project=ctx.project,
        at=found.at,
    )


@op("flows.check_drift", effect="write")
def check_drift(params: CheckParams, ctx: Context) -> Generator[Event, None, CheckResult]:
    """Check the deployments that are watched and due, and alert where inputs drifted.

    The rows a deployment was asked about within the window become a dataset version and are
    tested against what its model learnt from. Put it on a schedule; what is not due is passed
    over. An alert about the same two versions is made once.
    Random: seeded by the workspace.     Writes: a dataset and a check for each watch, alerts.
    Cost: that of `drift.test`, and about 20 CPU-us a logged request.
    Errors: not_found, no such watch.
    """
    from millrace.flows.watching import checking

    return (yield from checking.check(params, ctx))


@op("flows.review_drift", effect="write")
def review_drift(params: ReviewParams, ctx: Context) -> Generator[Event, None, ReviewResult]:
    """Put the rows that drifted most at the top of a label set's queue.

    From an alert, a deployment or two datasets: the test is made again, the most surprising rows
    (or those the model doubts) become rows of the label set, which is made when it is not there,
    and people see them first. Done once for the same two versions; again changes nothing.
    Random: seeded by the workspace.     Writes: a dataset, a label set version, the queue.
    Cost: that of `drift.test`, then about 1 CPU-s for 20,000 rows.
    Errors: not_found, no such thing; invalid_input, it is not clear what to compare or what
    people are to answer; conflict, the label set moved on meanwhile.
    """
    from millrace.flows.reviewing import lining

    return (yield from lining.review(params, ctx))


@op("flows.retrain", effect="write")
def retrain(params: RetrainParams, ctx: Context) -> Generator[Event, None, RetrainResult]:
    """Train a model again on new labels and compare it with the champion.

    Settled labels change the training rows they belong to or are added to them; rows that are
    judged on stay out. The new version learns with the settings of the old one, both are judged
    on the same rows, and it becomes the challenger. Only `promote` `if_better` promotes it.
    Random: as the training.     Writes: datasets, a model version, two reports, an alias.
    Cost: the training budget, and two evaluations.
    Errors: not_found, no such thing; invalid_input, there are no labels, or model, holdout or
    settings are not known.
    """
    from millrace.flows.retraining import steps

    return (yield from steps.retrain(params, ctx))
