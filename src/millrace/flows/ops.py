"""Ops that join the capabilities."""

import time
from collections.abc import Generator

from millrace.core.context import Context
from millrace.core.events import Event, Progress
from millrace.core.registry import op
from millrace.flows.types import TourParams, TourResult


@op("flows.tour", effect="write", shortcut="tour")
def tour(params: TourParams, ctx: Context) -> Generator[Event, None, TourResult]:
    """Go round the whole loop with a file of your own.

    Imports, checks, queues doubtful labels, trains, evaluates, explains, registers, serves,
    searches and watches; prints what it found, writes an HTML report, and leaves a workspace
    that the server shows. The target is guessed from names, positions and values; the reason
    is said, and `target` overrules it. A tour that was stopped goes on where it stood.
    Random: seeded by the workspace.     Writes: datasets, a model, a deployment, an index.
    Cost: `budget` for training; encoding about 1.5 CPU-ms a short text; the rest seconds.
    Errors: invalid_input, the file or a column is not there, or nothing can be predicted.
    """
    from millrace.flows import report, stations

    began, clock = time.process_time(), time.monotonic()
    state = stations.Tour(params, ctx)
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
        judged = step(state) or judged
        for station in state.found.stations[known:]:
            yield Event(kind="station", data=station.model_dump())
    assert judged is not None
    path = stations.report_path(state)
    result = TourResult(
        dataset=state.whole,
        train=state.train,
        holdout=state.holdout,
        target=state.chosen.target,
        task=state.chosen.task,
        why=state.chosen.reason,
        model=state.model,
        evaluation=judged,
        quality=state.found.results["quality"].score,
        stations=state.found.stations,
        notes=list(dict.fromkeys(state.found.notes)),
        report=str(path),
        cpu=time.process_time() - began,
        wall=time.monotonic() - clock,
    )
    path.write_text(report.page(result, state.found.results, ctx), encoding="utf-8")
    yield Progress.of(len(steps), len(steps), "done")
    return result
