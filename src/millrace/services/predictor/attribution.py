"""What each feature adds to the raw score of a row, from members that know it exactly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.services.predictor.predictor import Predictor
from millrace.services.predictor.views import Views

Array = NDArray[Any]


@dataclass
class Contributions:
    """Per-row attributions: `values` (n, f, k') and `base` (n, k') sum to the raw score.

    k' is 1 for regression (units of the target) and for two classes (log-odds of the second),
    else k (log scores). `covered` is the share of the ensemble that has exact attributions;
    values are the weighted mean over that share.
    """

    features: list[str]
    values: Array
    base: Array
    covered: float


def contributions(predictor: Predictor, views: Views) -> Contributions | None:
    """Return exact attributions per input column, or None when no member has them.

    Columns of the matrices that come from one input column are summed.
    Cost: LightGBM O(trees x leaves x depth^2) a row.
    Source: Lundberg et al., Consistent individualized feature attribution, 2018.
    """
    made = predictor.preprocessor
    total: Array | None = None
    covered = 0.0
    for name, weight in predictor.weights.items():
        member = predictor.members[name]
        raw = member.contributions(views)
        if raw is None:
            continue
        owner = made.linear_owner if member.kind == "linear" else made.tree_owner
        own = weight * _by_owner(raw, owner, len(made.blocks))
        total = own if total is None else total + own
        covered += weight
    if total is None:
        return None
    total /= covered
    if not predictor.classes:
        total *= predictor.manifest.scale
        total[:, :, -1] += predictor.manifest.center
    values = np.swapaxes(total[:, :, :-1], 1, 2)
    return Contributions(predictor.features, values, total[:, :, -1], covered)


def _by_owner(raw: Array, owner: list[int], features: int) -> Array:
    out = np.zeros((*raw.shape[:2], features + 1))
    for column, feature in enumerate([*owner, features]):
        out[:, :, feature] += raw[:, :, column]
    return out
