"""CatBoost, of the extra 'automl'; strong on categories."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from millrace.automl.engine.learners.boosting import mean_rounds, patience
from millrace.automl.engine.learners.learner import Fitted, Limit
from millrace.automl.engine.table.data import Data
from millrace.core.errors import InvalidInput
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
        stopping = {"od_type": "Iter", "od_wait": patience(settings), "use_best_model": True}
        options = {**parameters(data), **settings, **stopping, "iterations": MOST_ROUNDS}
        model = _train(options, _pool(data, train), _pool(data, valid), watch)
        member = CatBoost(model, data.k, data.threads)
        rounds = int(model.tree_count_)

        def end(after: int) -> None:
            model.shrink(ntree_end=min(after, rounds))

        return Fitted(member, {"rounds": float(rounds)}, not watch.cut, end)

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Train on all rows for the mean number of rounds of the folds."""
        watch = _Watch(limit)
        options = {**parameters(data), **settings, "iterations": mean_rounds(choices)}
        model = _train(options, _pool(data, None), None, watch)
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


def _train(options: dict[str, Any], pool: Any, judge: Any, watch: "_Watch") -> Any:
    """Train; what CatBoost refuses becomes `invalid_input`."""
    catboost = import_catboost()
    model = catboost.CatBoost(options)
    try:
        model.fit(pool, eval_set=judge, callbacks=[watch])
    except catboost.CatBoostError as error:
        said = str(error).split(": ", 1)[-1].rstrip(".")
        raise InvalidInput(f"CatBoost cannot learn from this table: {said}.") from error
    return model


def _pool(data: Data, rows: Array | None) -> Any:
    tree = data.views.tree if rows is None else data.views.tree[rows]
    label = data.label if rows is None else data.label[rows]
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
