"""Series made shorter without losing a peak."""

from collections.abc import Sequence

import numpy as np

Point = tuple[int, float, float | None]


def shortened(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` points: the first, the last, and the extremes of each stretch.

    The points between are cut into equal stretches, and of each the least and the greatest
    value stay in their order, so that no peak is lost. A stretch of nothing but missing values
    keeps its first.
    Cost: O(n).
    """
    if len(points) <= most:
        return list(points)
    values = np.array([np.nan if p[2] is None else p[2] for p in points], dtype=np.float64)
    stretches = max(1, (most - 2) // 2)
    edges = np.linspace(1, len(points) - 1, stretches + 1).astype(int)
    kept = {0, len(points) - 1}
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        part = values[start:end]
        if not len(part):
            continue
        if np.isnan(part).all():
            kept.add(int(start))
            continue
        kept.add(int(start + np.nanargmin(part)))
        kept.add(int(start + np.nanargmax(part)))
    return [points[at] for at in sorted(kept)]
