"""Sums and quantiles of logged requests; pure functions on an Arrow table.

Columns: at (time, or seconds since 1970), model, rows, latency_ms, status, error, cost.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

COLUMNS = ("at", "model", "rows", "latency_ms", "status", "error", "cost")
ROUND = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
DAY = 86_400.0
AIM = 60  # buckets
MOST_FAILURES = 10
LETTERS = 200  # of an error

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Requests:
    """Logged requests as arrays, in order of time."""

    at: Floats
    rows: Floats
    latency: Floats
    status: NDArray[np.int64]
    cost: Floats
    model: list[str]
    error: list[str | None]

    def part(self, places: NDArray[np.int64]) -> "Requests":
        """Return some of them."""
        return Requests(
            self.at[places],
            self.rows[places],
            self.latency[places],
            self.status[places],
            self.cost[places],
            [self.model[at] for at in places],
            [self.error[at] for at in places],
        )


def requests(table: pa.Table) -> Requests:
    """Turn the log into arrays; a missing column counts as empty, a row without a time as none."""
    if "at" in table.column_names:
        table = table.filter(pc.is_valid(table["at"])).sort_by("at")
    return Requests(
        at=seconds(table),
        rows=np.nan_to_num(_numbers(table, "rows")),
        latency=_numbers(table, "latency_ms"),
        status=np.nan_to_num(_numbers(table, "status")).astype(np.int64),
        cost=_numbers(table, "cost"),
        model=[str(name or "") for name in _values(table, "model")],
        error=[None if text is None else str(text)[:LETTERS] for text in _values(table, "error")],
    )


def seconds(table: pa.Table | pa.RecordBatch) -> Floats:
    """Return the column 'at' as seconds since 1970, whether it is a time or a number."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if "at" in table.column_names and pa.types.is_timestamp(table["at"].type):
        micros = pc.cast(pc.cast(table["at"], pa.timestamp("us", table["at"].type.tz)), pa.int64())
        return micros.combine_chunks().to_numpy(zero_copy_only=False) / 1e6
    return _numbers(table, "at")


def _numbers(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values = pc.cast(table[name], pa.float64()).combine_chunks()
    return values.to_numpy(zero_copy_only=False).astype(np.float64)


def _values(table: pa.Table, name: str) -> list[Any]:
    return table[name].to_pylist() if name in table.column_names else [None] * table.num_rows


def traffic(found: Requests, seconds: float) -> dict[str, Any]:
    """Sum up requests over a span of `seconds`.

    Quantiles are exact, with linear interpolation; they are none without a logged latency.
    """
    count = found.at.size
    failed = int((found.status >= 400).sum())
    latency = found.latency[np.isfinite(found.latency)]
    quantiles = np.quantile(latency, [0.5, 0.95, 0.99, 1.0]).tolist() if latency.size else []
    p50, p95, p99, longest = [round(value, 3) for value in quantiles] or [None] * 4
    cost = found.cost[np.isfinite(found.cost)]
    return {
        "requests": count,
        "rows": int(found.rows.sum()),
        "errors": failed,
        "error_share": round(failed / count, 6) if count else 0.0,
        "server_errors": int((found.status >= 500).sum()),
        "per_second": round(count / seconds, 6) if seconds > 0 else float(count),
        "latency_p50": p50,
        "latency_p95": p95,
        "latency_p99": p99,
        "latency_max": longest,
        "cost": round(float(cost.sum()), 9) if cost.size else None,
    }


def bucket_length(span: float) -> float:
    """Return a round length that cuts a span into at most 60 buckets.

    Example:
        >>> bucket_length(3600.0), bucket_length(86_400.0 * 365)
        (60.0, 604800.0)
    """
    need = span / AIM
    fitting = [float(length) for length in ROUND if length >= need]
    if fitting:
        return fitting[0]
    return DAY * (1 if need <= DAY else 7 * math.ceil(need / DAY / 7))


def edges(first: float, last: float, length: float) -> Floats:
    """Return where each bucket begins; they start at multiples of their length."""
    start = math.floor(first / length)
    start -= start * length > first  # a quotient may be rounded up, or down, to a whole number
    stop = math.floor(last / length)
    stop += stop * length + length <= last
    return np.arange(start, stop + 1, dtype=np.float64) * length


def over_time(found: Requests, starts: Floats, length: float) -> list[dict[str, Any]]:
    """Sum up each bucket, empty ones included."""
    bounds = np.searchsorted(found.at, [*starts, starts[-1] + length], side="left")
    return [
        {"start": float(start), **traffic(found.part(np.arange(low, high)), length)}
        for start, low, high in zip(starts, bounds[:-1], bounds[1:], strict=True)
    ]


def by_model(found: Requests, seconds: float) -> list[dict[str, Any]]:
    """Sum up each model version, the busiest first."""
    names = np.array(found.model, object)
    parts = [
        {"model": name, **traffic(found.part(np.flatnonzero(names == name)), seconds)}
        for name in sorted(set(found.model))
    ]
    return sorted(parts, key=lambda part: -int(part["requests"]))


def statuses(found: Requests) -> dict[str, int]:
    """Count requests by status."""
    return {str(status): count for status, count in sorted(Counter(found.status.tolist()).items())}


def failures(found: Requests) -> list[dict[str, Any]]:
    """Return the most frequent errors."""
    counted = Counter(
        (int(status), error or "")
        for status, error in zip(found.status, found.error, strict=True)
        if status >= 400 or error
    )
    return [
        {"status": status, "error": error, "count": count}
        for (status, error), count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    ][:MOST_FAILURES]
