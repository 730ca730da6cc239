"""Opens the reader that fits where MLflow's data lies."""

from typing import Self

from sqlalchemy import Engine

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.runs.store.api import ApiReader
from millrace.runs.store.database import DatabaseReader, Memory, empty_engine, open_engine
from millrace.runs.store.reading import Reader
from millrace.stores.tracking import Tracking

DATABASES = ("sqlite:///", "postgresql")


class Runs:
    """The runs of a workspace; the engine is opened once."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self._engine: Engine | None = None
        self._memory: dict[str, Memory] = {}

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's tracking; nothing is read yet."""
        return cls(workspace.use(Tracking))

    def close(self) -> None:
        """Let go of the connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def reader(self, ctx: Context) -> Reader:
        """Return what reads the runs of this project.

        Errors: unavailable, the tracking store does not answer.
        """
        uri = self._tracking.uri
        if not uri.startswith(DATABASES):
            return ApiReader(self._tracking, ctx.project)
        if self._engine is None:
            self._engine = open_engine(uri)
        if self._engine is None:
            return DatabaseReader(empty_engine(), ctx.project, Memory())
        memory = self._memory.setdefault(ctx.project, Memory())
        return DatabaseReader(self._engine, ctx.project, memory)
