"""Boosted trees: LightGBM as text, CatBoost as cbm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from millrace.core.errors import MissingExtra
from millrace.services.predictor.members.files import damaged
from millrace.services.predictor.views import Views

Array = NDArray[Any]
LARGEST = 3e38  # CatBoost reads 32-bit numbers
INSTALL_CATBOOST = "Install it: pip install 'millrace[automl]'."


def two_columns(positive: Array) -> Array:
    """Turn the probability of the second class into a column for each class."""
    return np.column_stack([1.0 - positive, positive])


class LightGBM:
    """A LightGBM booster on the tree matrix."""

    kind = "lightgbm"

    def __init__(self, booster: lgb.Booster, outputs: int, threads: int = 1) -> None:
        self.booster = booster
        self.outputs = outputs
        self.threads = threads

    def predict(self, views: Views) -> Array:
        """Return the booster's answer."""
        raw = np.asarray(self.booster.predict(views.tree, num_threads=self.threads))
        return two_columns(raw) if self.outputs == 2 else raw

    def save(self, folder: Path, stem: str) -> None:
        """Write LightGBM's text format."""
        self.booster.save_model(folder / f"{stem}.txt")

    @classmethod
    def load(cls, folder: Path, stem: str, outputs: int) -> "LightGBM":
        """Read LightGBM's text format."""
        path = folder / f"{stem}.txt"
        try:
            return cls(lgb.Booster(model_file=path), outputs)
        except lgb.basic.LightGBMError as error:
            raise damaged(path) from error

    def contributions(self, views: Views) -> Array:
        """Return exact Shapley values of the trees."""
        raw = self.booster.predict(views.tree, pred_contrib=True, num_threads=self.threads)
        return np.asarray(raw).reshape(views.rows, -1, len(views.preprocessor.tree_names) + 1)


class CatBoost:
    """A CatBoost model on the tree matrix, categories as text codes."""

    kind = "catboost"

    def __init__(self, model: Any, outputs: int, threads: int = 1) -> None:
        self.model = model
        self.outputs = outputs
        self.threads = threads

    def predict(self, views: Views) -> Array:
        """Return probabilities or values."""
        pool = catboost_pool(views.tree, views.preprocessor.categorical)
        kind = "Probability" if self.outputs else "RawFormulaVal"
        raw = np.asarray(self.model.predict(pool, prediction_type=kind, thread_count=self.threads))
        return raw

    def save(self, folder: Path, stem: str) -> None:
        """Write CatBoost's binary format, without its clock and dice: equal models, equal bytes."""
        notes = self.model.get_metadata()
        for name in ("train_finish_time", "model_guid"):
            notes[name] = ""
        self.model.save_model(str(folder / f"{stem}.cbm"), format="cbm")

    @classmethod
    def load(cls, folder: Path, stem: str, outputs: int) -> "CatBoost":
        """Read CatBoost's binary format."""
        catboost = import_catboost()
        path = folder / f"{stem}.cbm"
        model = catboost.CatBoost()
        try:
            model.load_model(str(path), format="cbm")
        except catboost.CatBoostError as error:
            raise damaged(path) from error
        return cls(model, outputs)

    def contributions(self, views: Views) -> Array:
        """Return exact Shapley values, in the column order of the tree matrix."""
        categorical = views.preprocessor.categorical
        pool = catboost_pool(views.tree, categorical)
        raw = np.asarray(
            self.model.get_feature_importance(pool, type="ShapValues", thread_count=self.threads)
        )
        raw = raw.reshape(views.rows, -1, raw.shape[-1])
        order = catboost_order(raw.shape[-1] - 1, categorical)
        return raw[:, :, [*np.argsort(order), raw.shape[-1] - 1]]


def import_catboost() -> Any:
    """Return the catboost module.

    Errors: missing_extra, it is not installed.
    """
    try:
        import catboost
    except ImportError as error:
        raise MissingExtra("CatBoost is not installed.", INSTALL_CATBOOST) from error
    return catboost


def catboost_order(width: int, categorical: Sequence[int]) -> list[int]:
    """Return the matrix columns in CatBoost's order: numbers first, then categories."""
    marked = set(categorical)
    return [at for at in range(width) if at not in marked] + sorted(marked)


def catboost_pool(tree: Array, categorical: Sequence[int], label: Array | None = None) -> Any:
    """Return a CatBoost pool of the tree matrix."""
    catboost = import_catboost()
    order = catboost_order(tree.shape[1], categorical)
    split = tree.shape[1] - len(categorical)
    bounded = np.clip(tree[:, order[:split]], -LARGEST, LARGEST)
    numbers = np.ascontiguousarray(bounded, dtype=np.float32)
    codes = tree[:, order[split:]].astype(np.int64)
    names = np.array([b"%d" % code for code in range(codes.max(initial=0) + 1)], dtype=object)
    data = catboost.FeaturesData(
        num_feature_data=numbers if split else None,
        cat_feature_data=names[codes] if len(categorical) else None,
    )
    return catboost.Pool(data, label)
