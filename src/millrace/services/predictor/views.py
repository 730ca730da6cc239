"""The matrices that learners read, made from plain columns."""

import functools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from millrace.services.predictor import blocks
from millrace.services.predictor.columns import Columns
from millrace.services.predictor.manifest import Feature

Array = NDArray[Any]
COMPONENTS = 32


class TextEncoder(Protocol):
    """What this service needs of a text encoder."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Return what its vectors depend on."""
        ...

    def encode(self, texts: Sequence[str]) -> Array:
        """Return one unit vector a text, float32 (n, dimension)."""
        ...


class Preprocessor:
    """Turns columns into the tree and the linear matrix; the same object trains and serves."""

    def __init__(self, features: Sequence[Feature], arrays: dict[str, Array]) -> None:
        self.features = list(features)
        self.arrays = arrays
        self.blocks = blocks.build(features, arrays)
        self.tree_names: list[str] = []
        self.tree_owner: list[int] = []
        self.linear_owner: list[int] = []
        self.categorical: list[int] = []
        for at, block in enumerate(self.blocks):
            self.categorical += [len(self.tree_names) + place for place in block.categorical]
            self.tree_names += block.tree_names
            self.tree_owner += [at] * len(block.tree_names)
            self.linear_owner += [at] * block.width

    @property
    def texts(self) -> list[str]:
        """Return the names of the text columns."""
        return [feature.name for feature in self.features if feature.type == "text"]

    def tree(self, columns: Columns) -> Array:
        """Return float64 (n, len(tree_names)); NaN is missing, categories are codes."""
        out = np.empty((columns.rows, len(self.tree_names)), dtype=np.float64)
        at = 0
        for block in self.blocks:
            size = len(block.tree_names)
            block.tree(columns, out[:, at : at + size])
            at += size
        return out

    def linear(self, columns: Columns) -> Array:
        """Return float32 (n, len(linear_owner)), standardised and one-hot."""
        out = np.zeros((columns.rows, len(self.linear_owner)), dtype=np.float32)
        at = 0
        for block in self.blocks:
            block.linear(columns, out[:, at : at + block.width])
            at += block.width
        return out


class Views:
    """Both matrices of one batch of rows, each made when first asked for."""

    def __init__(self, preprocessor: Preprocessor, columns: Columns) -> None:
        self.preprocessor = preprocessor
        self.columns = columns
        self.rows = columns.rows

    @functools.cached_property
    def tree(self) -> Array:
        """Return the tree matrix."""
        return self.preprocessor.tree(self.columns)

    @functools.cached_property
    def linear(self) -> Array:
        """Return the linear matrix."""
        return self.preprocessor.linear(self.columns)

    @functools.cached_property
    def text(self) -> Array:
        """Return the text vectors side by side, of unit length, float32."""
        found = [self.columns.vectors[name] for name in self.preprocessor.texts]
        joined = np.concatenate(found, axis=1)
        return np.divide(joined, np.sqrt(np.float32(len(found))), dtype=np.float32)

    def take(self, index: Array) -> "Views":
        """Return some of the rows; their matrices are cut from these."""
        return _Part(self, index)


class _Part(Views):
    def __init__(self, whole: Views, index: Array) -> None:
        super().__init__(whole.preprocessor, Columns(len(index)))
        self._whole = whole
        self._index = index

    @functools.cached_property
    def tree(self) -> Array:
        return self._whole.tree[self._index]

    @functools.cached_property
    def linear(self) -> Array:
        return self._whole.linear[self._index]

    @functools.cached_property
    def text(self) -> Array:
        return self._whole.text[self._index]


def embed(columns: Columns, texts: Sequence[str], encoder: TextEncoder | None) -> None:
    """Fill in the vectors of the text columns."""
    for name in texts:
        if encoder is None:
            raise TypeError("a model with text columns was loaded without an encoder")
        columns.vectors[name] = np.asarray(encoder.encode(columns.texts[name]), dtype=np.float32)


def fit_texts(features: Sequence[Feature], columns: Columns) -> dict[str, Array]:
    """Measure the principal directions of the text vectors; completes those features.

    Cost: O(n d^2) with d the length of a vector.
    """
    arrays: dict[str, Array] = {}
    for feature in features:
        if feature.type != "text":
            continue
        vectors = columns.vectors[feature.name]
        mean = vectors.mean(axis=0)
        centered = vectors - mean
        with threadpool_limits(1, "blas"):
            _, axes = np.linalg.eigh((centered.T @ centered).astype(np.float64))
        count = min(COMPONENTS, vectors.shape[1])
        chosen = axes[:, ::-1][:, :count]
        signs = np.where(chosen[np.abs(chosen).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
        feature.dimension, feature.components = vectors.shape[1], count
        arrays[f"{feature.name}.mean"] = mean.astype(np.float32)
        arrays[f"{feature.name}.directions"] = (chosen * signs).astype(np.float32)
    return arrays
