"""Asking both legs of an index, and saying which of them may be trusted for a query."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from millrace.search.engine import vectors, words
from millrace.search.engine.fuse import Ranking

DEPTH = 10  # each leg is asked for this many times k before they are joined
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
LETTER = re.compile(r"[^\W\d_]", re.UNICODE)


@dataclass(frozen=True)
class Index:
    """What a query needs of an index."""

    ids: NDArray[np.int64] | None
    vectors: NDArray[np.float32] | None
    words: sqlite3.Connection | None


def ask(
    index: Index,
    terms: Sequence[str],
    vector: NDArray[np.float32] | None,
    k: int,
    allowed: NDArray[np.int64] | None,
) -> dict[str, Ranking]:
    """Return the ranking of each leg that can be asked."""
    depth = max(k * DEPTH, 100)
    legs: dict[str, Ranking] = {}
    if index.words is not None and terms:
        only = None if allowed is None else allowed.tolist()
        legs["text"] = words.find(index.words, terms, depth, only)
    if index.ids is not None and index.vectors is not None and vector is not None:
        legs["vector"] = vectors.nearest(index.ids, index.vectors, vector, depth, allowed)
    return legs


def latin_share(text: str) -> float:
    """Return the share of letters that are Latin [0..1]; 1 without letters."""
    letters = LETTER.findall(text)
    return len(LATIN.findall(text)) / len(letters) if letters else 1.0


def vector_of(index: Index, row: int) -> NDArray[np.float32] | None:
    """Return the stored vector of a row, None when it has none."""
    if index.ids is None or index.vectors is None:
        return None
    at = np.flatnonzero(index.ids == row)
    return np.asarray(index.vectors[at[0]]) if at.size else None
