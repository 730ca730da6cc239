"""Model versions: files, artifact and MLflow record under one name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.objects import Objects
from millrace.stores.tracking import Tracking


class Models:
    """Immutable model versions with movable aliases."""

    def __init__(self, artifacts: Artifacts, objects: Objects, tracking: Tracking) -> None:
        self.artifacts = artifacts
        self.objects = objects
        self.tracking = tracking

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the stores of the workspace."""
        return cls(workspace.use(Artifacts), workspace.use(Objects), workspace.use(Tracking))

    def close(self) -> None:
        """Nothing of its own to release."""

    def save(
        self,
        ctx: Context,
        name: str,
        folder: Path,
        meta: dict[str, Any],
        parents: Sequence[str] = (),
    ) -> str:
        """Store a model folder as the next version of `name`; return `model:name@v`.

        `meta` should hold task, target, features, params and metrics ({name: number}). The
        SQL row is the truth; MLflow is told afterwards and, should we die in between,
        catches up at the next save of the same name.
        """
        digest = self.objects.put_folder(folder)
        made = self.artifacts.add(ctx, "model", name, {**meta, "objects": digest}, parents=parents)
        versions = self.artifacts.versions("model", name, ctx.project)
        folders = {version.version: self.folder(version) for version in versions}
        self.tracking.log(ctx, metrics=meta.get("metrics"), params=meta.get("params"))
        self.tracking.register(ctx, versions, folders)
        return made.ref

    def get(self, ref: str, project: str = "default") -> Artifact:
        """Return one version by number, alias or the latest.

        Errors: not_found, no such model, version or alias.
        """
        return self.artifacts.get(ref, "model", project)

    def load_folder(self, ref: str, project: str = "default") -> Path:
        """Return a read-only local copy of a model's files."""
        return self.folder(self.get(ref, project))

    def folder(self, model: Artifact) -> Path:
        """Return a read-only local copy of a version's files."""
        return self.objects.folder(str(model.meta["objects"]))
