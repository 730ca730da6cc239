"""Writing a model folder."""

import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path

from millrace.services.predictor.manifest import ARRAYS, FILE, Manifest
from millrace.services.predictor.members.files import save_arrays
from millrace.services.predictor.members.member import Member
from millrace.services.predictor.views import Preprocessor

LIBRARIES = ("millrace", "numpy", "lightgbm", "catboost", "scikit-learn", "pyarrow")


def write(
    folder: Path, manifest: Manifest, preprocessor: Preprocessor, parts: Mapping[str, Member]
) -> None:
    """Write the manifest, the preprocessing and every member into an existing folder."""
    for name, member in parts.items():
        member.save(folder, name)
    if preprocessor.arrays:
        save_arrays(folder / ARRAYS, preprocessor.arrays)
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest alone."""
    text = manifest.model_dump_json(indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries a model depends on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
