"""The meaning leg: exact search over a memory-mapped matrix of unit vectors."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536

Floats = NDArray[np.float32]


def save(folder: Path, ids: NDArray[np.int64], vectors: Floats) -> None:
    """Write ids and vectors, each an .npy without pickle."""
    np.save(folder / "ids.npy", ids, allow_pickle=False)
    np.save(folder / "vectors.npy", vectors.astype(np.float32), allow_pickle=False)


def load(folder: Path) -> tuple[NDArray[np.int64], Floats]:
    """Map ids and vectors; the file's pages are shared by every process."""
    ids = np.load(folder / "ids.npy", allow_pickle=False)
    return ids, np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Scale rows to length one, however large or small their numbers; a zero row stays zero."""
    most = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    near_one = vectors / np.where(most > 0, most, 1)  # squares of 1e20 do not fit a float32
    norms = np.linalg.norm(near_one, axis=1, keepdims=True)
    return (near_one / np.maximum(norms, 1e-12)).astype(np.float32)


def nearest(
    ids: NDArray[np.int64],
    vectors: Floats,
    query: Floats,
    k: int,
    allowed: NDArray[np.int64] | None = None,
) -> list[tuple[int, float]]:
    """Return (id, cosine) of the k nearest rows, exactly.

    Shapes: ids (n,), vectors (n, d) unit, query (d,) unit.     Units: cosine [-1..1].
    Cost: O(n d); 20,000 x 384 about 2 CPU-ms. With `allowed` only those rows are read.
    """
    rows = np.arange(len(ids)) if allowed is None else np.flatnonzero(np.isin(ids, allowed))
    if not len(rows) or k < 1:
        return []
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        block = vectors[part[0] : part[-1] + 1] if allowed is None else vectors[part]
        scores[start : start + BLOCK] = block @ query
    k = min(k, len(rows))
    best = np.argpartition(-scores, k - 1)[:k]
    best = best[np.lexsort((ids[rows[best]], -scores[best]))]
    return [(int(ids[rows[at]]), float(scores[at])) for at in best]
