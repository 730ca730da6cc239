"""How the tests of this folder run an op."""

from collections.abc import Callable
from typing import Any

import pytest

from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.jobs import Jobs

Call = Callable[..., Any]


@pytest.fixture
def call(workspace: Workspace) -> Call:
    """Run an op to its end in the test's workspace, as its owner or as somebody else."""

    def run(op: str, actor: Actor | None = None, **params: Any) -> Any:
        return workspace.use(Jobs).call(op, params, actor or Actor())

    return run
