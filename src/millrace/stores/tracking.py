"""MLflow as a library: training jobs are runs, model versions are registered versions.

The store is an own SQLite file (or an own schema or URI): MLflow's tables clash with ours.
Its server is never started. A plain `mlflow` client pointed at `uri` reads everything.
"""

import logging
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, MillraceError, NotFound, Unavailable
from millrace.core.ids import digest
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.artifacts import Artifact
from millrace.stores.sql import Database, said

if TYPE_CHECKING:
    from mlflow import MlflowClient

JOB_TAG = "millrace.job"
REF_TAG = "millrace.ref"
OP_TAG = "millrace.op"
DATASET_TAG = "millrace.dataset"
MODEL_TAG = "millrace.model"
TRAINING = "training"
MOST_METRICS = 1000  # MLflow takes no more in one batch
MOST_PARAMS = 100
LONGEST_PARAM = 6000
SCHEMA = re.compile(r"-c\s*search_path=\"?(\w+)")
Point = tuple[str, float, int, int]  # name, value, step, time [ms]


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
                found = self._find(job, ctx.project)
                if found is not None:  # of an earlier life of the job
                    self.ask("update_run", found, status="RUNNING")
                self._runs[job] = found or self._begin(ctx, job, name)
            return self._runs[job]

    def log(
        self,
        ctx: Context,
        metrics: dict[str, float] | None = None,
        params: dict[str, Any] | None = None,
        step: int = 0,
    ) -> None:
        """Add metrics and parameters to this job's run."""
        at = int(time.time() * 1000)
        numbers = {k: float(v) for k, v in (metrics or {}).items() if v == v}
        points = [(name, value, step, at) for name, value in numbers.items()]
        self.write(self.run(ctx), points, params or {})

    def write(
        self,
        run: str,
        points: Iterable[Point] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add to a run in as few batches as MLflow allows.

        Errors: not_found, no such run; conflict, it is deleted; invalid_input, a name that
        cannot be, or a param that has another value already.
        """
        from mlflow.entities import Metric, Param, RunTag

        numbers = [Metric(name, value, at, step) for name, value, step, at in points]
        texts = [Param(key, str(value)[:LONGEST_PARAM]) for key, value in (params or {}).items()]
        marks = [RunTag(key, value) for key, value in (tags or {}).items()]
        while numbers or texts or marks:
            self.ask(
                "log_batch",
                run,
                metrics=numbers[: MOST_METRICS - 2 * MOST_PARAMS],
                params=texts[:MOST_PARAMS],
                tags=marks[:MOST_PARAMS],
            )
            numbers = numbers[MOST_METRICS - 2 * MOST_PARAMS :]
            texts, marks = texts[MOST_PARAMS:], marks[MOST_PARAMS:]

    def reads(self, run: str, dataset: str) -> None:
        """Enter a dataset version as an input of a run; again is no second entry."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        name = dataset.partition(":")[2].partition("@")[0]
        made = Dataset(name, digest(dataset), "millrace", dataset)
        context = [InputTag("mlflow.data.context", "training")]
        self.ask("log_inputs", run, datasets=[DatasetInput(made, context)])
        self.write(run, tags={DATASET_TAG: dataset})

    def finish(self, ctx: Context, status: str = "FINISHED") -> None:
        """End this job's run: FINISHED, FAILED or KILLED; a job without a run is left alone."""
        job = ctx.job or "direct"
        with self._lock:
            run = self._runs.pop(job, None) or self._find(job, ctx.project)
        if run is not None:
            self.ask("set_terminated", run, status)

    def is_training(self, ctx: Context) -> bool:
        """Say whether this job's run ends with the job, as that of every training does."""
        return self._job(ctx)[1] == TRAINING

    def register(
        self, ctx: Context, versions: list[Artifact], folder: Callable[[Artifact], Path]
    ) -> None:
        """Make MLflow hold every one of these versions of one model, oldest first.

        What an earlier crash left out is added now, so that both sides list the same.
        """
        if not versions:
            return
        from mlflow.exceptions import MlflowException

        name = registered(versions[0].name, versions[0].project)
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise _translated(error) from error
        known = self._versions(name)
        for made in sorted(versions, key=lambda artifact: artifact.version):
            if made.ref not in known:
                self.ask(
                    "create_model_version",
                    name,
                    source=folder(made).as_uri(),
                    run_id=self.run(ctx, made.name) if made.job == ctx.job else None,
                    tags={REF_TAG: made.ref},
                )

    def alias(self, name: str, alias: str, ref: str, project: str = "default") -> None:
        """Mirror an alias; the SQL row is the truth.

        Errors: not_found, MLflow does not hold this version.
        """
        name = registered(name, project)
        version = self._versions(name).get(ref)
        if version is None:
            raise NotFound(
                f"MLflow does not hold '{ref}'.",
                "It is entered when the next version of its name is saved.",
                ref=ref,
            )
        self.ask("set_registered_model_alias", name, alias, version)

    def unalias(self, name: str, alias: str, project: str = "default") -> None:
        """Take an alias away in MLflow too; one that is not there stays away."""
        try:
            self.ask("delete_registered_model_alias", registered(name, project), alias)
        except NotFound:
            return

    def _versions(self, name: str) -> dict[str, str]:
        """Return MLflow's number of each version of ours."""
        found = self.ask("search_model_versions", f"name='{name}'")
        return {v.tags[REF_TAG]: str(v.version) for v in found if REF_TAG in v.tags}

    def _find(self, job: str, project: str) -> str | None:
        experiment = self.ask("get_experiment_by_name", project)
        if experiment is None or job == "direct":
            return None
        found = self.ask(
            "search_runs", [experiment.experiment_id], f"tags.`{JOB_TAG}` = '{job}'", max_results=1
        )
        return str(found[0].info.run_id) if found else None

    def _begin(self, ctx: Context, job: str, name: str) -> str:
        op, _ = self._job(ctx)
        tags = {JOB_TAG: job, "mlflow.user": ctx.actor.name, **({OP_TAG: op} if op else {})}
        return self.begin(ctx.project, name or job, tags)

    def begin(self, experiment: str, name: str, tags: dict[str, str]) -> str:
        """Begin a run in an experiment, made on first use; return the run's id."""
        found = self.ask("get_experiment_by_name", experiment)
        if found is not None:
            number = found.experiment_id
        else:
            try:
                number = self.ask("create_experiment", experiment)
            except Conflict:  # another process was faster
                number = self.ask("get_experiment_by_name", experiment).experiment_id
        return str(self.ask("create_run", number, tags=tags, run_name=name).info.run_id)

    def _job(self, ctx: Context) -> tuple[str, str]:
        """Return the op of this job and its queue."""
        if ctx.job is None:
            return "", ""
        query = select(tables.job.c.op, tables.job.c.queue).where(tables.job.c.id == ctx.job)
        with ctx.use(Database).read() as connection:
            row = connection.execute(query).first()
        return (str(row.op), str(row.queue)) if row else ("", "")

    def ask(self, method: str, *args: Any, **named: Any) -> Any:
        """Call a method of the MLflow client; its errors become ours."""
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
        if self.uri.startswith("postgresql"):
            _make_schema(self.uri)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


def _make_schema(uri: str) -> None:
    """Make the Postgres schema that MLflow's tables lie in, if there is none yet.

    Errors: unavailable, the database does not answer or forbids it.
    """
    import sqlalchemy as sa

    found = SCHEMA.search(str(sa.make_url(uri).query.get("options", "")))
    if found is None:
        return
    engine = sa.create_engine(uri)
    try:
        with engine.begin() as connection:
            if not sa.inspect(connection).has_schema(found[1]):
                connection.execute(sa.schema.CreateSchema(found[1], if_not_exists=True))
    except SQLAlchemyError as error:
        raise Unavailable(
            f"The schema '{found[1]}' for MLflow cannot be made: {said(error)}.",
            "Correct the setting 'mlflow', or make the schema yourself.",
        ) from error
    finally:
        engine.dispose()


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


def shown(uri: str) -> str:
    """Return a URI as people may see it, without a password."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", uri)


def registered(name: str, project: str) -> str:
    """Return the name of a model in MLflow's registry, which knows no projects."""
    return name if project == "default" else f"{project}~{name}"


KINDS: dict[str, type[MillraceError]] = {
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "RESOURCE_ALREADY_EXISTS": Conflict,
    "INVALID_STATE": Conflict,
    "INVALID_PARAMETER_VALUE": InvalidInput,
    "BAD_REQUEST": InvalidInput,
}


def _translated(error: Exception) -> MillraceError:
    said = " ".join(str(error).split())[:300].rstrip(".")
    kind = KINDS.get(str(getattr(error, "error_code", "")), Unavailable)
    hint = "Check 'millrace config'." if kind is Unavailable else "Look at the run in 'runs.list'."
    return kind(f"MLflow did not take the request: {said}.", hint)
