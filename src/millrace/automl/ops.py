"""Ops that train models on tables and text, use them, and show what was tried."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from millrace.automl.types import (
    LeaderboardParams,
    PredictParams,
    TrainParams,
    TrainResult,
)
from millrace.core.context import Context
from millrace.core.events import Event, Progress
from millrace.core.ids import parse_ref
from millrace.core.registry import op
from millrace.kinds.batch import Batch

if TYPE_CHECKING:
    from millrace.automl.engine.session import Request


@op("automl.train", effect="write", queue="training")
def train(params: TrainParams, ctx: Context) -> Generator[Event, None, TrainResult]:
    """Train the best model for a column, within a budget.

    Numbers, categories, dates and text may stand in the same table, with values missing.
    LightGBM with its defaults is judged first (after the text head, where text leads), so the
    result is never below it on the same folds. Then come proven configurations, first on one
    fold and the promising on all, then a search around the best, and a weighted ensemble. The
    best single model and the ensemble are both kept. Pause and resume lose one second of work
    at most; 'stop' ends the search and keeps the best. CPU time is that of the whole process,
    so train in a worker of its own where the budget must be exact.
    Random: seeded by `seed` or the job; equal bytes when the result says `reproducible`.
    Reads: one dataset.     Writes: one model version.
    Cost: the budget, kept within 10 %, in CPU time of all threads.
    Errors: not_found, no such dataset; invalid_input, a column is not there, the target has
    too few rows or one class, or nothing is left to learn from; missing_extra, CatBoost was
    asked for and is absent; limit_reached, the budget is too small to train anything.
    """
    began = (time.process_time(), time.monotonic())
    from millrace.automl import store, training

    name = params.name or parse_ref(params.dataset, "dataset").name
    done = store.published(ctx, name)
    if done is not None:
        return done
    yield Progress.of(0, params.budget, "reading the dataset")
    work = training.begin(params, request(params, ctx), ctx, began, name)
    yield from training.search(work)
    outcome = yield from training.finish(work)
    yield Event(kind="log", data={"text": f"saving the model as '{name}'"})
    return training.publish(work, outcome, name)


def request(params: TrainParams, ctx: Context) -> "Request":
    """Return the engine's request for these params."""
    from millrace.automl.engine.session import Request

    return Request(
        target=params.target,
        task=params.task,
        metric=params.metric,
        features=params.features,
        ignore=params.ignore,
        types=params.types,
        group=params.group,
        learners=params.learners,
        trials=params.trials,
        seed=ctx.seed if params.seed is None else params.seed,
        threads=ctx.workspace.settings.threads,
    )


@op("automl.predict", effect="write")
def predict(batch: Batch, params: PredictParams, ctx: Context) -> Batch:
    """Write a model's predictions beside the rows of a dataset.

    Adds the predicted value and, for classes, the confidence in it, and with
    `probabilities` a column for each class. Columns of those names are replaced. Categories
    that training never saw count as 'other', with a warning.
    Random: none.     Reads: the model's columns.     Writes: a new version of the dataset.
    Cost: encoding of text first of all; else about 0.1 CPU-ms a row.
    Errors: not_found, no such model or dataset; invalid_input, columns are missing or hold
    another kind of values; conflict, the model was trained with another text encoder.
    """
    from millrace.automl.engine import answers
    from millrace.services.predictor.service import Predictors

    predictor = ctx.use(Predictors).get(ctx, params.model)
    made, warnings = answers.beside(
        batch, predictor, params.column, probabilities=params.probabilities
    )
    for warning in warnings:
        ctx.emit("warning", text=warning)
    return made


@op("automl.leaderboard", effect="read")
def leaderboard(params: LeaderboardParams, ctx: Context) -> TrainResult:
    """Show how a model was trained: every trial with its score, cost and settings.

    Errors: not_found, no such model; invalid_input, automl.train did not make it.
    """
    from millrace.automl import store

    return store.training(ctx, params.model)
