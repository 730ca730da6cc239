"""Reads runs through MLflow's API, for a tracking server whose database is out of reach."""

from collections.abc import Iterable, Sequence
from typing import Any

from millrace.core.errors import InvalidInput, NotFound
from millrace.runs.engine.columns import column, holds, ordered
from millrace.runs.store.reading import OURS, Details, Page, Points, described
from millrace.runs.types import Aggregate, InputLine, Keys, ListParams, RunLine, Source
from millrace.stores.tracking import Tracking

PAGE = 1000
MOST = 50_000
SLOW = (
    "Tracking is a server, so every run was fetched through MLflow's API to sort and filter; "
    "the least and greatest values of metrics are not known."
)


class ApiReader:
    """Runs of one project, fetched through the API and sorted here."""

    def __init__(self, tracking: Tracking, project: str) -> None:
        self._tracking = tracking
        self._project = project

    @property
    def source(self) -> Source:
        """Return where the answers come from."""
        return "api"

    def page(self, params: ListParams) -> Page:
        """Return the runs that fit, in order, with their number.

        Errors: invalid_input, sorted by or filtered on what the API does not tell.
        """
        for name in [params.sort, *_named(params.filter)]:
            if column(name).group in ("min", "max"):
                raise InvalidInput(
                    f"'{name}' is not known: tracking is a server, and its API tells last values.",
                    "Use 'metrics.NAME', or point the setting 'mlflow' at the database.",
                    column=name,
                )
        found, notes = self._fetch(deleted=params.deleted)
        fitting = [line for line in found if _fits(line, params)]
        chosen = ordered(fitting, params.sort, descending=params.descending)
        some = chosen[params.offset : params.offset + params.limit]
        if params.metrics is not None:
            some = [_only(line, params.metrics) for line in some]
        return Page(some, len(chosen), [SLOW, *notes])

    def keys(self) -> Keys:
        """Return every metric, param and tag of the project's runs."""
        found, _ = self._fetch(deleted=False)
        return Keys(
            metrics=sorted({key for line in found for key in line.metrics}),
            params=sorted({key for line in found for key in line.params}),
            tags=sorted({key for line in found for key in line.tags}),
        )

    def lines(self, runs: Sequence[str], metrics: Sequence[str] | None) -> list[RunLine]:
        """Return these runs in this order."""
        places = self._experiments()
        found = [self._line(self._get(run, places), places) for run in runs]
        return [line if metrics is None else _only(line, metrics) for line in found]

    def details(self, run: str) -> Details:
        """Return everything about one run."""
        places = self._experiments()
        found = self._get(run, places)
        inputs = found.inputs.dataset_inputs if found.inputs else []
        return Details(
            line=self._line(found, places),
            experiment_id=str(found.info.experiment_id),
            artifact_uri=found.info.artifact_uri or "",
            inputs=[
                InputLine(
                    name=one.dataset.name,
                    source=one.dataset.source,
                    digest=one.dataset.digest,
                    context={tag.key: tag.value for tag in one.tags}.get("mlflow.data.context", ""),
                )
                for one in inputs
            ],
            system_tags={k: v for k, v in sorted(found.data.tags.items()) if k.startswith(OURS)},
        )

    def history(
        self, runs: Sequence[str], metrics: Sequence[str] | None
    ) -> dict[tuple[str, str], Points]:
        """Return (step, time [s], value) of each run's metrics, by step and time."""
        found: dict[tuple[str, str], Points] = {}
        for line in self.lines(runs, metrics):
            for key in line.metrics:
                logged = self._tracking.ask("get_metric_history", line.run, key)
                points: Points = [
                    (m.step, m.timestamp / 1000, m.value if m.value == m.value else None)
                    for m in logged
                ]
                found[(line.run, key)] = sorted(points, key=lambda point: point[:2])
        return found

    def _get(self, run: str, places: dict[str, str]) -> Any:
        try:
            found = self._tracking.ask("get_run", run)
        except NotFound:
            found = None
        if found is None or str(found.info.experiment_id) not in places:
            raise NotFound(
                f"Project '{self._project}' has no run '{run}'.",
                "Run 'millrace runs list' to see which there are.",
                run=run,
            )
        return found

    def _experiments(self) -> dict[str, str]:
        own = self._tracking.ask("get_experiment_by_name", self._project)
        found = {str(own.experiment_id): ""} if own is not None else {}
        below = self._tracking.ask(
            "search_experiments", filter_string=f"name LIKE '{self._project}/%'"
        )
        for one in below:
            if one.name.startswith(f"{self._project}/"):
                found[str(one.experiment_id)] = one.name[len(self._project) + 1 :]
        return found

    def _fetch(self, *, deleted: bool) -> tuple[list[RunLine], list[str]]:
        from mlflow.entities import ViewType

        places, view = (
            self._experiments(),
            ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
        )
        found: list[RunLine] = []
        token: str | None = None
        while places:
            page = self._tracking.ask(
                "search_runs", list(places), "", view, max_results=PAGE, page_token=token
            )
            found += [self._line(run, places) for run in page]
            token = page.token
            if not token:
                break
            if len(found) >= MOST:
                return found, [f"Only the newest {MOST} runs were looked at."]
        return found, []

    def _line(self, run: Any, places: dict[str, str]) -> RunLine:
        facts = {
            "run_id": run.info.run_id,
            "name": run.info.run_name,
            "experiment": places[str(run.info.experiment_id)],
            "status": run.info.status,
            "start_time": run.info.start_time,
            "end_time": run.info.end_time,
            "deleted": run.info.lifecycle_stage == "deleted",
        }
        line = described(facts, dict(run.data.tags))
        line.params = dict(sorted(run.data.params.items()))
        line.metrics = {
            key: Aggregate(
                last=value if value == value else None,
                min=None,
                max=None,
                step=None,
                count=None,
            )
            for key, value in sorted(run.data.metrics.items())
        }
        return line


def _named(found: Any) -> Iterable[str]:
    from millrace.kinds.filter import columns_of

    return columns_of(found) if found is not None else ()


def _only(line: RunLine, metrics: Sequence[str]) -> RunLine:
    wanted = {key: line.metrics[key] for key in sorted(set(metrics)) if key in line.metrics}
    return line.model_copy(update={"metrics": wanted})


def _fits(line: RunLine, params: ListParams) -> bool:
    needle = params.search.lower()
    if needle and not any(needle in part.lower() for part in (line.name, line.run, line.job)):
        return False
    if params.experiment is not None and line.experiment != params.experiment:
        return False
    if params.state and line.state not in params.state:
        return False
    if params.op and line.op != params.op and not line.op.startswith(f"{params.op}."):
        return False
    wanted = params.dataset
    if wanted and line.dataset != wanted and not line.dataset.startswith(f"{wanted}@"):
        return False
    return params.filter is None or holds(line, params.filter)
