"""CatBoost, of the extra 'automl'; strong on categories."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from millrace.automl.engine.learners.boosting import mean_rounds, patience
from millrace.automl.engine.learners.learner import Fitted, Limit
from millrace.automl.engine.table.data import Data
from millrace.services.predictor.members.trees import CatBoost, catboost_pool, import_catboost

Array = NDArray[Any]
MOST_ROUNDS = 2000


class CatBoosting:
    """Oblivious boosted trees with ordered category statistics."""

    family = "catboost"

    def fit(
        self, data: Data, train: Array, valid: Array, settings: dict[str, Any], limit: Limit
    ) -> Fitted:
        """Train until the validation loss stops falling.

        Random: seeded by the data's seed.
        """
        watch = _Watch(limit)
        model = import_catboost().CatBoost(
            {
                **parameters(data),
                **settings,
                "iterations": MOST_ROUNDS,
                "od_type": "Iter",
                "od_wait": patience(settings),
                "use_best_model": True,
            }
        )
        model.fit(_pool(data, train), eval_set=_pool(data, valid), callbacks=[watch])
        member = CatBoost(model, data.k, data.threads)
        return Fitted(member, {"rounds": float(model.tree_count_)}, not watch.cut)

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Train on all rows for the mean number of rounds of the folds."""
        watch = _Watch(limit)
        model = import_catboost().CatBoost(
            {**parameters(data), **settings, "iterations": mean_rounds(choices)}
        )
        model.fit(_pool(data, None), callbacks=[watch])
        member = CatBoost(model, data.k, data.threads)
        return Fitted(member, {"rounds": float(model.tree_count_)}, not watch.cut)


def parameters(data: Data) -> dict[str, Any]:
    """Return what every CatBoost model of this problem shares."""
    shared: dict[str, Any] = {
        "thread_count": data.threads,
        "random_seed": data.seed,
        "allow_writing_files": False,
        "verbose": False,
        "boosting_type": "Plain",
    }
    if not data.k:
        return {**shared, "loss_function": "RMSE"}
    if data.k == 2:
        return {**shared, "loss_function": "Logloss"}
    return {**shared, "loss_function": "MultiClass", "classes_count": data.k}


def _pool(data: Data, rows: Array | None) -> Any:
    tree = data.views.tree if rows is None else data.views.tree[rows]
    label = data.y if rows is None else data.y[rows]
    return catboost_pool(tree, data.views.preprocessor.categorical, label)


class _Watch:
    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.cut = False

    def after_iteration(self, info: Any) -> bool:
        """Return whether to go on."""
        del info
        self.cut = self.limit()
        return not self.cut
