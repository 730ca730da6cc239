"""A few rows through every member, without the cost of tables."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.services.predictor.blocks import Block, Unusual
from millrace.services.predictor.columns import Columns
from millrace.services.predictor.members.member import Member
from millrace.services.predictor.members.single import SingleRow
from millrace.services.predictor.members.trees import LightGBM
from millrace.services.predictor.members.vectors import Linear
from millrace.services.predictor.views import Preprocessor, Views

Array = NDArray[Any]


@dataclass
class _Buffers:
    """One thread's own row of both matrices, and each block's place in them."""

    tree: Array
    linear: Array
    slots: list[tuple[Block, Array, Array]]


class _Row(Views):
    """Both matrices of one row, ready made."""

    def __init__(self, preprocessor: Preprocessor, tree: Array, linear: Array) -> None:
        super().__init__(preprocessor, Columns(1))
        self.__dict__["tree"] = tree[None, :]
        self.__dict__["linear"] = linear[None, :]


class FewRows:
    """Answers up to a dozen rows one by one; `fits` says whether this model can."""

    def __init__(
        self,
        preprocessor: Preprocessor,
        parts: Mapping[str, Member],
        weights: Mapping[str, float],
        outputs: int,
    ) -> None:
        self.fits = not preprocessor.texts
        self._preprocessor = preprocessor
        self._outputs = outputs
        self._local = threading.local()
        self._steps: list[tuple[float, Member, SingleRow | None]] = []
        width = len(preprocessor.tree_names)
        for name, weight in weights.items() if self.fits else ():
            part = parts[name]
            single = (
                SingleRow(part.booster.model_to_string(), width, outputs)
                if isinstance(part, LightGBM)
                else None
            )
            self._steps.append((weight, part, single))

    def answer(self, given: Sequence[Any], rows: int) -> Array | None:
        """Return values (n,) or probabilities (n, k) of rows given column by column.

        None when a value is unusual: then the table path must judge it.
        """
        own = self._buffers()
        total = np.zeros((rows, self._outputs) if self._outputs else (rows,))
        plain = [value.tolist() if isinstance(value, np.ndarray) else value for value in given]
        try:
            for at in range(rows):
                own.linear[:] = 0.0
                for (block, tree, linear), values in zip(own.slots, plain, strict=True):
                    block.row(values[at], tree, linear)
                self._one(own, total[at : at + 1])
        except Unusual:
            return None
        return total

    def _one(self, own: _Buffers, out: Array) -> None:
        for weight, part, single in self._steps:
            if single is None:
                if isinstance(part, Linear):
                    out += weight * part.answer(own.linear[None, :])
                else:
                    row = _Row(self._preprocessor, own.tree, own.linear)
                    out += weight * part.predict(row)
                continue
            raw = single.predict(own.tree)
            if self._outputs == 2:
                out[0, 1] += weight * raw[0]
                out[0, 0] += weight * (1.0 - raw[0])
            else:
                out[0] += weight * (raw if self._outputs else raw[0])

    def _buffers(self) -> _Buffers:
        found = getattr(self._local, "buffers", None)
        if found is not None:
            return found
        made = self._preprocessor
        tree = np.zeros(len(made.tree_names))
        linear = np.zeros(len(made.linear_owner), dtype=np.float32)
        slots: list[tuple[Block, Array, Array]] = []
        at = place = 0
        for block in made.blocks:
            size = len(block.tree_names)
            slots.append((block, tree[at : at + size], linear[place : place + block.width]))
            at, place = at + size, place + block.width
        self._local.buffers = _Buffers(tree, linear, slots)
        return self._local.buffers
