"""Loaded models of a workspace, each read once."""

import threading
from collections import OrderedDict
from typing import Self

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.services.encoder import Encoders
from millrace.services.predictor.manifest import Choice
from millrace.services.predictor.predictor import Predictor
from millrace.stores.models import Models

HELD = 8


class Predictors:
    """Gives out predictors by reference: `ctx.use(Predictors).get(ctx, "model:intent@3")`."""

    def __init__(self, models: Models, encoders: Encoders) -> None:
        self._models = models
        self._encoders = encoders
        self._held: OrderedDict[tuple[str, str, Choice | None], Predictor] = OrderedDict()
        self._pinned: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.RLock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's models and encoders."""
        return cls(workspace.use(Models), workspace.use(Encoders))

    def close(self) -> None:
        """Let go of every model."""
        with self._lock:
            self._held.clear()
            self._pinned.clear()

    def get(self, ctx: Context, ref: str, choice: Choice | None = None) -> Predictor:
        """Return the predictor of a model version; the eight used last stay loaded.

        An alias is resolved once per job, so that all batches of a job meet one version.
        Errors: not_found, no such model; else as `Predictor.load`.
        """
        with self._lock:
            exact = self._pin(ctx, ref)
            key = (ctx.project, exact, choice)
            if key not in self._held:
                folder = self._models.load_folder(exact, ctx.project)
                self._held[key] = Predictor.load(folder, self._encoders, choice)
                while len(self._held) > HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
            return self._held[key]

    def _pin(self, ctx: Context, ref: str) -> str:
        if ctx.job is None:
            return self._models.get(ref, ctx.project).ref
        key = (ctx.job, ref)
        if key not in self._pinned:
            self._pinned[key] = self._models.get(ref, ctx.project).ref
            while len(self._pinned) > 8 * HELD:
                self._pinned.popitem(last=False)
        return self._pinned[key]
