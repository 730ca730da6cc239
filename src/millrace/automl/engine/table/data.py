"""A table made ready for learners: matrices, target and what they share."""

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.automl.engine.table.target import Target
from millrace.core.errors import InvalidInput
from millrace.services.predictor import columns, infer
from millrace.services.predictor.views import Preprocessor, TextEncoder, Views, embed, fit_texts

Array = NDArray[Any]
DATASET = {
    "verbosity": -1,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_col_wise": True,
}


class Data:
    """n rows with a target; the matrices and LightGBM's bins are made once and shared.

    Learners aim at `label`: class numbers, or the standardised target of a regression, so that
    its units do not matter. `y` is the target itself.
    """

    def __init__(self, target: Target, views: Views, seed: int = 0, threads: int = 1) -> None:
        self.target = target
        self.views = views
        self.seed = seed
        self.threads = threads
        self.y = target.y
        self.center, self.scale = target.units
        self.label = target.y if target.classes else (target.y - self.center) / self.scale
        self.k = len(target.classes)
        self.n = len(target.y)

    @functools.cached_property
    def bins(self) -> lgb.Dataset:
        """Return the tree matrix in LightGBM's bins."""
        made = self.views.preprocessor
        return lgb.Dataset(
            self.views.tree,
            self.label,
            categorical_feature=made.categorical or "auto",
            params={**DATASET, "num_threads": self.threads, "data_random_seed": self.seed},
            free_raw_data=False,
        ).construct()

    def with_seed(self, seed: int) -> "Data":
        """Return the same data for learners that are to be seeded otherwise."""
        other = copy.copy(self)
        other.seed = seed
        return other

    def in_units(self, answer: Array) -> Array:
        """Return what a member answered, in units of the target."""
        return answer if self.k else answer * self.scale + self.center

    @property
    def has_text(self) -> bool:
        """Return whether a column of text is among the features."""
        return bool(self.views.preprocessor.texts)

    @property
    def text_leads(self) -> bool:
        """Return whether text probably decides: at most five other features to a text."""
        made = self.views.preprocessor
        return self.has_text and len(made.features) <= 6 * len(made.texts)


@dataclass
class Prepared:
    """Training data and what was left out of it."""

    data: Data
    left_out: dict[str, str]


def prepare(
    table: pa.Table,
    target: Target,
    wanted: Mapping[str, infer.Wanted],
    encoder: TextEncoder | None,
) -> Prepared:
    """Choose column types, encode texts and fit the preprocessing on the rows with a target.

    `table` holds the feature columns only. The preprocessing uses no target, so it is fitted
    once for all folds. Cost: dominated by the encoder where there is text.
    Errors: invalid_input, no column is left to learn from.
    """
    rows = table.take(pa.array(target.kept)) if len(target.kept) < len(table) else table
    found = infer.profile(rows, wanted)
    if not found.features:
        reasons = "; ".join(f"'{name}' {why}" for name, why in list(found.left_out.items())[:5])
        raise InvalidInput(
            f"No column is left to learn from: {reasons or 'the table has no others'}.",
            "Give a table with at least one column that varies, or set its type with 'types'.",
        )
    read = columns.read(rows, found.features)
    embed(read, [f.name for f in found.features if f.type == "text"], encoder)
    arrays = fit_texts(found.features, read)
    views = Views(Preprocessor(found.features, arrays), read)
    return Prepared(Data(target, views), found.left_out)


def check_width(views: Views) -> None:
    """Raise `invalid_input` when the matrices would not fit in memory.

    The limit is 2^31 numbers, 16 GiB.
    """
    width = len(views.preprocessor.tree_names) + len(views.preprocessor.linear_owner) // 2
    if views.rows * width > 2**31:
        raise InvalidInput(
            f"{views.rows} rows of {width} columns do not fit in memory.",
            "Train on a sample of the rows or on fewer columns.",
            rows=views.rows,
            columns=width,
        )


def subset(values: Array, index: Array) -> Array:
    """Return rows of an array, without a copy when all of them are asked for."""
    return values if len(index) == len(values) else np.ascontiguousarray(values[index])
