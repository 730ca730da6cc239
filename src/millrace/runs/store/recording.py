"""Writes runs through MLflow: trainings of the user's own, names, tags, deletion."""

import math
import time
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput
from millrace.runs.store.open import Runs
from millrace.runs.store.reading import OURS
from millrace.runs.types import ChangeResult, LogParams, RunLine, StartParams, TagParams
from millrace.stores.datasets import Datasets
from millrace.stores.tracking import Point, Tracking

STARTED_TAG = "millrace.started_by"


def start(ctx: Context, params: StartParams) -> str:
    """Begin a run; a job that is repeated finds the one it began."""
    tracking = ctx.use(Tracking)
    dataset = ctx.use(Datasets).info(params.dataset, ctx.project).ref if params.dataset else ""
    _not_ours(params.tags)
    place = f"{ctx.project}/{params.experiment}" if params.experiment else ctx.project
    run = _begun(tracking, ctx, place)
    if run is None:
        tags = {**params.tags, "mlflow.user": ctx.actor.name}
        if ctx.job:
            tags[STARTED_TAG] = ctx.job
        run = tracking.begin(place, params.name, tags)
    tracking.write(run, params=_texts(params.hyperparameters))
    if dataset:
        tracking.reads(run, dataset)
    return run


def _begun(tracking: Tracking, ctx: Context, place: str) -> str | None:
    if ctx.job is None:
        return None
    experiment = tracking.ask("get_experiment_by_name", place)
    if experiment is None:
        return None
    found = tracking.ask(
        "search_runs",
        [experiment.experiment_id],
        f"tags.`{STARTED_TAG}` = '{ctx.job}'",
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def log(ctx: Context, params: LogParams) -> int:
    """Add metrics and params to a run; return how many values were added."""
    live(ctx, params.run)
    at = int(time.time() * 1000)
    steps = [(params.step, params.metrics), *((p.step, p.metrics) for p in params.points)]
    points: list[Point] = [
        (key, math.nan if value is None else value, step, at)
        for step, metrics in steps
        for key, value in metrics.items()
    ]
    ctx.use(Tracking).write(params.run, points, _texts(params.hyperparameters))
    return len(points)


def finish(ctx: Context, run: str, state: str) -> None:
    """End a run."""
    live(ctx, run)
    ctx.use(Tracking).ask("set_terminated", run, state.upper())


def rename(ctx: Context, run: str, name: str) -> None:
    """Give a run another name."""
    live(ctx, run)
    ctx.use(Tracking).ask("update_run", run, name=name)


def tag(ctx: Context, params: TagParams) -> None:
    """Set tags of a run and take tags away; one that is not there stays away."""
    found = live(ctx, params.run)
    _not_ours({**params.tags, **dict.fromkeys(params.remove, "")})
    tracking = ctx.use(Tracking)
    tracking.write(params.run, tags=params.tags)
    for key in params.remove:
        if key in found.tags or key in params.tags:
            tracking.ask("delete_tag", params.run, key)


def delete(ctx: Context, run: str) -> None:
    """Hide a run; one that is hidden stays so."""
    if not one(ctx, run).deleted:
        ctx.use(Tracking).ask("delete_run", run)


def restore(ctx: Context, run: str) -> None:
    """Show a hidden run again; one that is shown stays so."""
    if one(ctx, run).deleted:
        ctx.use(Tracking).ask("restore_run", run)


def one(ctx: Context, run: str) -> RunLine:
    """Return a run of this project.

    Errors: not_found, the project has no such run.
    """
    return ctx.use(Runs).reader(ctx).lines([run], [])[0]


def live(ctx: Context, run: str) -> RunLine:
    """Return a run of this project that is not deleted.

    Errors: not_found, the project has no such run; conflict, it is deleted.
    """
    found = one(ctx, run)
    if found.deleted:
        raise Conflict(
            f"Run '{run}' is deleted.", f"Run 'millrace runs restore {run}' first.", run=run
        )
    return found


def stands(ctx: Context, run: str) -> ChangeResult:
    """Return how a run stands."""
    found = one(ctx, run)
    return ChangeResult(
        run=found.run, name=found.name, state=found.state, deleted=found.deleted, tags=found.tags
    )


def _not_ours(tags: dict[str, str]) -> None:
    for key in tags:
        if key.startswith(OURS):
            raise InvalidInput(
                f"Tag '{key[:80]}' belongs to MLflow or Millrace.",
                "Use a name without 'mlflow.' and 'millrace.'.",
                field="tags",
            )


def _texts(params: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in params.items() if value is not None}
