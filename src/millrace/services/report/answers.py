"""Answers to single rows that an evaluation keeps, so that two can be tested against each other."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from millrace.core.context import Context
from millrace.stores.artifacts import Artifact
from millrace.stores.objects import Objects

Array = NDArray[Any]
Kind = Literal["right", "error"]
FIELD = "answers"
MOST = 2_000_000  # rows kept at most: 9 or 12 bytes each


@dataclass(frozen=True)
class Answered:
    """The rows judged, by `_id`, and of each whether it was right or how far off."""

    kind: Kind
    ids: Array
    values: Array


def keep(ctx: Context, ids: Array, values: Array, kind: Kind) -> str:
    """Store the answers; return their digest, empty where there are too many rows."""
    if len(ids) > MOST:
        return ""
    width = np.uint8 if kind == "right" else np.float32
    made = {"_id": np.asarray(ids, dtype=np.int64), kind: np.asarray(values).astype(width)}
    return ctx.use(Objects).put_bytes(save(made))


def read(ctx: Context, report: Artifact) -> Answered | None:
    """Return the answers of a stored evaluation, None where none were kept."""
    digest = str(report.meta.get(FIELD) or "")
    if not digest:
        return None
    found = load(ctx.use(Objects).get_bytes(digest))
    kind: Kind = "right" if "right" in found else "error"
    return Answered(kind, found["_id"], found[kind])


def shared(a: Answered, b: Answered) -> tuple[Array, Array]:
    """Return both sides' values on the rows that both answered, in one order."""
    _, first, second = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    return a.values[first], b.values[second]
