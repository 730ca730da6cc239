"""Parts of the rows on which a model does better or worse than on the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray
from scipy import special, stats

from millrace.evaluation.engine.bootstrap import wilson
from millrace.evaluation.engine.labels import keys
from millrace.services.predictor.columns import as_floats, as_strings, family, parse_dates
from millrace.services.significance.paired import holm

Array = NDArray[Any]
pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see
MOST_LEVELS = 20
FEW = 8


@dataclass(frozen=True)
class Part:
    """A named part of the rows: `inside` (n,) bool."""

    column: str
    name: str
    inside: Array


@dataclass(frozen=True)
class Slice:
    """The mean score inside a part against the rest."""

    column: str
    name: str
    rows: int
    value: float
    low: float
    high: float
    rest: float
    p: float
    adjusted: float
    small: bool


def of_column(name: str, column: pa.ChunkedArray, bins: int) -> list[Part]:
    """Return the slices of one column; a column that gives no two parts gives none.

    Text with many distinct values is sliced by its length in characters, lists and other
    nested values not at all.
    """
    kind = family(column.type)
    if kind is None:
        return []
    if kind == "number":
        values = as_floats(column)
        distinct = np.unique(values[~np.isnan(values)])
        if len(distinct) > FEW:
            return _worth(by_quantile(name, values, bins))
    if kind == "date":
        seconds = parse_dates(column)
        if seconds is None:
            return []
        return _worth(by_quantile(name, seconds, bins, _day))
    found = keys(column)
    if kind == "text" and _is_free(found.names, len(column)):
        lengths = pc.utf8_length(as_strings(column)).cast(pa.float64())
        values = np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.float64)
        return _worth(by_quantile(f"length of {name}", values, bins))
    return _worth(by_category(name, found.codes, found.names))


def _is_free(names: list[str], rows: int) -> bool:
    return len(names) > MOST_LEVELS and len(names) > rows / 10


def _worth(parts: list[Part]) -> list[Part]:
    return parts if len(parts) > 1 else []


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


def by_category(column: str, codes: Array, names: Sequence[str]) -> list[Part]:
    """Return a part for each of the 20 commonest values, one for others, one for missing.

    codes (n,): number of each row's value in `names`, -1 is missing.
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda at: (-counts[at], names[at]))
    shown = order if len(order) <= MOST_LEVELS + 1 else order[:MOST_LEVELS]
    parts = [Part(column, names[at], codes == at) for at in shown if counts[at]]
    rest = np.setdiff1d(order, shown)
    if len(rest):
        parts.append(Part(column, f"{len(rest)} rarer values", np.isin(codes, rest)))
    return _with_missing(column, parts, codes < 0)


def by_quantile(column: str, values: Array, bins: int, text: Any = None) -> list[Part]:
    """Return parts with about as many rows each, by size of a number; NaN is missing.

    `text` writes an edge; equal edges are joined, so there may be fewer parts than asked.
    """
    write = text or (lambda edge: f"{edge:.6g}")
    missing = np.isnan(values)
    known = values[~missing]
    if not len(known):
        return _with_missing(column, [], missing)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1), method="lower"))
    if len(edges) == 1:
        return _with_missing(column, [Part(column, f"= {write(edges[0])}", ~missing)], missing)
    parts: list[Part] = []
    for at in range(len(edges) - 1):
        low, high, last = edges[at], edges[at + 1], at == len(edges) - 2
        inside = (values >= low) & ((values <= high) if last else (values < high))
        bracket = "]" if last else ")"
        parts.append(Part(column, f"[{write(low)}, {write(high)}{bracket}", inside))
    return _with_missing(column, parts, missing)


def _with_missing(column: str, parts: list[Part], missing: Array) -> list[Part]:
    return [*parts, Part(column, "missing", missing)] if missing.any() else parts


def measure(
    parts: Sequence[Part], score: Array, confidence: float = 0.95, least: int = 30
) -> list[Slice]:
    """Return each part's mean score with interval, difference to the rest and p-values.

    score (n,): 1 or 0 for right or wrong answers, or an error for numbers. Shares get Wilson
    intervals and Fisher's exact test, errors t-intervals and Welch's test. `adjusted` is
    Holm's over all parts: the chance of one false alarm anywhere stays below the level.
    Parts under `least` rows are marked small. Cost: O(n) a part.
    """
    share = bool(np.isin(score, (0, 1)).all())
    found: list[Slice] = []
    for part in parts:
        inner, outer = score[part.inside], score[~part.inside]
        low, high = _ends(inner, share, confidence)
        p = _differs(inner, outer, share)
        rest = float(outer.mean()) if len(outer) else float("nan")
        found.append(
            Slice(part.column, part.name, len(inner), float(inner.mean()), low, high, rest, p, p,
                  len(inner) < least)
        )  # fmt: skip
    adjusted = holm([part.p for part in found])
    return [replace(part, adjusted=value) for part, value in zip(found, adjusted, strict=True)]


def _ends(inner: Array, share: bool, confidence: float) -> tuple[float, float]:
    n = len(inner)
    if share:
        return wilson(float(inner.sum()), n, confidence)
    mean = float(inner.mean())
    if n < 2:
        return mean, mean
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1) * inner.std(ddof=1) / np.sqrt(n))
    return mean - half, mean + half


def _differs(inner: Array, outer: Array, share: bool) -> float:
    if not len(inner) or not len(outer):
        return float("nan")
    if share:
        a, b = int(inner.sum()), int(outer.sum())
        table = [[a, len(inner) - a], [b, len(outer) - b]]
        return _p(stats.fisher_exact(table))
    if len(inner) < 2 or len(outer) < 2:
        return float("nan")
    spread = inner.var(ddof=1) / len(inner) + outer.var(ddof=1) / len(outer)
    if spread == 0:
        return 1.0 if inner.mean() == outer.mean() else _split(len(inner), len(outer))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _p(stats.ttest_ind(inner, outer, equal_var=False))


def _split(n: int, m: int) -> float:
    """Return the chance that drawing n of n + m values parts two kinds of them cleanly."""
    return min(1.0, float(2 * (n + m + 1) * special.beta(n + 1, m + 1)))


def _p(result: Any) -> float:
    return float(result.pvalue)
