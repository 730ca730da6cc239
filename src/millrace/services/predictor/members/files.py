"""Arrays in files, and the error for files that do not read."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from millrace.core.errors import InvalidInput

Array = NDArray[Any]


def damaged(path: Path) -> InvalidInput:
    """Return the error for a model file that does not read."""
    return InvalidInput(
        f"The model file '{path.name}' is missing or damaged.", "Export the model again."
    )


def save_arrays(path: Path, arrays: dict[str, Array]) -> None:
    """Write arrays as safetensors."""
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, str(path))


def load_arrays(path: Path) -> dict[str, Array]:
    """Read arrays from safetensors.

    Errors: invalid_input, the file is missing or damaged.
    """
    try:
        return dict(load_file(str(path)))
    except (SafetensorError, OSError) as error:
        raise damaged(path) from error
