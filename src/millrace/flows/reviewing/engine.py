"""How surprising or uncertain rows are, and the table that people label; on Arrow tables."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from millrace.drift.engine import category, columns, domain
from millrace.drift.engine.columns import Pair

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

Floats = NDArray[np.float64]
ROW = "row"
MOST_CODES = 50
FOLDS = 5
LONGEST = 4000  # of a row written as one text [characters]


def surprise(reference: pa.Table, current: pa.Table, names: list[str], seed: int) -> Floats:
    """Return how sure a classifier is that each current row is none of the reference, (m,).

    Every row is scored by a model that did not see it (five folds), on numbers, categories and,
    of texts, length and number of words. Random: folds, seeded.
    Source: Rabanser et al., Failing Loudly, 2019, section 3 (domain classifier).
    """
    pairs = [columns.pair(name, reference[name], current[name], asked=True) for name in names]
    parts = [part for pair in pairs for part in _features(pair)]
    if not parts or min(reference.num_rows, current.num_rows) < 2 * FOLDS:
        return np.zeros(current.num_rows)
    table = np.column_stack([np.concatenate(part) for part, _ in parts])
    codes = [at for at, (_, is_code) in enumerate(parts) if is_code]
    is_current = np.repeat(np.array([0, 1], np.int64), [reference.num_rows, current.num_rows])
    fold = np.random.default_rng(seed).permutation(is_current.size) % FOLDS
    scores = np.empty(is_current.size)
    for at in range(FOLDS):
        held = fold == at
        fitted = domain.trees(codes, seed, 1)(table[~held], is_current[~held])
        scores[held] = fitted(table[held])
    return scores[reference.num_rows :]


def _features(pair: Pair) -> list[tuple[tuple[Floats, Floats], bool]]:
    if pair.kind == "number":
        return [((columns.numbers(pair.reference), columns.numbers(pair.current)), False)]
    if pair.kind == "skipped":
        return []
    before, now = columns.strings(pair.reference), columns.strings(pair.current)
    if pair.kind == "text":
        return [
            ((columns.numbers(measure(before)), columns.numbers(measure(now))), False)
            for measure in (pc.utf8_length, lambda side: pc.count_substring(side, " "))
        ]
    levels, _, _ = category.counts(before, now)
    known = pa.array(levels[:MOST_CODES])
    return [((_codes(before, known), _codes(now, known)), True)]


def _codes(values: pa.ChunkedArray, known: pa.Array) -> Floats:
    found = pc.index_in(pc.fill_null(values, category.MISSING), known)
    plain = pc.fill_null(found, MOST_CODES).combine_chunks()
    return plain.to_numpy(zero_copy_only=False).astype(np.float64)


def doubt(confidence: pa.ChunkedArray) -> Floats:
    """Return one minus the confidence; 0 where there is none, (m,)."""
    found = columns.numbers(confidence)
    return np.where(np.isfinite(found), 1 - found, 0.0)


def top(scores: Floats, most: int) -> list[int]:
    """Return the places of the highest scores, the highest first; ties in order."""
    return np.argsort(-scores, kind="stable")[:most].tolist()


def without_repeats(table: pa.Table, names: list[str]) -> pa.Table:
    """Return rows whose values in these columns differ from those of every row before."""
    seen: set[str] = set()
    kept: list[int] = []
    for at, row in enumerate(table.select(names).to_pylist()):
        mark = repr(row)
        if mark not in seen:
            seen.add(mark)
            kept.append(at)
    return table.take(pa.array(kept, pa.int64()))


def readable(table: pa.Table, names: list[str]) -> pa.Array:
    """Return each row as one text, "name: value" a line, for people to read."""
    rows = table.select(names).to_pylist()
    return pa.array(
        ["\n".join(f"{name}: {row[name]}" for name in names)[:LONGEST] for row in rows],
        pa.string(),
    )
