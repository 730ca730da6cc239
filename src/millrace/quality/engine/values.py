"""Checks of single columns: missing, constant, odd types and spellings, outliers."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from millrace.quality.engine.finding import Found, Severity
from millrace.quality.engine.profile import Column, is_string

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

FENCE = 3.0  # interquartile ranges beyond the quartiles (Tukey's far out)
ROBUST_Z = 6.0  # robust standard deviations from the median
HEAVY = 0.01  # above this share it is a heavy tail, and no outliers


def missing(columns: list[Column]) -> list[Found]:
    """Find columns with missing values; each costs its share of all cells, twice."""
    found: list[Found] = []
    for column in columns:
        rows = np.flatnonzero(column.missing)
        if not rows.size:
            continue
        share = rows.size / len(column.values)
        severity: Severity = "error" if share == 1 else "warning" if share > 0.3 else "info"
        said = "has no value at all" if share == 1 else f"is empty in {_percent(share)} of the rows"
        found.append(
            Found(
                check="missing",
                part="completeness",
                severity=severity,
                column=column.name,
                says=f"'{column.name}' {said}.",
                count=int(rows.size),
                share=share,
                loss=min(1.0, 2 * share / len(columns)),
                rows=rows.tolist() if share < 1 else (),
            )
        )
    return found


def constant(columns: list[Column]) -> list[Found]:
    """Find columns that hold one value, or one value nearly everywhere: they teach nothing."""
    found: list[Found] = []
    for column in columns:
        if column.kind == "other" or column.missing.all():
            continue
        codes = column.codes[~column.missing]
        counts = np.bincount(codes)
        top = counts.max() / codes.size
        if top < 0.995 or (counts > 0).sum() > 1 and codes.size < 1000:
            continue
        only = (counts > 0).sum() == 1
        said = "holds one value only" if only else f"holds one value in {_percent(top)} of the rows"
        found.append(
            Found(
                check="constant",
                part="completeness",
                severity="warning" if only else "info",
                column=column.name,
                says=f"'{column.name}' {said}; a model learns nothing from it.",
                count=int(counts.max()),
                share=float(top),
                loss=min(1.0, 1 / len(columns)) if only else 0.0,
            )
        )
    return found


def mixed_types(columns: list[Column]) -> list[Found]:
    """Find string columns that are numbers nearly everywhere: the rest are likely mistakes."""
    found: list[Found] = []
    for column in columns:
        if not is_string(column.values.type) or column.missing.all():
            continue
        filled = ~column.missing
        trimmed = pc.utf8_trim_whitespace(column.strings)
        like = pc.match_substring_regex(trimmed, r"^[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?$")
        numeric = pc.fill_null(like, False).combine_chunks().to_numpy(zero_copy_only=False)
        odd = np.flatnonzero(filled & ~numeric.astype(bool))
        share = odd.size / filled.sum()
        if not 0 < share <= 0.1:
            continue
        found.append(
            Found(
                check="mixed_types",
                part="validity",
                severity="warning",
                column=column.name,
                says=f"'{column.name}' holds numbers, save in {odd.size} rows that hold text.",
                count=int(odd.size),
                share=float(share),
                loss=min(1.0, 5 * share),
                rows=odd.tolist(),
            )
        )
    return found


def infinite(columns: list[Column]) -> list[Found]:
    """Find infinite numbers, which no learner takes."""
    found: list[Found] = []
    for column in columns:
        if not pa.types.is_floating(column.values.type):
            continue
        rows = np.flatnonzero(~column.missing & ~np.isfinite(column.numbers))
        if rows.size:
            share = rows.size / len(column.values)
            found.append(
                Found(
                    check="infinite",
                    part="validity",
                    severity="error",
                    column=column.name,
                    says=f"'{column.name}' is infinite in {rows.size} rows.",
                    count=int(rows.size),
                    share=share,
                    loss=min(1.0, 0.05 + 5 * share),
                    rows=rows.tolist(),
                )
            )
    return found


def spellings(columns: list[Column]) -> list[Found]:
    """Find categories that differ only in case, blanks or punctuation; the rarer is the slip."""
    found: list[Found] = []
    for column in columns:
        if column.kind != "category" or not is_string(column.values.type):
            continue
        rows, pairs = _variants(column.strings)
        if not rows.size:
            continue
        share = rows.size / len(column.values)
        shown = ", ".join(f"'{odd}' for '{usual}'" for odd, usual in pairs[:3])
        found.append(
            Found(
                check="spelling",
                part="validity",
                severity="warning",
                column=column.name,
                says=f"'{column.name}' writes {len(pairs)} values in two ways: {shown}.",
                count=int(rows.size),
                share=share,
                loss=min(1.0, 2 * share),
                rows=rows.tolist(),
            )
        )
    return found


def _variants(values: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[tuple[str, str]]]:
    usual: dict[str, tuple[int, str]] = {}
    counted: list[tuple[str, int]] = [
        (str(row["values"]), int(row["counts"]))
        for row in pc.value_counts(values.drop_null()).to_pylist()
    ]
    for text, count in sorted(counted, key=lambda pair: (-pair[1], pair[0])):
        usual.setdefault(_folded(text), (count, text))
    odd = {text: usual[_folded(text)][1] for text, _ in counted}
    odd = {text: known for text, known in odd.items() if text != known and text.strip()}
    if not odd:
        return np.empty(0, np.int64), []
    hits = pc.is_in(values, pa.array(list(odd), pa.string())).combine_chunks()
    return np.flatnonzero(hits.to_numpy(zero_copy_only=False)), sorted(odd.items())


def _folded(text: str) -> str:
    folded = text.casefold().strip()
    # With a digit inside, a dash or a dot may be the value: -1 is not 1.
    return folded if any(map(str.isdigit, folded)) else re.sub(r"[\s_.'’-]+", "", folded) or text


def outliers(columns: list[Column]) -> list[Found]:
    """Find numbers far outside the rest, on a log scale where the column is skewed.

    A value must lie beyond both Tukey's far fence and six robust standard deviations.
    Source: Tukey, Exploratory Data Analysis, 1977; Iglewicz and Hoaglin, 1993.
    """
    found: list[Found] = []
    for column in columns:
        if column.kind != "number":
            continue
        rows, low, high = far_out(column.numbers)
        if not rows.size:
            continue
        share = rows.size / len(column.values)
        heavy = share > HEAVY
        tail = "; so many that it is a heavy tail rather than mistakes" if heavy else ""
        found.append(
            Found(
                check="heavy_tail" if heavy else "outliers",
                part="outliers",
                severity="info" if heavy else "warning",
                column=column.name,
                says=f"'{column.name}' has {rows.size} values outside {low:.4g} to {high:.4g}"
                f"{tail}.",
                count=int(rows.size),
                share=share,
                loss=0.0 if heavy else min(0.3, 10 * share),
                rows=rows.tolist(),
            )
        )
    return found


def far_out(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], float, float]:
    """Return the far values, the farthest first, and the bounds they lie outside of."""
    there = np.isfinite(values)
    kept = values[there]
    if kept.size < 20 or np.unique(kept).size < 10:
        return np.empty(0, np.int64), 0.0, 0.0
    logs = bool(kept.min() > 0 and _skew(kept) > 1.0 and _skew(np.log(kept)) < _skew(kept))
    scale = np.log(kept) if logs else kept
    low, median, high = np.quantile(scale, [0.25, 0.5, 0.75])
    spread = max(float(np.median(np.abs(scale - median))) * 1.4826, (high - low) / 1.349)
    if spread <= 0:
        return np.empty(0, np.int64), 0.0, 0.0
    bottom = min(low - FENCE * (high - low), median - ROBUST_Z * spread)
    top = max(high + FENCE * (high - low), median + ROBUST_Z * spread)
    distance = np.maximum(bottom - scale, scale - top)
    places = np.flatnonzero(distance > 0)
    order = places[np.argsort(-distance[places], kind="stable")]
    bounds = (float(np.exp(bottom)), float(np.exp(top))) if logs else (float(bottom), float(top))
    return np.flatnonzero(there)[order], *bounds


def _skew(values: NDArray[np.float64]) -> float:
    spread = values.std()
    return float(abs(((values - values.mean()) ** 3).mean()) / spread**3) if spread > 0 else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
