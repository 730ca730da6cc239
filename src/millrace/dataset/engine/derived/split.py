"""Assign rows to parts, draw samples, and look for what parts share and should not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from millrace.core.errors import InvalidInput
from millrace.dataset.engine.profile import database, quoted
from millrace.dataset.results import Leaks

pc: Any = compute  # its functions are made at run time
Parts = Sequence[tuple[str, float]]


def random(count: int, parts: Parts, seed: int) -> np.ndarray:
    """Return the part of each row, drawn without regard to what it holds.

    Shapes: result (count,), index of the part. Random: seeded.
    """
    order = np.random.default_rng(seed).permutation(count)
    return _by_order(order, parts)


def _by_order(order: np.ndarray, parts: Parts) -> np.ndarray:
    """Give the first rows of an order to the first part, and so on, to the nearest row."""
    edges = np.floor(np.cumsum([share for _, share in parts]) * len(order) + 0.5).astype(np.int64)
    assigned = np.empty(len(order), np.int8)
    assigned[order] = np.searchsorted(edges[:-1], np.arange(len(order)), side="right")
    return assigned


def stratified(codes: np.ndarray, parts: Parts, seed: int) -> np.ndarray:
    """Return the part of each row so that every class keeps its share in every part.

    Shapes: codes (n,) int, one per class. Rounding is carried over from class to class, so
    that the parts have their sizes too. Random: seeded.
    """
    rng = np.random.default_rng(seed)
    assigned = np.empty(len(codes), np.int8)
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    owed = np.zeros(len(parts))
    shares = np.array([share for _, share in parts])
    for rows in np.split(order, bounds):
        owed += shares * len(rows)
        counts = _whole(owed, len(rows), shares)
        owed -= counts
        assigned[rows] = np.repeat(np.arange(len(parts)), counts)
    return assigned


def _whole(owed: np.ndarray, total: int, shares: np.ndarray) -> np.ndarray:
    """Round what is owed to whole rows that add up, none to a part without a share."""
    counts = np.clip(np.floor(owed), 0, total).astype(np.int64)
    while counts.sum() > total:
        counts[np.argmax(counts)] -= 1
    while counts.sum() < total:
        counts[np.argmax(np.where(shares > 0, owed - counts, -np.inf))] += 1
    return counts


def grouped(codes: np.ndarray, parts: Parts, seed: int) -> np.ndarray:
    """Return the part of each row so that no group is in two parts.

    Groups come in random order, each to the part that lacks most of its share; big groups
    make the sizes uneven. Random: seeded.
    """
    groups, sizes = np.unique(codes, return_counts=True)
    if len(groups) < sum(1 for _, share in parts if share > 0):
        raise InvalidInput(
            f"There are {len(groups)} groups for more parts than that.",
            "Choose another column in 'by', or fewer parts.",
            field="by",
        )
    order = np.random.default_rng(seed).permutation(len(groups))
    left = np.array([share for _, share in parts]) * len(codes)
    left[[share == 0 for _, share in parts]] = -np.inf
    owner = np.empty(int(groups.max()) + 1, np.int8)
    for at in order:
        part = int(np.argmax(left))
        left[part] -= sizes[at]
        owner[groups[at]] = part
    return owner[codes]


def by_time(ranks: np.ndarray, parts: Parts) -> np.ndarray:
    """Return the part of each row so that every part comes after the one before it.

    Shapes: ranks (n,) int, equal for equal times, which stay together in the earlier part.
    Random: none.
    """
    order = np.argsort(ranks, kind="stable")
    assigned = _by_order(order, parts)
    for part in range(len(parts) - 1, 0, -1):
        inside = assigned == part
        if inside.any():
            earlier = assigned < part
            if earlier.any():
                assigned[inside & (ranks <= ranks[earlier].max())] = part - 1
    return assigned


def codes(values: pa.ChunkedArray) -> np.ndarray:
    """Return one integer per distinct value, ranked by value; missing is a value of its own."""
    ranks = pc.rank(values, sort_keys="ascending", tiebreaker="dense")
    return np.asarray(ranks).astype(np.int64)


def sample(codes: np.ndarray | None, count: int, total: int, seed: int) -> np.ndarray:
    """Return which rows to draw, in their old order; classes keep their shares.

    Shapes: result (min(count, total),) int64. Random: seeded.
    """
    count = min(count, total)
    share = count / max(total, 1)
    parts = [("drawn", share), ("left", 1 - share)]
    if codes is None:
        drawn = np.random.default_rng(seed).choice(total, count, replace=False)
        return np.sort(drawn)
    return np.flatnonzero(stratified(codes, parts, seed) == 0)


def leaks(rows: pa.RecordBatchReader, texts: Sequence[str], group: str | None, part: str) -> Leaks:
    """Count what the parts share: equal rows, equal texts, groups.

    `rows` holds the columns to compare and the part of each row. Texts are compared without
    case and spaces at the ends or doubled. Equal means an equal 64-bit hash: the odds of one
    false pair among ten million rows are below 1 in 100,000.
    Cost: one pass; 8 bytes a row and compared key, spilled to disk when large.
    """
    compared = [quoted(name) for name in rows.schema.names if name != part]
    hashed = [f"hash({', '.join(compared)}) as row_hash" if compared else "null as row_hash"]
    for at, name in enumerate(texts):
        words = f"regexp_replace(lower(trim({quoted(name)})), '\\s+', ' ', 'g')"
        hashed.append(f"if({quoted(name)} is null, null, hash({words})) as text_{at}")
    if group is not None:
        hashed.append(f"if({quoted(group)} is null, null, hash({quoted(group)})) as group_hash")
    with database() as db:
        db.register("stream", rows)
        db.execute(
            f"create table seen as select {quoted(part)} as part, {', '.join(hashed)} from stream"
        )
        equal = _shared(db, "row_hash")
        shared = {name: _shared(db, f"text_{at}") for at, name in enumerate(texts)}
        groups = None if group is None else _groups(db)
    return Leaks(
        rows=equal,
        texts=shared,
        groups=groups,
        clean=not equal and not any(shared.values()) and not groups,
    )


def _shared(db: Any, key: str) -> int:
    found = db.execute(
        f"select coalesce(sum(n), 0) from (select count(*) as n from seen where {key} is not null "
        f"group by {key} having count(distinct part) > 1)"
    ).fetchone()
    return int(found[0])


def _groups(db: Any) -> int:
    found = db.execute(
        "select count(*) from (select 1 from seen where group_hash is not null "
        "group by group_hash having count(distinct part) > 1)"
    ).fetchone()
    return int(found[0])
