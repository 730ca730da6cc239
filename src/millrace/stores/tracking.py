"""MLflow as a library: training jobs are runs, model versions are registered versions.

The store is an own SQLite file (or an own schema or URI): MLflow's tables clash with ours.
Its server is never started. A plain `mlflow` client pointed at `uri` reads everything.
"""

import logging
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from millrace.core.context import Context
from millrace.core.errors import Unavailable
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient

JOB_TAG = "millrace.job"
REF_TAG = "millrace.ref"
TRAINING = "training"


class Tracking:
    """Runs, metrics and the registry, written in batches."""

    def __init__(self, uri: str, home: Path) -> None:
        self.uri = uri
        self.home = home
        self._client: MlflowClient | None = None
        self._runs: dict[str, str] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Point at the workspace's MLflow store; nothing is imported or made yet."""
        uri = workspace.settings.mlflow or f"sqlite:///{workspace.root / 'mlflow.db'}"
        return cls(uri, workspace.root)

    def close(self) -> None:
        """Forget the client."""
        self._client = None

    @property
    def client(self) -> "MlflowClient":
        """Return the MLflow client, made on first use (imports mlflow, 1.4 CPU-s)."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def run(self, ctx: Context, name: str = "") -> str:
        """Return the MLflow run of this job, begun on first use.

        Errors: unavailable, the tracking store does not answer.
        """
        job = ctx.job or "direct"
        with self._lock:
            if job not in self._runs:
                self._runs[job] = self._find(job, ctx.project) or self._begin(ctx, job, name)
            return self._runs[job]

    def log(
        self,
        ctx: Context,
        metrics: dict[str, float] | None = None,
        params: dict[str, Any] | None = None,
        step: int = 0,
    ) -> None:
        """Add metrics and parameters to this job's run in one batch."""
        from mlflow.entities import Metric, Param

        run, at = self.run(ctx), int(time.time() * 1000)
        numbers = {k: float(v) for k, v in (metrics or {}).items() if v == v}
        self._ask(
            "log_batch",
            run,
            metrics=[Metric(key, value, at, step) for key, value in numbers.items()],
            params=[Param(key, str(value)[:6000]) for key, value in (params or {}).items()],
        )

    def finish(self, ctx: Context, status: str = "FINISHED") -> None:
        """End this job's run: FINISHED, FAILED or KILLED; a job without a run is left alone."""
        job = ctx.job or "direct"
        with self._lock:
            run = self._runs.pop(job, None) or self._find(job, ctx.project)
        if run is not None:
            self._ask("set_terminated", run, status)

    def register(self, ctx: Context, versions: list[Artifact], folders: dict[int, Path]) -> None:
        """Make MLflow hold every one of these versions of one model, oldest first.

        What an earlier crash left out is added now, so that both sides list the same.
        """
        if not versions:
            return
        from mlflow.exceptions import MlflowException

        name = versions[0].name
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise _translated(error) from error
        found = self._ask("search_model_versions", f"name='{name}'")
        known = {version.tags.get(REF_TAG) for version in found}
        for made in sorted(versions, key=lambda artifact: artifact.version):
            if made.ref not in known:
                self._ask(
                    "create_model_version",
                    name,
                    source=folders.get(made.version, self.home).as_uri(),
                    run_id=self.run(ctx, name) if made.job == ctx.job else None,
                    tags={REF_TAG: made.ref},
                )

    def alias(self, name: str, alias: str, ref: str) -> None:
        """Mirror an alias; the SQL row is the truth."""
        for version in self._ask("search_model_versions", f"name='{name}'"):
            if version.tags.get(REF_TAG) == ref:
                self._ask("set_registered_model_alias", name, alias, version.version)

    def _find(self, job: str, project: str) -> str | None:
        experiment = self._ask("get_experiment_by_name", project)
        if experiment is None or job == "direct":
            return None
        found = self._ask(
            "search_runs", [experiment.experiment_id], f"tags.`{JOB_TAG}` = '{job}'", max_results=1
        )
        return str(found[0].info.run_id) if found else None

    def _begin(self, ctx: Context, job: str, name: str) -> str:
        experiment = self._ask("get_experiment_by_name", ctx.project)
        number = (
            experiment.experiment_id
            if experiment is not None
            else self._ask("create_experiment", ctx.project)
        )
        tags = {JOB_TAG: job, "mlflow.user": ctx.actor.name}
        return str(self._ask("create_run", number, tags=tags, run_name=name or job).info.run_id)

    def _ask(self, method: str, *args: Any, **named: Any) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return getattr(self.client, method)(*args, **named)
        except MlflowException as error:
            raise _translated(error) from error

    def _connect(self) -> "MlflowClient":
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of its tables
        from mlflow import MlflowClient
        from mlflow.version import VERSION

        path = Path(self.uri.removeprefix("sqlite:///"))
        if self.uri.startswith("sqlite:///") and not path.exists():
            _from_template(path, VERSION)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


def _from_template(path: Path, version: str) -> None:
    """Start from a ready-made empty store: MLflow's own set-up takes 3.5 CPU-s."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "millrace"
    template = cache / f"mlflow-{version}.db"
    if not template.exists():
        from mlflow import MlflowClient

        cache.mkdir(parents=True, exist_ok=True)
        draft = cache / f".mlflow-{os.getpid()}.db"
        MlflowClient(tracking_uri=f"sqlite:///{draft}").get_experiment_by_name("default")
        connection = sqlite3.connect(draft)
        connection.execute("pragma wal_checkpoint(truncate)")
        # An experiment's artifact folder is fixed at its start: the copy must have its own.
        connection.execute("delete from experiments")
        connection.commit()
        connection.close()
        os.replace(draft, template)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)


def _translated(error: Exception) -> Unavailable:
    said = str(error).split("\n", 1)[0][:300]
    return Unavailable(f"MLflow did not take the request: {said}.", "Check 'millrace config'.")
