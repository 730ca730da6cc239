"""The verdict over a whole table: every column, all columns together, one error rate."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput
from millrace.drift.engine import category, columns, domain, number, relations, statistics, texts
from millrace.drift.engine.columns import Pair
from millrace.drift.engine.finding import Finding, holm
from millrace.drift.engine.statistics import Floats

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

JOINT = "(all columns together)"
LEAST_TEXTS = 50
MOST_CODES = 50  # levels of a category that the joint classifier tells apart


@dataclass(frozen=True)
class Judged:
    """A finding with its p value adjusted over all tests of the table."""

    finding: Finding
    adjusted: float
    drifted: bool


@dataclass(frozen=True)
class Skipped:
    """A column that was not tested, and why."""

    column: str
    why: str


@dataclass
class Tests:
    """Everything found so far."""

    findings: list[Finding] = field(default_factory=list[Finding])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    tested: list[Pair] = field(default_factory=list[Pair])

    def add(self, pair: Pair) -> None:
        """Test one numeric or categorical column, or say why not."""
        if pair.kind == "number":
            before, now = columns.numbers(pair.reference), columns.numbers(pair.current)
            if not number.enough(before, now):
                self.few(pair, f"fewer than {number.LEAST} numbers")
                return
            self.findings.append(number.test(pair.name, before, now))
        elif pair.kind == "category":
            if min(len(pair.reference), len(pair.current)) < number.LEAST:
                self.skipped.append(Skipped(pair.name, f"fewer than {number.LEAST} rows"))
                return
            before_texts, now_texts = columns.strings(pair.reference), columns.strings(pair.current)
            self.findings.append(category.test(pair.name, before_texts, now_texts))
        else:
            self.skipped.append(Skipped(pair.name, pair.why))
            return
        self.tested.append(pair)

    def add_text(self, pair: Pair, vectors: tuple[NDArray, NDArray], seed: int) -> None:
        """Test one text column whose texts have been encoded."""
        self.findings.append(text(pair, vectors, seed))

    def few(self, pair: Pair, why: str) -> None:
        """Test a column with too few values for its absence only, or leave it out and say why.

        A column that comes empty all of a sudden is what breaks a model most surely.
        """
        sides = pair.reference, pair.current
        if min(map(len, sides)) < number.LEAST or not any(side.null_count for side in sides):
            self.skipped.append(Skipped(pair.name, why))
        else:
            self.findings.append(category.absence(pair.name, pair.kind, why, *sides))


def judge(findings: list[Finding], alpha: float) -> list[Judged]:
    """Adjust the p values over all findings and call what drifted, the surest first.

    A negligible change is not called drift, however sure: with millions of rows everything differs.
    """
    adjusted = holm([finding.p for finding in findings])
    judged = [
        Judged(finding, p, p < alpha and finding.strength != "negligible")
        for finding, p in zip(findings, adjusted, strict=True)
    ]
    return sorted(judged, key=lambda one: (one.adjusted, -one.finding.size))


def joint(pairs: list[Pair], seed: int, threads: int) -> Finding | None:
    """Test all columns together: sees a changed relation that no single column shows.

    None when there are fewer than two columns or 50 rows on a side.
    """
    if len(pairs) < 2 or min(len(pairs[0].reference), len(pairs[0].current)) < 50:
        return None
    parts = [_coded(pair) for pair in pairs]
    features = np.column_stack([np.concatenate(part) for part in parts])
    sizes = len(pairs[0].reference), len(pairs[0].current)
    is_current = np.repeat(np.array([0, 1], np.int64), sizes)
    codes = [place for place, pair in enumerate(pairs) if pair.kind == "category"]
    grown = domain.told_apart(features, is_current, domain.trees(codes, seed, threads), seed)
    paired = relations.spread(features, codes)
    linear = domain.told_apart(paired, is_current, domain.screened, seed)
    auc = max(grown.auc, linear.auc)
    return Finding(
        column=JOINT,
        kind="joint",
        tests={"trees": grown.p, "pairs": linear.p},
        effect=auc,
        effect_name="auc",
        size=max(0.0, 2 * auc - 1),
        says=f"a model tells current rows from reference rows with an AUC of {auc:.3f}",
    )


def _coded(pair: Pair) -> tuple[Floats, Floats]:
    if pair.kind == "number":
        return columns.numbers(pair.reference), columns.numbers(pair.current)
    before, now = columns.strings(pair.reference), columns.strings(pair.current)
    levels, _, _ = category.counts(before, now)
    known = pa.array(levels[:MOST_CODES])
    return _codes(before, known), _codes(now, known)


def _codes(values: pa.ChunkedArray, known: pa.Array) -> Floats:
    found = pc.index_in(pc.fill_null(values, category.MISSING), known)
    codes = pc.fill_null(found, MOST_CODES).combine_chunks()
    return codes.to_numpy(zero_copy_only=False).astype(np.float64)


def some_texts(values: pa.ChunkedArray, most: int, seed: int) -> list[str]:
    """Return the texts that are there, or a random sample of them."""
    found = columns.strings(values).drop_null()
    if len(found) > most:
        places = np.random.default_rng(seed).choice(len(found), most, replace=False)
        found = found.take(pa.array(np.sort(places)))
    return found.to_pylist()


def text(pair: Pair, vectors: tuple[NDArray, NDArray], seed: int) -> Finding:
    """Test a text column by the meaning of its texts, their lengths and their absence.

    Shapes: vectors (a, d) and (b, d) of some of the texts on each side.
    """
    is_current = np.repeat(np.array([0, 1], np.int64), [len(part) for part in vectors])
    lengths = [
        columns.numbers(pc.utf8_length(columns.strings(side)))
        for side in (pair.reference, pair.current)
    ]
    by_length = number.test(pair.name, lengths[0], lengths[1])
    features = np.concatenate(vectors).astype(np.float64)
    return texts.test(pair.name, features, is_current, by_length, seed)


def verdict(judged: list[Judged], alpha: float) -> str:
    """Say whether anything drifted, and what most."""
    drifted = [one.finding for one in judged if one.drifted]
    tested = f"{len(judged)} tests at an overall error rate of {alpha:g}"
    if not judged:
        return "No verdict: no column could be tested."
    if not drifted:
        sure = sum(one.adjusted < alpha for one in judged)
        also = f" {sure} changes are certain but negligible." if sure else ""
        return f"No drift in {tested}.{also}"
    told = "; ".join(f"'{one.column}' ({one.strength}: {one.says})" for one in drifted[:3])
    more = f"; and {len(drifted) - 3} more" if len(drifted) > 3 else ""
    return f"Drift in {len(drifted)} of {tested}. {told}{more}."


def psi_of_columns(
    name: str, reference: pa.ChunkedArray, current: pa.ChunkedArray, bins: int
) -> tuple[float, tuple[float, float]]:
    """Return the index of a column of numbers or categories, and the shares missing."""
    found = columns.pair(name, reference, current, asked=True)
    missing = (reference.null_count / len(reference), current.null_count / len(current))
    if found.kind in ("skipped", "text"):
        why = found.why or "it holds free text"
        raise InvalidInput(
            f"Column '{name}' cannot be compared: {why}.",
            "Name a column of numbers or categories.",
            column=name,
        )
    if found.kind == "number":
        first, second = columns.numbers(reference), columns.numbers(current)
        kept = first[np.isfinite(first)], second[np.isfinite(second)]
        if not kept[0].size or not kept[1].size:
            raise InvalidInput(
                f"Column '{name}' has no finite values on one side.",
                "Name a column that has some.",
                column=name,
            )
        return statistics.psi(kept[0], kept[1], bins), missing
    _, before, now = category.counts(columns.strings(reference), columns.strings(current))
    return statistics.psi_of_counts(before, now), missing


def table(
    reference: pa.Table, current: pa.Table, alpha: float, seed: int, joint_test: bool = True
) -> list[Judged]:
    """Test two tables without text columns; the whole rule in one call."""
    tests = Tests()
    for name in reference.column_names:
        if name in current.column_names:
            tests.add(columns.pair(name, reference[name], current[name], asked=False))
    found = joint(tests.tested, seed, threads=1) if joint_test else None
    return judge([*tests.findings, *([found] if found else [])], alpha)
