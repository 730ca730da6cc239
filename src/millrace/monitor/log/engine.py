"""Which logged requests fit, and in which order; pure functions on Arrow tables."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

TEXTS = ("inputs", "outputs", "error", "request_id")
LONGEST = 2000  # of inputs and outputs shown [characters]

Part = tuple[NDArray[np.int64], NDArray[np.float64]]


def kept(batch: pa.RecordBatch, at: NDArray[np.float64], text: str | None) -> Part:
    """Return ids and times of a batch's requests, of those that hold a text if one is given."""
    mask = holding(batch, text) if text else np.ones(at.size, bool)
    return batch.column("_id").to_numpy()[mask], at[mask]


def joined(parts: list[Part]) -> Part:
    """Return the parts as one."""
    ids, times = [part[0] for part in parts], [part[1] for part in parts]
    return (
        np.concatenate([np.empty(0, np.int64), *ids]),
        np.concatenate([np.empty(0, np.float64), *times]),
    )


def holding(batch: pa.RecordBatch | pa.Table, text: str) -> NDArray[np.bool_]:
    """Say which rows hold a piece of text in inputs, outputs, error or id, in any case.

    JSON writes some letters of other alphabets as they are, so they are found as typed.
    """
    found = np.zeros(batch.num_rows, bool)
    for name in TEXTS:
        if name in batch.schema.names:
            mask = pc.match_substring(batch.column(name), text, ignore_case=True)
            filled = pc.fill_null(mask, False)
            found |= np.asarray(filled.to_numpy(zero_copy_only=False), bool)
    return found


def order(at: NDArray[np.float64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return places from the newest request to the oldest; of equal times the later row first."""
    return np.lexsort((ids, at))[::-1]


def behind(
    at: NDArray[np.float64], ids: NDArray[np.int64], last: tuple[float, int]
) -> NDArray[np.bool_]:
    """Say which requests are older than the last one of a page."""
    return (at < last[0]) | ((at == last[0]) & (ids < last[1]))


def cut(text: str | None) -> tuple[str | None, bool]:
    """Return at most 2,000 characters, and whether something was cut off."""
    if text is None or len(text) <= LONGEST:
        return text, False
    return text[:LONGEST], True
