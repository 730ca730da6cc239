"""Parts of a date as numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DAY = 86_400.0
PARTS = ("year", "month", "day", "weekday", "hour")
# Lengths of the parts that come round again; the linear view turns them into circles.
PERIODS = {"month": 12.0, "day": 31.0, "weekday": 7.0, "hour": 24.0}


def part(seconds: Array, name: str) -> Array:
    """Return one part of dates given in seconds since 1970; NaN stays NaN.

    Months and days count from 1, Monday is 0. Time zones have been turned into UTC before.
    """
    blank = np.isnan(seconds)
    whole = np.where(blank, 0.0, np.clip(seconds, -6e10, 2.5e11)).astype("int64")
    if name == "hour":
        values = (whole % 86_400) / 3600.0
    elif name == "weekday":
        values = (whole // 86_400 + 3) % 7
    else:
        values = _calendar(whole.astype("datetime64[s]"), name)
    return np.where(blank, np.nan, values.astype(np.float64))


def _calendar(stamps: Array, name: str) -> Array:
    years = stamps.astype("datetime64[Y]")
    if name == "year":
        return years.astype("int64") + 1970
    months = stamps.astype("datetime64[M]")
    if name == "month":
        return (months - years).astype("int64") + 1
    return (stamps.astype("datetime64[D]") - months).astype("int64") + 1


def varying(seconds: Array) -> list[str]:
    """Return the parts that are not the same for all of these dates."""
    return [name for name in PARTS if len(np.unique(part(seconds, name))) > 1]
