"""Models on vectors: linear ones, and nearest neighbours; both as safetensors."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.services.predictor.members.files import damaged, load_arrays, save_arrays
from millrace.services.predictor.members.trees import two_columns
from millrace.services.predictor.views import Views

Array = NDArray[Any]
BLOCK = 1024


class Linear:
    """Logistic or ridge regression on the linear matrix."""

    kind = "linear"

    def __init__(self, weights: Array, bias: Array, outputs: int) -> None:
        self.weights = weights
        self.bias = bias
        self.outputs = outputs

    def predict(self, views: Views) -> Array:
        """Return probabilities or values."""
        return self.answer(views.linear)

    def answer(self, matrix: Array) -> Array:
        """Return probabilities or values for rows of the linear matrix."""
        raw = (matrix @ self.weights + self.bias).astype(np.float64)
        if not self.outputs:
            return raw[:, 0]
        if self.outputs == 2:
            return two_columns(1.0 / (1.0 + np.exp(-np.clip(raw[:, 0], -500, 500))))
        raw -= raw.max(axis=1, keepdims=True)
        np.exp(raw, out=raw)
        return raw / raw.sum(axis=1, keepdims=True)

    def save(self, folder: Path, stem: str) -> None:
        """Write safetensors."""
        save_arrays(folder / f"{stem}.safetensors", {"weights": self.weights, "bias": self.bias})

    @classmethod
    def load(cls, folder: Path, stem: str, outputs: int) -> "Linear":
        """Read safetensors."""
        path = folder / f"{stem}.safetensors"
        arrays = load_arrays(path)
        if arrays.keys() != {"weights", "bias"}:
            raise damaged(path)
        return cls(arrays["weights"], arrays["bias"], outputs)

    def contributions(self, views: Views) -> Array:
        """Return weight times value; zero is the value of reference."""
        matrix = views.linear
        terms = matrix[:, None, :] * self.weights.T[None, :, :]
        base = np.broadcast_to(self.bias[None, :, None], (*terms.shape[:2], 1))
        return np.concatenate([terms, base], axis=2).astype(np.float64)


class Neighbours:
    """The nearest training texts vote, nearer ones more; on text vectors alone."""

    kind = "neighbours"

    def __init__(
        self, vectors: Array, targets: Array, count: int, temperature: float, outputs: int
    ) -> None:
        self.vectors = vectors
        self.targets = targets
        self.count = count
        self.temperature = temperature
        self.outputs = outputs
        self._wide = vectors.astype(np.float32)

    def predict(self, views: Views) -> Array:
        """Return weighted votes or the weighted mean of the neighbours' values."""
        return self.answer(views.text)

    def answer(self, vectors: Array) -> Array:
        """Do so for unit vectors (n, d)."""
        shape = (len(vectors), self.outputs) if self.outputs else (len(vectors),)
        out = np.zeros(shape)
        for start in range(0, len(vectors), BLOCK):
            near, place = self.nearest(vectors[start : start + BLOCK])
            out[start : start + BLOCK] = self.vote(near, place, self.temperature)
        return out

    def nearest(self, vectors: Array) -> tuple[Array, Array]:
        """Return similarities (n, count) and row numbers of the neighbours."""
        near = vectors @ self._wide.T
        count = min(self.count, near.shape[1])
        place = np.argpartition(-near, count - 1, axis=1)[:, :count]
        return np.take_along_axis(near, place, axis=1), place

    def vote(self, near: Array, place: Array, temperature: float) -> Array:
        """Return the answer for similarities and row numbers of neighbours."""
        weight = np.exp((near - near.max(axis=1, keepdims=True)) / temperature, dtype=np.float64)
        weight /= weight.sum(axis=1, keepdims=True)
        targets = self.targets[place]
        if not self.outputs:
            return (weight * targets).sum(axis=1)
        out = np.zeros((len(near), self.outputs))
        np.add.at(out, (np.arange(len(near))[:, None], targets), weight)
        return out

    def save(self, folder: Path, stem: str) -> None:
        """Write safetensors."""
        settings = np.array([float(self.count), self.temperature])
        arrays = {"vectors": self.vectors, "targets": self.targets, "settings": settings}
        save_arrays(folder / f"{stem}.safetensors", arrays)

    @classmethod
    def load(cls, folder: Path, stem: str, outputs: int) -> "Neighbours":
        """Read safetensors."""
        path = folder / f"{stem}.safetensors"
        arrays = load_arrays(path)
        if arrays.keys() != {"vectors", "targets", "settings"}:
            raise damaged(path)
        count, temperature = arrays["settings"].tolist()
        return cls(arrays["vectors"], arrays["targets"], int(count), temperature, outputs)

    def contributions(self, views: Views) -> None:
        """Return None: votes have no exact attribution."""
        del views
