"""Configurations worth trying first, and the spaces around them."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from millrace.automl.engine.learners.boosting import Boosting
from millrace.automl.engine.learners.catboosting import CatBoosting
from millrace.automl.engine.learners.learner import Learner
from millrace.automl.engine.learners.linear import RIDGE_LIMIT, LinearModel
from millrace.automl.engine.learners.neighbours import NearTexts
from millrace.automl.engine.table.data import Data

LEARNERS: dict[str, Learner] = {
    "lightgbm": Boosting(),
    "catboost": CatBoosting(),
    "linear": LinearModel(),
    "neighbours": NearTexts(),
}
FLOOR = "lightgbm-default"
# Beyond this many classes a round grows so many trees that boosting rarely pays.
MANY_CLASSES = 30


@dataclass(frozen=True)
class Configuration:
    """A named starting point."""

    name: str
    learner: str
    settings: dict[str, Any]


def _lightgbm(
    rate: float, leaves: int, least: int, columns: float, rows: float, **more: Any
) -> dict[str, Any]:
    return {
        "learning_rate": rate,
        "num_leaves": leaves,
        "min_data_in_leaf": least,
        "feature_fraction": columns,
        "bagging_fraction": rows,
        "bagging_freq": 1,
        "lambda_l2": more.pop("l2", 1.0),
        "cat_smooth": more.pop("smooth", 10.0),
        **more,
    }


def _catboost(rate: float, depth: int, l2: float, rows: float) -> dict[str, Any]:
    return {
        "learning_rate": rate,
        "depth": depth,
        "l2_leaf_reg": l2,
        "subsample": rows,
        "bootstrap_type": "MVS",
        "leaf_estimation_iterations": 1,
        "max_ctr_complexity": 1,
        "rsm": 1.0,
    }


FLOOR_CONFIGURATION = Configuration(FLOOR, "lightgbm", {})
PORTFOLIO: tuple[Configuration, ...] = (
    Configuration("linear", "linear", {}),
    Configuration("neighbours", "neighbours", {}),
    Configuration("lightgbm-medium", "lightgbm", _lightgbm(0.05, 31, 20, 0.8, 0.9)),
    Configuration("lightgbm-small", "lightgbm", _lightgbm(0.05, 8, 20, 0.5, 0.8, l2=10.0)),
    Configuration("catboost-plain", "catboost", _catboost(0.08, 6, 3.0, 0.8)),
    Configuration("lightgbm-large", "lightgbm", _lightgbm(0.04, 128, 10, 0.7, 0.9)),
    Configuration(
        "lightgbm-extra", "lightgbm", _lightgbm(0.05, 31, 10, 0.9, 0.9, extra_trees=True)
    ),
    Configuration("catboost-shallow", "catboost", _catboost(0.06, 4, 6.0, 0.7)),
    Configuration("catboost-deep", "catboost", _catboost(0.06, 8, 5.0, 0.8)),
    Configuration("lightgbm-stumps", "lightgbm", _lightgbm(0.08, 4, 30, 0.4, 0.7, l2=20.0)),
    Configuration(
        "lightgbm-smooth",
        "lightgbm",
        _lightgbm(0.05, 16, 50, 0.3, 0.6, l2=30.0, smooth=100.0, extra_trees=True),
    ),
)

SPACES: dict[str, dict[str, BaseDistribution]] = {
    "lightgbm": {
        "learning_rate": FloatDistribution(0.02, 0.15, log=True),
        "num_leaves": IntDistribution(4, 255, log=True),
        "min_data_in_leaf": IntDistribution(2, 100, log=True),
        "feature_fraction": FloatDistribution(0.2, 1.0),
        "bagging_fraction": FloatDistribution(0.5, 1.0),
        "lambda_l2": FloatDistribution(0.01, 100.0, log=True),
        "cat_smooth": FloatDistribution(1.0, 200.0, log=True),
    },
    "catboost": {
        "learning_rate": FloatDistribution(0.02, 0.15, log=True),
        "depth": IntDistribution(3, 9),
        "l2_leaf_reg": FloatDistribution(0.5, 50.0, log=True),
        "subsample": FloatDistribution(0.5, 1.0),
        "rsm": FloatDistribution(0.4, 1.0),
    },
}


def available() -> set[str]:
    """Return the learners that are installed."""
    found = {"lightgbm", "linear", "neighbours"}
    return found | {"catboost"} if importlib.util.find_spec("catboost") else found


def starting(data: Data, allowed: set[str]) -> list[Configuration]:
    """Return the configurations for this table, the floor among them, in the order to try.

    The floor comes first; where text leads, the linear head does, and boosting is left to
    the floor when there are many classes.
    """
    wide = min(data.n, len(data.views.preprocessor.linear_owner))
    chosen = [
        made
        for made in PORTFOLIO
        if made.learner in allowed and not _unfit(data, made.learner, wide)
    ]
    if data.text_leads and chosen and chosen[0].learner == "linear":
        return [chosen[0], FLOOR_CONFIGURATION, *chosen[1:]]
    return [FLOOR_CONFIGURATION, *chosen]


def _unfit(data: Data, learner: str, wide: int) -> bool:
    if learner == "linear":
        return not data.k and wide > RIDGE_LIMIT
    if learner == "neighbours":
        return not data.has_text
    return is_hopeless(data)


def is_hopeless(data: Data) -> bool:
    """Return whether boosting is: text vectors and more classes than rounds can afford."""
    return data.text_leads and data.k > MANY_CLASSES


def tunable(data: Data, allowed: set[str]) -> list[str]:
    """Return the learners that a search can tune on this table."""
    return [name for name in sorted(SPACES) if name in allowed and not _unfit(data, name, 0)]


def from_space(learner: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return full settings from one point of a learner's space."""
    fixed: dict[str, Any] = (
        {"bagging_freq": 1}
        if learner == "lightgbm"
        else {"bootstrap_type": "MVS", "leaf_estimation_iterations": 1, "max_ctr_complexity": 1}
    )
    return {**fixed, **values}
