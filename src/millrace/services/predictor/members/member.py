"""What every trained learner can do, and reading one back."""

from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from millrace.core.errors import InvalidInput
from millrace.services.predictor.members.trees import CatBoost, LightGBM
from millrace.services.predictor.members.vectors import Linear, Neighbours
from millrace.services.predictor.views import Views

Array = NDArray[Any]


class Member(Protocol):
    """One trained learner."""

    kind: str

    def predict(self, views: Views) -> Array:
        """Return values (n,) for regression, probabilities (n, k) for classification."""
        ...

    def save(self, folder: Path, stem: str) -> None:
        """Write the files of this member."""
        ...

    def contributions(self, views: Views) -> Array | None:
        """Return what each matrix column adds to the raw score, base last (n, k', d + 1).

        k' is 1 for regression and two classes, else k; None where no exact answer exists.
        """
        ...


_LOADERS: dict[str, Any] = {kind.kind: kind for kind in (LightGBM, CatBoost, Linear, Neighbours)}


def load(kind: str, folder: Path, stem: str, outputs: int) -> Member:
    """Read one member; the kinds are a fixed list, so a manifest cannot name other code.

    Errors: invalid_input, another kind, or a damaged file; missing_extra, CatBoost is absent.
    """
    if kind not in _LOADERS:
        raise InvalidInput(
            f"The model names a member of kind '{kind[:40]}'.",
            f"This Millrace reads {', '.join(sorted(_LOADERS))}.",
        )
    return _LOADERS[kind].load(folder, stem, outputs)
