"""How each kind of feature fills the two matrices that learners read.

The tree matrix (float64) keeps missing numbers as NaN and categories as codes. The linear
matrix (float32) is standardised, one-hot and never missing. `row` does the same for one
value in plain Python, where numpy's call overhead would be most of the time.
"""

import datetime
import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from millrace.services.predictor import dates
from millrace.services.predictor.columns import Columns, plain
from millrace.services.predictor.manifest import Feature

Array = NDArray[Any]
CLIP = 4.0
LINEAR_LEVELS = 200
COUNTED_LEVELS = 30
# Unit text vectors carry about 1/sqrt(384) a direction; this factor makes one penalty serve
# them and standardised numbers alike (it turns the usual C = 30 for vectors into C = 1).
TEXT_SCALE = math.sqrt(30.0)


class Unusual(Exception):
    """The one-row path met a value that only the table path can judge."""


class Block(Protocol):
    """One feature's place in both matrices."""

    name: str
    tree_names: list[str]
    categorical: list[int]
    width: int

    def tree(self, columns: Columns, out: Array) -> None:
        """Fill this feature's columns of the tree matrix (n, len(tree_names))."""
        ...

    def linear(self, columns: Columns, out: Array) -> None:
        """Fill this feature's columns of the linear matrix (n, width), given as zeros."""
        ...

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Fill both for one value; `linear` is given as zeros."""
        ...


class Number:
    """A number: itself for trees; standardised, missing flag and quantile bins for linear."""

    def __init__(self, feature: Feature, arrays: dict[str, Array]) -> None:
        del arrays
        self.name = feature.name
        self.tree_names = [feature.name]
        self.categorical: list[int] = []
        self.feature = feature
        self.edges = np.asarray(feature.edges, dtype=np.float64)
        self.bins = len(self.edges) + 1 if len(self.edges) else 0
        self.width = 2 + self.bins

    def tree(self, columns: Columns, out: Array) -> None:
        """Copy the numbers."""
        out[:, 0] = columns.numbers[self.name]

    def linear(self, columns: Columns, out: Array) -> None:
        """Standardise, flag missing ones, mark the quantile bin."""
        found = self.feature
        values = columns.numbers[self.name]
        missing = np.isnan(values)
        filled = np.where(missing, found.median, values)
        shaped = np.sign(filled) * np.log1p(np.abs(filled)) if found.squash else filled
        out[:, 0] = np.clip((shaped - found.center) / found.scale, -CLIP, CLIP)
        out[:, 1] = missing
        if self.bins:
            seen = np.flatnonzero(~missing)
            place = np.searchsorted(self.edges, values[seen], side="right")
            out[seen, 2 + place] = 1.0

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Do the same for one number."""
        found = self.feature
        number = self._number(value)
        tree[0] = number
        missing = number != number
        filled = found.median if missing else number
        if found.squash:
            filled = math.copysign(math.log1p(abs(filled)), filled)
        linear[0] = max(-CLIP, min(CLIP, (filled - found.center) / found.scale))
        if missing:
            linear[1] = 1.0
        elif self.bins:
            linear[2 + int(self.edges.searchsorted(number, side="right"))] = 1.0

    def _number(self, value: Any) -> float:
        if value is None:
            return math.nan
        if isinstance(value, bool | np.bool_ | str | bytes):
            raise Unusual
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Unusual from None
        return number if math.isfinite(number) else math.nan


class Boolean:
    """True or false: 1 or 0."""

    def __init__(self, feature: Feature, arrays: dict[str, Array]) -> None:
        del arrays
        self.name = feature.name
        self.tree_names = [feature.name]
        self.categorical: list[int] = []
        self.width = 2
        self.feature = feature

    def tree(self, columns: Columns, out: Array) -> None:
        """Copy the values."""
        out[:, 0] = columns.numbers[self.name]

    def linear(self, columns: Columns, out: Array) -> None:
        """Standardise and flag missing ones."""
        values = columns.numbers[self.name]
        missing = np.isnan(values)
        filled = np.where(missing, self.feature.center, values)
        out[:, 0] = (filled - self.feature.center) / self.feature.scale
        out[:, 1] = missing

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Do the same for one value."""
        if value is None or value != value:
            tree[0], linear[1] = math.nan, 1.0
        elif value in (True, False) and not isinstance(value, str | bytes):
            tree[0] = float(value)
            linear[0] = (float(value) - self.feature.center) / self.feature.scale
        else:
            raise Unusual


class Category:
    """A category: a code (and how frequent it is) for trees, one-hot for linear."""

    def __init__(self, feature: Feature, arrays: dict[str, Array]) -> None:
        del arrays
        self.name = feature.name
        self.feature = feature
        self.other = feature.kept + 1
        self.counted = feature.kept > COUNTED_LEVELS
        self.tree_names = [feature.name] + [f"{feature.name}.frequency"] * self.counted
        self.categorical = [0]
        self.hot = min(feature.kept, LINEAR_LEVELS)
        self.width = self.hot + 2
        self.place = {level: at + 1 for at, level in enumerate(feature.levels[: feature.kept])}
        self.known = frozenset(feature.levels)
        self.frequency = np.zeros(self.other + 1)
        self.frequency[0] = math.log1p(feature.missing)
        self.frequency[1 : self.other] = np.log1p(feature.counts[: feature.kept])

    def tree(self, columns: Columns, out: Array) -> None:
        """Copy the codes."""
        codes = columns.codes[self.name]
        out[:, 0] = codes
        if self.counted:
            out[:, 1] = self.frequency[codes]

    def linear(self, columns: Columns, out: Array) -> None:
        """Set one column a row: missing, a level, or any other value."""
        codes = columns.codes[self.name]
        out[np.arange(len(codes)), np.minimum(codes, self.hot + 1)] = 1.0

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Do the same for one value; a value never seen is left to the table path."""
        code = self._code(value)
        tree[0] = code
        if self.counted:
            tree[1] = self.frequency[code]
        linear[min(code, self.hot + 1)] = 1.0

    def _code(self, value: Any) -> int:
        if value is None or value != value:
            return 0
        if isinstance(value, str):
            if self.feature.source != "text":
                raise Unusual
            text = value.strip()
        elif isinstance(value, bool | np.bool_):
            if self.feature.source != "boolean":
                raise Unusual
            text = "true" if value else "false"
        elif isinstance(value, int | float | np.integer | np.floating):
            if self.feature.source != "number" or not math.isfinite(value):
                raise Unusual
            text = plain(value)  # pyright: ignore[reportArgumentType] - numpy scalars behave
        else:
            raise Unusual
        if not text:
            return 0
        if text not in self.known:
            raise Unusual
        return self.place.get(text, self.other)


class Date:
    """A date: days and the parts that vary; circles of them for linear."""

    def __init__(self, feature: Feature, arrays: dict[str, Array]) -> None:
        del arrays
        self.name = feature.name
        self.feature = feature
        self.parts = feature.parts
        self.tree_names = [f"{self.name}.days", *(f"{self.name}.{part}" for part in self.parts)]
        self.categorical: list[int] = []
        self.round = [part for part in self.parts if part in dates.PERIODS]
        self.width = 2 + 2 * len(self.round)

    def tree(self, columns: Columns, out: Array) -> None:
        """Write days since 1970 and the parts."""
        seconds = columns.numbers[self.name]
        out[:, 0] = seconds / dates.DAY
        for at, name in enumerate(self.parts):
            out[:, 1 + at] = dates.part(seconds, name)

    def linear(self, columns: Columns, out: Array) -> None:
        """Standardise the days, flag missing ones, write sine and cosine of the parts."""
        found = self.feature
        seconds = columns.numbers[self.name]
        missing = np.isnan(seconds)
        filled = np.where(missing, found.median, seconds)
        out[:, 0] = np.clip((filled / dates.DAY - found.center) / found.scale, -CLIP, CLIP)
        out[:, 1] = missing
        for at, name in enumerate(self.round):
            angle = dates.part(filled, name) * (2 * math.pi / dates.PERIODS[name])
            out[:, 2 + 2 * at] = np.sin(angle)
            out[:, 3 + 2 * at] = np.cos(angle)

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Do the same for one date or ISO 8601 text."""
        one = Columns(1, numbers={self.name: np.array([_seconds(value)])})
        self.tree(one, tree[None, :])
        self.linear(one, linear[None, :])


def _seconds(value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str):
        text = value.strip()
        if text[4:5] != "-":
            raise Unusual
        try:
            value = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise Unusual from None
    if isinstance(value, datetime.datetime):
        zone = value.tzinfo or datetime.UTC
        return value.replace(tzinfo=zone).timestamp()
    if isinstance(value, datetime.date):
        return value.toordinal() * dates.DAY - _EPOCH
    raise Unusual


_EPOCH = datetime.date(1970, 1, 1).toordinal() * dates.DAY


class Text:
    """A text: principal directions and lengths for trees, the whole vector for linear."""

    def __init__(self, feature: Feature, arrays: dict[str, Array]) -> None:
        self.name = feature.name
        self.mean = arrays[f"{feature.name}.mean"]
        self.directions = arrays[f"{feature.name}.directions"]
        count = feature.components
        self.tree_names = [f"{self.name}.{at}" for at in range(count)]
        self.tree_names += [f"{self.name}.characters", f"{self.name}.words"]
        self.categorical: list[int] = []
        self.width = feature.dimension

    def tree(self, columns: Columns, out: Array) -> None:
        """Project the vectors and count characters and words."""
        vectors = columns.vectors[self.name]
        out[:, :-2] = (vectors - self.mean) @ self.directions
        texts = columns.texts[self.name]
        out[:, -2] = [len(text) for text in texts]
        out[:, -1] = [len(text.split()) for text in texts]

    def linear(self, columns: Columns, out: Array) -> None:
        """Scale the vectors."""
        np.multiply(columns.vectors[self.name], TEXT_SCALE, out=out, casting="same_kind")

    def row(self, value: Any, tree: Array, linear: Array) -> None:
        """Leave texts to the table path; encoding one costs more than the rest."""
        raise Unusual


_KINDS: dict[str, Any] = {
    "number": Number,
    "boolean": Boolean,
    "category": Category,
    "date": Date,
    "text": Text,
}


def build(features: Sequence[Feature], arrays: dict[str, Array]) -> list[Block]:
    """Return one block per feature, in order."""
    return [_KINDS[feature.type](feature, arrays) for feature in features]
