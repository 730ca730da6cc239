"""Reads runs from MLflow's tables directly: its own search takes seconds for thousands."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlflow.store.tracking.dbmodels.models import (
    SqlDataset,
    SqlExperiment,
    SqlInput,
    SqlInputTag,
)
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    case,
    create_engine,
    event,
    false,
    func,
    inspect,
    select,
)
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from millrace.core.errors import InvalidInput, NotFound, Unavailable
from millrace.runs.engine.columns import Column, column
from millrace.runs.store.expressions import LATEST, METRIC, PARAM, RUN, TAG, Columns
from millrace.runs.store.reading import OURS, Details, Page, Points, described
from millrace.runs.types import Aggregate, InputLine, Keys, ListParams, RunLine, Source
from millrace.stores.sql import connect

EXPERIMENT: Any = SqlExperiment.__table__
DATASET: Any = SqlDataset.__table__
INPUT: Any = SqlInput.__table__
INPUT_TAG: Any = SqlInputTag.__table__
CHUNK = 500
KEPT = 20_000
Extremes = dict[str, tuple[float | None, float | None, int]]


def open_engine(uri: str) -> Engine | None:
    """Return an engine that only reads MLflow's database; None when there is none yet.

    Errors: unavailable, the database does not answer.
    """
    if uri.startswith("sqlite:///"):
        path = Path(uri.removeprefix("sqlite:///"))
        if not path.exists():
            return None
        place = f"sqlite:///file:{quote(str(path))}?mode=ro&uri=true"
        engine = create_engine(place, connect_args={"timeout": 30, "check_same_thread": False})
        event.listen(engine, "connect", _fold)
        return engine
    engine = connect(uri).execution_options(postgresql_readonly=True)
    with reading(engine) as connection:
        known = inspect(connection).has_table(RUN.name)
    if not known:
        engine.dispose()
        return None
    return engine


def _fold(raw: Any, _entry: ConnectionPoolEntry) -> None:
    """Let SQLite's own `lower`, which knows ASCII only, fold every letter."""
    raw.create_function("lower", 1, lambda text: text if text is None else str(text).lower())


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """Open one transaction that only reads.

    Errors: invalid_input, a text that no database holds; unavailable, no answer.
    """
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        said = str(error.orig).split("\n", 1)[0].rstrip(".")
        if isinstance(error, DataError):
            raise InvalidInput(f"This cannot be looked for: {said}.", "Leave it out.") from error
        raise Unavailable(
            f"MLflow's database does not answer: {said}.", "Check 'millrace config'."
        ) from error


def empty_engine() -> Engine:
    """Return MLflow's tables without a row, for a workspace that has no store yet."""
    made = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    tables = (RUN, METRIC, LATEST, PARAM, TAG, EXPERIMENT, DATASET, INPUT, INPUT_TAG)
    SqlExperiment.metadata.create_all(made, tables)
    return made


class Memory:
    """Least and greatest values of runs whose metrics have not moved since."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, Extremes]] = {}

    def get(self, run: str, mark: Any) -> Extremes | None:
        """Return what is known of a run, if its latest metrics are still these."""
        found = self._known.get(run)
        return found[1] if found is not None and found[0] == mark else None

    def put(self, run: str, mark: Any, extremes: Extremes) -> None:
        """Keep what was found; everything goes when there is too much."""
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[run] = (mark, extremes)


class DatabaseReader:
    """Runs of one project, read from the tables."""

    def __init__(self, engine: Engine, project: str, memory: Memory) -> None:
        self._engine = engine
        self._project = project
        self._memory = memory

    @property
    def source(self) -> Source:
        """Return where the answers come from."""
        return "database"

    def page(self, params: ListParams) -> Page:
        """Return the runs that fit, in order, with their number."""
        with reading(self._engine) as connection:
            places = self._experiments(connection)
            columns = Columns()
            conditions = self._conditions(columns, params, places)
            order = columns.order(column(params.sort), descending=params.descending)
            query = select(RUN.c.run_uuid, func.count().over().label("total"))
            query = query.select_from(columns.source()).where(*conditions).order_by(*order)
            rows = connection.execute(query.limit(params.limit).offset(params.offset)).all()
            if rows or not params.offset:
                total = rows[0].total if rows else 0
            else:  # behind the last page
                counted = select(func.count()).select_from(columns.source()).where(*conditions)
                total = connection.execute(counted).scalar_one()
            ids = [row.run_uuid for row in rows]
            return Page(self._lines(connection, ids, params.metrics, places), total)

    def _conditions(
        self, columns: Columns, params: ListParams, places: dict[int, str]
    ) -> list[Any]:
        chosen = [
            number
            for number, name in places.items()
            if params.experiment is None or name == params.experiment
        ]
        stage = "deleted" if params.deleted else "active"
        found: list[Any] = [RUN.c.lifecycle_stage == stage]
        found.append(RUN.c.experiment_id.in_(chosen) if chosen else false())
        if params.search:
            job = columns.text(Column("", "job"))
            parts = [RUN.c.name, RUN.c.run_uuid, job]
            needle = params.search
            either = [part.icontains(needle, autoescape=True) for part in parts]
            found.append(func.coalesce(either[0] | either[1] | either[2], False))
        if params.state:
            found.append(RUN.c.status.in_([state.upper() for state in params.state]))
        if params.op:
            op = columns.text(Column("", "op"))
            found.append((op == params.op) | op.startswith(f"{params.op}.", autoescape=True))
        if params.dataset:
            dataset = columns.text(Column("", "dataset"))
            exact = dataset == params.dataset
            found.append(exact | dataset.startswith(f"{params.dataset}@", autoescape=True))
        if params.filter is not None:
            found.append(columns.where(params.filter))
        return found

    def _experiments(self, connection: Connection) -> dict[int, str]:
        """Return the project's experiments by id: its own, and those named below it."""
        names = EXPERIMENT.c.name
        query = select(EXPERIMENT.c.experiment_id, names).where(
            (names == self._project) | names.startswith(f"{self._project}/", autoescape=True),
            EXPERIMENT.c.lifecycle_stage == "active",
        )
        own = len(self._project) + 1
        return {row.experiment_id: row.name[own:] for row in connection.execute(query)}

    def keys(self) -> Keys:
        """Return every metric, param and tag of the project's runs."""
        with reading(self._engine) as connection:
            places = list(self._experiments(connection))
            found = [self._keys(connection, table, places) for table in (LATEST, PARAM, TAG)]
        tags = [key for key in found[2] if not key.startswith(OURS)]
        return Keys(metrics=found[0], params=found[1], tags=tags)

    def _keys(self, connection: Connection, table: Any, places: list[int]) -> list[str]:
        """Step from key to key through the index: reading every row of it would be slow."""
        inside = and_(
            RUN.c.run_uuid == table.c.run_uuid,
            RUN.c.experiment_id.in_(places),
            RUN.c.lifecycle_stage == "active",
        )
        found: list[str] = []
        last = connection.execute(select(func.min(table.c.key))).scalar()
        while last is not None:
            there = select(table.c.key).select_from(table.join(RUN, inside))
            if connection.execute(there.where(table.c.key == last).limit(1)).first():
                found.append(last)
            following = select(func.min(table.c.key)).where(table.c.key > last)
            last = connection.execute(following).scalar()
        return found

    def lines(self, runs: Sequence[str], metrics: Sequence[str] | None) -> list[RunLine]:
        """Return these runs in this order."""
        with reading(self._engine) as connection:
            found = self._lines(connection, runs, metrics, self._experiments(connection))
        known = {line.run for line in found}
        for run in runs:
            if run not in known:
                raise NotFound(
                    f"Project '{self._project}' has no run '{run}'.",
                    "Run 'millrace runs list' to see which there are.",
                    run=run,
                )
        return found

    def _lines(
        self,
        connection: Connection,
        runs: Sequence[str],
        metrics: Sequence[str] | None,
        places: dict[int, str],
    ) -> list[RunLine]:
        tags = _by_run(connection, TAG, runs)
        params = _by_run(connection, PARAM, runs)
        measured = self._aggregates(connection, runs, metrics)
        made: dict[str, RunLine] = {}
        for row in _rows(connection, select(RUN), RUN.c.run_uuid, runs):
            if row.experiment_id not in places:
                continue
            facts = {
                "run_id": row.run_uuid,
                "name": row.name,
                "experiment": places[row.experiment_id],
                "status": row.status,
                "start_time": row.start_time,
                "end_time": row.end_time,
                "deleted": row.lifecycle_stage == "deleted",
            }
            line = described(facts, tags.get(row.run_uuid, {}))
            line.params = params.get(row.run_uuid, {})
            line.metrics = measured.get(row.run_uuid, {})
            made[row.run_uuid] = line
        return [made[run] for run in runs if run in made]

    def _aggregates(
        self, connection: Connection, runs: Sequence[str], metrics: Sequence[str] | None
    ) -> dict[str, dict[str, Aggregate]]:
        if metrics is not None and not metrics:
            return {}
        latest: dict[str, dict[str, Any]] = {run: {} for run in runs}
        for row in _rows(connection, select(LATEST), LATEST.c.run_uuid, runs):
            latest[row.run_uuid][row.key] = row
        marks = {
            run: tuple((k, r.step, r.timestamp, r.value) for k, r in sorted(rows.items()))
            for run, rows in latest.items()
        }
        extremes = {run: self._memory.get(run, mark) for run, mark in marks.items()}
        unknown = [run for run, found in extremes.items() if found is None]
        fresh = _extremes(connection, unknown)
        for run in unknown:
            extremes[run] = fresh.get(run, {})
            self._memory.put(run, marks[run], fresh.get(run, {}))
        wanted = None if metrics is None else set(metrics)
        found: dict[str, dict[str, Aggregate]] = {}
        for run, rows in latest.items():
            known = extremes[run] or {}
            found[run] = {
                key: _aggregate(rows[key], *known.get(key, (None, None, 0)))
                for key in sorted(rows)
                if wanted is None or key in wanted
            }
        return found

    def details(self, run: str) -> Details:
        """Return everything about one run."""
        line = self.lines([run], None)[0]
        with reading(self._engine) as connection:
            row = connection.execute(select(RUN).where(RUN.c.run_uuid == run)).one()
            tags = _by_run(connection, TAG, [run]).get(run, {})
            inputs = _inputs(connection, run)
        return Details(
            line=line,
            experiment_id=str(row.experiment_id),
            artifact_uri=row.artifact_uri or "",
            inputs=inputs,
            system_tags={key: text for key, text in sorted(tags.items()) if key.startswith(OURS)},
        )

    def history(
        self, runs: Sequence[str], metrics: Sequence[str] | None
    ) -> dict[tuple[str, str], Points]:
        """Return (step, time [s], value) of each run's metrics, by step and time."""
        query = select(
            METRIC.c.run_uuid,
            METRIC.c.key,
            METRIC.c.step,
            METRIC.c.timestamp,
            METRIC.c.value,
            METRIC.c.is_nan,
        )
        if metrics is not None:
            query = query.where(METRIC.c.key.in_(metrics))
        found: dict[tuple[str, str], Points] = {}
        with reading(self._engine) as connection:
            for run, key, step, at, value, is_nan in _rows(
                connection, query, METRIC.c.run_uuid, runs
            ):
                point = (step, at / 1000, None if is_nan else value)
                found.setdefault((run, key), []).append(point)
        for points in found.values():
            points.sort(key=lambda point: point[:2])
        return found


def _aggregate(row: Any, least: float | None, most: float | None, count: int) -> Aggregate:
    last = None if row.is_nan else row.value
    return Aggregate(last=last, min=least, max=most, step=row.step, count=count)


def _extremes(connection: Connection, runs: Sequence[str]) -> dict[str, Extremes]:
    value = case((METRIC.c.is_nan.is_(False), METRIC.c.value))
    query = select(
        METRIC.c.run_uuid, METRIC.c.key, func.min(value), func.max(value), func.count()
    ).group_by(METRIC.c.run_uuid, METRIC.c.key)
    found: dict[str, Extremes] = {}
    for run, key, least, most, count in _rows(connection, query, METRIC.c.run_uuid, runs):
        found.setdefault(run, {})[key] = (least, most, count)
    return found


def _by_run(connection: Connection, table: Any, runs: Sequence[str]) -> dict[str, dict[str, str]]:
    query = select(table.c.run_uuid, table.c.key, table.c.value)
    found: dict[str, dict[str, str]] = {}
    for run, key, text in _rows(connection, query, table.c.run_uuid, runs):
        found.setdefault(run, {})[key] = text or ""
    return {run: dict(sorted(texts.items())) for run, texts in found.items()}


def _inputs(connection: Connection, run: str) -> list[InputLine]:
    joined = INPUT.join(DATASET, INPUT.c.source_id == DATASET.c.dataset_uuid).outerjoin(
        INPUT_TAG,
        and_(
            INPUT_TAG.c.input_uuid == INPUT.c.input_uuid,
            INPUT_TAG.c.name == "mlflow.data.context",
        ),
    )
    query = (
        select(DATASET.c.name, DATASET.c.dataset_source, DATASET.c.digest, INPUT_TAG.c.value)
        .select_from(joined)
        .where(INPUT.c.destination_type == "RUN", INPUT.c.destination_id == run)
        .order_by(DATASET.c.name, DATASET.c.digest)
    )
    return [
        InputLine(name=name, source=source, digest=mark, context=context or "")
        for name, source, mark, context in connection.execute(query)
    ]


def _rows(connection: Connection, query: Any, column: Any, runs: Sequence[str]) -> Iterable[Any]:
    for start in range(0, len(runs), CHUNK):
        yield from connection.execute(query.where(column.in_(runs[start : start + CHUNK])))
