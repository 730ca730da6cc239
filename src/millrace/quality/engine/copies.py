"""Exact and near copies: MinHash finds the candidates, exact Jaccard decides.

A row near an earlier one is listed with that row, so that a person can look at both.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import rensa
from numpy.typing import NDArray

from millrace.quality.engine.profile import Column

RMinHash: Any = vars(rensa)["RMinHash"]  # a Rust class that pyright cannot see
pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

BANDS, BAND_ROWS = 32, 4  # finds Jaccard .75 with probability .99999, .5 with .87
CHARACTERS = 4  # length of a shingle of a short text
WORDS = 3  # length of a shingle of a long text
LONG = 400  # median characters from which a column counts as long texts
MARGIN = 0.15  # by which 128 hashes may misjudge a similarity
TEXT_BITS = 60.0  # what an equal text says, far more than chance
ALMOST_ALL = 0.9  # share of different values from which an equal one is no chance
CHUNK = 100_000
MOST_COLUMNS = 200
MOST_LETTERS = 20_000  # of one text; what follows is not compared
SEED = 11
Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Copies:
    """Rows that repeat an earlier row, and which one."""

    rows: list[int]
    of: dict[int, int]


def normal(text: str) -> str:
    """Return the text without case, punctuation and doubled blanks."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def exact(keys: NDArray) -> Copies:
    """Find rows whose key equals that of an earlier row; the key -1 equals none.

    Shapes: keys (n,), whole numbers.
    """
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    rows = np.flatnonzero((first[place] != np.arange(len(keys))) & (keys != -1))
    return Copies(rows.tolist(), {int(row): int(first[place[row]]) for row in rows})


def equal_rows(columns: list[Column]) -> Copies:
    """Find rows equal to an earlier one in every column, or in every one but identifiers.

    Rows that repeat only because the table is narrow are left out.
    Cost: O(n d) time, one number a row.
    """
    known = [one for one in columns if one.kind != "other"]
    whole, kept = _equal_in(known), comparable(columns)
    if len(kept) == len(known):
        return whole
    of = whole.of | _equal_in(kept).of
    return Copies(sorted(of), of)


def _equal_in(kept: list[Column]) -> Copies:
    if not kept:
        return Copies([], {})
    keys = np.zeros(len(kept[0].values), np.uint64)
    for column in kept:
        keys = _mixed(keys * _MIX + (column.codes + 1).astype(np.uint64))
    found = exact((keys >> np.uint64(1)).astype(np.int64))
    rows = np.array(found.rows, np.int64)
    sure = surprising(kept, rows, np.ones((rows.size, len(kept)), bool))
    of = {int(row): found.of[int(row)] for row in rows[sure]}
    return Copies(sorted(of), of)


def text_keys(column: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Return a key per row that is equal for equal normalised texts, and those texts."""
    levels = column.strings.combine_chunks().dictionary_encode()
    known: dict[str, int] = {}
    texts = [normal(text[:MOST_LETTERS]) for text in levels.dictionary.to_pylist()]
    codes = np.array([known.setdefault(text, len(known)) for text in texts] or [0], np.int64)
    codes = np.array([-1 if text == "" else code for text, code in zip(texts, codes, strict=False)])
    places = levels.indices
    filled = places.fill_null(0).to_numpy(zero_copy_only=False)
    keys = codes[filled] if len(codes) else np.full(len(filled), -1)
    keys[column.missing] = -1
    return keys, list(known)


def near_texts(column: Column, least: float) -> Copies:
    """Find texts nearly equal to an earlier one; exact copies are not repeated here.

    Jaccard similarity of shingles: four characters for short texts, three words for long ones.
    Cost: about 40 us a text of 60 characters.
    """
    keys, texts = text_keys(column)
    first = {int(key): row for row, key in reversed(list(enumerate(keys))) if key >= 0}
    order = sorted(first, key=lambda key: first[key])
    kept = [texts[key] for key in order]
    long = float(np.median([len(text) for text in kept])) > LONG if kept else False
    sets = [_shingles(text, long) for text in kept]
    found = near_sets(sets, least)
    of = {first[order[place]]: first[order[to]] for place, to in found.of.items()}
    return Copies(sorted(of), of)


def _shingles(text: str, long: bool) -> Hashes:
    if long:
        letters = np.array([zlib.crc32(word.encode()) for word in text.split()], np.uint64)
        width = WORDS
    else:
        letters = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
        width = CHARACTERS
    if letters.size <= width:
        return _mixed(np.array([zlib.crc32(text.encode())], np.uint64))
    hashes = np.zeros(letters.size - width + 1, np.uint64)
    for offset in range(width):
        hashes = _mixed(hashes * _MIX + letters[offset : letters.size - width + 1 + offset])
    return np.unique(hashes)


def _mixed(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(31))) * _MIX
    return values ^ (values >> np.uint64(29))


def near_sets(sets: list[Hashes], least: float) -> Copies:
    """Find sets whose Jaccard similarity to an earlier set is at least `least`."""
    of: dict[int, int] = {}
    for earlier, later in _listed(candidates(sets, least - MARGIN)):
        if later not in of and jaccard(sets[earlier], sets[later]) >= least:
            of[later] = of.get(earlier, earlier)
    return Copies(sorted(of), of)


def jaccard(first: Hashes, second: Hashes) -> float:
    """Return the share of elements that two sets of sorted hashes have in common."""
    both = np.intersect1d(first, second, assume_unique=True).size
    return both / (first.size + second.size - both)


def candidates(sets: list[Hashes], least: float) -> Rows:
    """Return pairs whose MinHash signatures share a band and agree enough, the earlier first.

    In each bucket every row is paired with the first and with the one before it, so a bucket of
    boilerplate costs its size and not its square.
    """
    if len(sets) < 2:
        return np.empty((0, 2), np.int64)
    offsets = np.concatenate([[0], np.cumsum([part.size for part in sets])])
    digests = RMinHash.digest_matrix_from_flat_token_hashes(
        np.concatenate(sets), offsets.astype(np.uint64), BANDS * BAND_ROWS, SEED
    )
    signatures = np.array(digests.to_rows(), np.uint32)
    parts = np.split(signatures, BANDS, axis=1)
    pairs = np.unique(np.concatenate([_bucket_pairs(part) for part in parts]), axis=0)
    agreed = np.empty(len(pairs))
    for start in range(0, len(pairs), CHUNK):
        first, second = pairs[start : start + CHUNK].T
        agreed[start : start + CHUNK] = (signatures[first] == signatures[second]).mean(1)
    return pairs[agreed >= least]


def _listed(pairs: Rows) -> list[tuple[int, int]]:
    return [(int(earlier), int(later)) for earlier, later in pairs]


def _bucket_pairs(band: NDArray[np.uint32]) -> Rows:
    _, bucket = np.unique(_whole(band), return_inverse=True)
    order = np.argsort(bucket, kind="stable")
    same = np.flatnonzero(bucket[order][1:] == bucket[order][:-1])
    starts = np.flatnonzero(np.diff(bucket[order], prepend=-1))
    heads = order[starts[np.searchsorted(starts, same, side="right") - 1]]
    return np.concatenate(
        [np.column_stack([order[same], order[same + 1]]), np.column_stack([heads, order[same + 1]])]
    )


def _whole(rows: NDArray) -> NDArray:
    """View each row of a matrix as one value, so that rows can be compared whole."""
    packed = np.ascontiguousarray(rows)
    return packed.view([("", packed.dtype)] * packed.shape[1]).ravel()


def near_rows(columns: list[Column], least: float) -> Copies:
    """Find rows nearly equal to an earlier one, value by value; exact copies excluded.

    Cost: about 100 us a row of 15 values; of a wide table the first 200 columns are compared.
    """
    columns = comparable(columns)[:MOST_COLUMNS]
    width = len(columns)
    if width < 4:
        return Copies([], {})
    tokens = np.column_stack(
        [
            _mixed((one.codes + 1).astype(np.uint64) + np.uint64(at << 40))
            for at, one in enumerate(columns)
        ]
    )
    alone = np.setdiff1d(np.arange(len(tokens)), equal_rows(columns).rows)
    pairs = alone[candidates([np.sort(tokens[row]) for row in alone], least - MARGIN)]
    for start in range(0, len(pairs), CHUNK):
        first, second = pairs[start : start + CHUNK].T
        equal = tokens[first] == tokens[second]
        shared = equal.sum(1)
        near = (shared / (2 * width - shared) >= least) & surprising(columns, second, equal)
        pairs[start : start + CHUNK][~near] = -1
    of: dict[int, int] = {}
    for earlier, later in _listed(pairs[pairs[:, 0] >= 0]):
        of.setdefault(later, of.get(earlier, earlier))
    return Copies(sorted(of), of)


def surprising(columns: list[Column], rows: Rows, equal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell where two rows share more than chance would give any two of the n rows.

    Rows of a narrow table agree by chance. What they share must hold more bits than 2 log2(n),
    and ten more for good measure, were the columns independent; a text alone is enough, and
    so is a value of a column in which nearly every row has its own.
    Shapes: d columns, rows (p,), equal (p, d) -> (p,).
    """
    bits = np.zeros(len(rows))
    for place, column in enumerate(columns):
        codes = column.codes + 1
        counts = np.bincount(codes)
        if column.kind == "text" or np.count_nonzero(counts) > ALMOST_ALL * codes.size:
            bits += np.where(equal[:, place], TEXT_BITS, 0.0)
            continue
        bits += np.where(equal[:, place], np.log2(codes.size / counts[codes[rows]]), 0.0)
    return bits > 2 * np.log2(max(2, len(columns[0].values))) + 10


def comparable(columns: list[Column]) -> list[Column]:
    """Return the columns that make two rows the same: identifiers are left out."""
    return [one for one in columns if one.kind not in ("identifier", "other")]


def joined(columns: list[Column]) -> pa.ChunkedArray | None:
    """Return the text columns of a row joined by a blank; None when there is no text."""
    texts = [pc.fill_null(one.strings, "") for one in columns if one.kind == "text"]
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, " ")
