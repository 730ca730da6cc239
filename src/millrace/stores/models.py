"""Model versions: files, artifact and MLflow record under one name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, select

from millrace.core.context import Context
from millrace.core.ids import Ref
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.fence import fence
from millrace.stores.objects import Objects
from millrace.stores.tracking import MODEL_TAG, Tracking


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

        `meta` should hold task, target, features, params and metrics ({name: number}). A job
        saves one version of a name: repeated, it finds the one it made. The SQL row is the
        truth; MLflow is told afterwards and, should we die in between, catches up when the
        job is repeated or at the next save of the same name.
        Errors: conflict or cancelled, this life of the job may no longer write.
        """
        digest = self.objects.put_folder(folder)
        made = self._enter(ctx, name, {**meta, "objects": digest}, parents)
        known, run = made.meta, self.tracking.run(ctx, name)
        self.tracking.log(ctx, metrics=known.get("metrics"), params=known.get("params"))
        self.tracking.write(run, tags={MODEL_TAG: made.ref})
        for parent in parents:
            if parent.startswith("dataset:"):
                self.tracking.reads(run, parent)
        self.mirror(ctx, name)
        if not self.tracking.is_training(ctx):
            self.tracking.finish(ctx)
        return made.ref

    def mirror(self, ctx: Context, name: str) -> None:
        """Enter in MLflow what it lacks of a model's versions.

        Errors: not_found, no such model; unavailable, MLflow does not answer.
        """
        versions = self.artifacts.versions("model", name, ctx.project)
        stored = [version for version in versions if "objects" in version.meta]
        self.tracking.register(ctx, stored, self.folder)

    def made(self, ctx: Context, name: str) -> Artifact | None:
        """Return the version of `name` that an earlier life of this job saved, if any."""
        with self.artifacts.database.read() as connection:
            return self._made(connection, ctx, name)

    def _enter(
        self, ctx: Context, name: str, meta: dict[str, Any], parents: Sequence[str]
    ) -> Artifact:
        with self.artifacts.database.begin() as connection:
            fence(connection, ctx)
            found = self._made(connection, ctx, name)
            if found is not None:
                return found
            return self.artifacts.insert(connection, ctx, "model", name, meta, parents=parents)

    def _made(self, connection: Connection, ctx: Context, name: str) -> Artifact | None:
        if ctx.job is None:
            return None
        table = tables.artifact
        version = connection.execute(
            select(table.c.version).where(
                table.c.project == ctx.project,
                table.c.kind == "model",
                table.c.name == name,
                table.c.job == ctx.job,
                table.c.deleted_at.is_(None),
            )
        ).scalar()
        if version is None:
            return None
        return self.artifacts.find(connection, Ref("model", name, version), ctx.project)

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
