"""LightGBM on shared bins."""

from collections.abc import Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException
from numpy.typing import NDArray

from millrace.automl.engine.learners.learner import Fitted, Limit
from millrace.automl.engine.table.data import DATASET, Data
from millrace.services.predictor.members.trees import LightGBM

Array = NDArray[Any]
FLOOR_ROUNDS = 100
MOST_ROUNDS = 3000


class Boosting:
    """Gradient-boosted trees; empty settings mean LightGBM's own defaults, 100 rounds."""

    family = "lightgbm"

    def fit(
        self, data: Data, train: Array, valid: Array, settings: dict[str, Any], limit: Limit
    ) -> Fitted:
        """Train until the validation loss stops falling, or 100 rounds for the defaults.

        Random: seeded by the data's seed; the same bytes for the same seed and version.
        """
        watch = _Watch(limit, patience=patience(settings))
        own = {**parameters(data), **settings}
        booster = lgb.train(
            own,
            data.bins.subset(np.sort(train).tolist()),
            num_boost_round=MOST_ROUNDS if settings else FLOOR_ROUNDS,
            valid_sets=[data.bins.subset(np.sort(valid).tolist())] if settings else None,
            callbacks=[watch],
            keep_training_booster=True,  # saves a trip through text; only predictions are kept
        )
        rounds = booster.best_iteration if booster.best_iteration > 0 else FLOOR_ROUNDS
        member = LightGBM(booster, data.k, data.threads)

        def end(after: int) -> None:
            booster.best_iteration = after

        return Fitted(member, {"rounds": float(rounds)}, not watch.cut, end if settings else None)

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Train on all rows for the mean number of rounds of the folds."""
        rounds = mean_rounds(choices)
        watch = _Watch(limit, patience=None)
        booster = lgb.train(
            {**parameters(data), **settings}, data.bins, num_boost_round=rounds, callbacks=[watch]
        )
        done = booster.current_iteration()
        return Fitted(
            LightGBM(booster, data.k, data.threads), {"rounds": float(done)}, not watch.cut
        )


def mean_rounds(choices: Sequence[dict[str, float]]) -> int:
    """Return the mean number of rounds, at least one."""
    return max(1, round(float(np.mean([choice["rounds"] for choice in choices]))))


def patience(settings: dict[str, Any]) -> int | None:
    """Return how many rounds without gain end a fit: more when steps are small."""
    if not settings:
        return None
    return int(np.clip(3.0 / float(settings.get("learning_rate", 0.1)), 20, 150))


def parameters(data: Data) -> dict[str, Any]:
    """Return what every booster of this problem shares."""
    objective = "regression" if not data.k else "binary" if data.k == 2 else "multiclass"
    shared: dict[str, Any] = {
        **DATASET,
        "objective": objective,
        "num_threads": data.threads,
        "seed": data.seed,
    }
    return {**shared, "num_class": data.k} if objective == "multiclass" else shared


class _Watch:
    """Early stopping with our own limit; keeps the best round when either ends the fit."""

    before_iteration = False
    order = 30

    def __init__(self, limit: Limit, patience: int | None) -> None:
        self.limit = limit
        self.patience = patience
        self.best = float("inf")
        self.best_round = 0
        self.cut = False

    def __call__(self, env: CallbackEnv) -> None:
        results = list(env.evaluation_result_list or [])
        if results:
            loss = float(results[0][2])
            if loss < self.best:
                self.best, self.best_round = loss, env.iteration
        else:
            self.best_round = env.iteration
        over = self.limit()
        stale = self.patience is not None and env.iteration - self.best_round >= self.patience
        if over or stale:
            self.cut = over and not stale
            raise EarlyStopException(self.best_round, results)
        if env.iteration == env.end_iteration - 1 and results:
            raise EarlyStopException(self.best_round, results)
