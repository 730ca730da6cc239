"""Rows that are unusual as a whole: isolation forest on ranks and rare levels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from millrace.quality.engine.finding import Found
from millrace.quality.engine.profile import Column

LEAST_ROWS = 100
ROBUST_Z = 7.0
MOST_COLUMNS = 60
TREES = 100

Floats = NDArray[np.float64]


def rows(columns: list[Column], seed: int) -> list[Found]:
    """Find rows whose values are rare together.

    A row is unusual when its isolation score lies seven robust standard deviations above the
    median of all rows. It costs no points: a rare row need not be wrong.
    Random: seeded by `seed`.     Cost: about 60 us a row.
    Source: Liu, Ting, Zhou, Isolation Forest, ICDM 2008.
    """
    if not columns or len(columns[0].values) < LEAST_ROWS:
        return []
    features = matrix(columns)
    if features.shape[1] < 3:
        return []
    settings: dict[str, Any] = {"max_samples": min(256, len(features))}  # stub: "auto"
    forest = IsolationForest(n_estimators=TREES, random_state=seed, n_jobs=1, **settings)
    score = -forest.fit(features).score_samples(features)
    middle = float(np.median(score))
    spread = 1.4826 * float(np.median(np.abs(score - middle))) + 1e-12
    z = (score - middle) / spread
    far = np.flatnonzero(z > ROBUST_Z)
    if not far.size:
        return []
    order = far[np.argsort(-z[far], kind="stable")]
    return [
        Found(
            check="unusual_rows",
            part="outliers",
            severity="info",
            says=f"{far.size} rows have values that are rare together.",
            count=int(far.size),
            share=far.size / len(features),
            loss=0.0,
            rows=order.tolist(),
        )
    ]


def matrix(columns: list[Column]) -> Floats:
    """Return numbers as scaled values and categories as the rarity of their level in bits."""
    parts: list[Floats] = []
    for column in columns[:MOST_COLUMNS]:
        if column.kind == "number" and np.isfinite(column.numbers).any():
            parts.append(_scaled(column.numbers))
        elif column.kind in ("category", "boolean"):
            codes = column.codes + 1
            counts = np.bincount(codes)
            parts.append(np.log2(codes.size / np.maximum(counts[codes], 1)))
    return np.column_stack(parts) if parts else np.empty((0, 0))


def _scaled(values: Floats) -> Floats:
    there = np.isfinite(values)
    low, median, high = np.quantile(values[there], [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349 or float(values[there].std()) or 1.0
    filled = np.where(there, values, median)
    # The inverse hyperbolic sine keeps the middle as it is and tames heavy tails.
    return np.arcsinh((filled - median) / spread)
