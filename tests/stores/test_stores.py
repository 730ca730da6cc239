"""The control plane and artifacts, on SQLite and on Postgres."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, text

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.jobs import Jobs
from millrace.stores.sql import HEAD, Database, connect


@pytest.fixture
def ctx(database: str, tmp_path: Path) -> Iterator[Context]:
    flags: dict[str, object] = {"durability": "normal", "database": database}
    with Workspace.open(tmp_path / "ws", flags) as workspace:
        yield Context(workspace=workspace)


def test_versions_count_up_and_resolve(ctx: Context) -> None:
    store = ctx.use(Artifacts)
    first = store.add(ctx, "model", "intent", {"a": 1})
    second = store.add(ctx, "model", "intent", {"a": 2}, parents=["dataset:x@1"])
    assert (first.version, second.version) == (1, 2)
    assert store.get("intent", "model").version == 2
    assert store.get("model:intent@1", "model").meta == {"a": 1}
    assert [a.version for a in store.versions("model", "intent")] == [2, 1]
    assert [a.ref for a in store.list("model")] == ["model:intent@2"]
    assert store.lineage("dataset:x@1") == [("dataset:x@1", "model:intent@2")]


def test_aliases_move_with_history(ctx: Context) -> None:
    store = ctx.use(Artifacts)
    for number in range(3):
        store.add(ctx, "model", "intent", {"n": number})
    store.set_alias(ctx, "model", "intent", "champion", 1)
    store.set_alias(ctx, "model", "intent", "champion", 3)
    assert store.get("intent@champion", "model").version == 3
    assert store.aliases("model", "intent") == {"champion": 3}
    moves = [(c.previous, c.version) for c in store.alias_history("model", "intent", "champion")]
    assert moves == [(1, 3), (None, 1)]


def test_missing_things_say_what_there_is(ctx: Context) -> None:
    store = ctx.use(Artifacts)
    with pytest.raises(NotFound, match="no model 'intent'"):
        store.get("intent", "model")
    store.add(ctx, "model", "intent", {})
    with pytest.raises(NotFound, match=r"no 'model:intent@9'.*versions and aliases are 1"):
        store.get("intent@9", "model")
    with pytest.raises(NotFound, match="no model 'other'.*There are intent"):
        store.get("other", "model")
    with pytest.raises(InvalidInput, match="is not a model"):
        store.get("dataset:intent", "model")


def test_deleted_versions_are_hidden_and_aliases_hold(ctx: Context) -> None:
    store = ctx.use(Artifacts)
    store.add(ctx, "model", "intent", {})
    store.add(ctx, "model", "intent", {})
    store.set_alias(ctx, "model", "intent", "champion", 2)
    with pytest.raises(Conflict, match="in use as champion"):
        store.delete(ctx, "intent@2", "model")
    store.delete(ctx, "intent@1", "model")
    assert [a.version for a in store.versions("model", "intent")] == [2]
    assert store.add(ctx, "model", "intent", {}).version == 3


def test_many_writers_get_different_versions(ctx: Context) -> None:
    store = ctx.use(Artifacts)
    made: list[int] = []

    def work() -> None:
        for _ in range(5):
            made.append(store.add(ctx, "model", "race", {}).version)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == list(range(1, 21))


def test_a_transaction_leaves_all_or_nothing(ctx: Context) -> None:
    database = ctx.use(Database)

    def write() -> None:
        with database.begin() as connection:
            database.emit(connection, "half", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with database.read() as connection:
        kinds = connection.execute(tables.event.select()).all()
    assert [row.kind for row in kinds] == []


def test_event_numbers_appear_in_commit_order(ctx: Context) -> None:
    """A reader who has seen n never finds a smaller number later, whatever the writers do."""
    database = ctx.use(Database)
    done = threading.Event()
    holes: list[tuple[int, int]] = []

    def write() -> None:
        for _ in range(20):
            with database.begin() as connection:
                database.emit(connection, "tick", {})
                time.sleep(0.002)

    def read() -> None:
        known: set[int] = set()
        while not done.is_set():
            with database.read() as connection:
                seen = set(connection.execute(tables.event.select()).scalars())
            late = {n for n in seen - known if known and n < max(known)}
            holes.extend((n, max(known)) for n in late)
            known = seen

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert holes == []


def test_the_migrated_schema_is_the_declared_one(ctx: Context) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from millrace.core.catalog import ROOT

    for path in [*ROOT.glob("**/store.py"), *ROOT.glob("**/store/*.py")]:
        __import__(".".join(["millrace", *path.relative_to(ROOT).with_suffix("").parts]))
    engine = ctx.use(Database).engine
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert differences == []


def test_head_is_the_newest_revision() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from millrace.stores import sql

    config = Config()
    config.set_main_option("script_location", str(Path(sql.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_database_from_a_newer_version_is_refused(ctx: Context) -> None:
    database = ctx.use(Database)
    with database.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Conflict, match="schema '9999'.*newer Millrace"):
        database.migrate()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="did not take the request"), database.begin():
        pass
    with pytest.raises(InvalidInput, match="'mysql' is not supported"):
        connect("mysql://x")


def test_too_many_connections_at_once_is_unavailable(ctx: Context) -> None:
    database = ctx.use(Database)
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    pool._timeout = 0.05  # else the test waits for 30 s
    with ExitStack() as held:
        for _ in range(pool.size() + pool._max_overflow):
            held.enter_context(database.read())
        with pytest.raises(Unavailable, match="limit of size 5"):
            held.enter_context(database.read())
    with database.begin() as connection:
        assert connection.execute(text("select 1")).scalar() == 1


@pytest.mark.parametrize("id", ["job-\0", "\0"])
def test_text_that_a_database_cannot_hold_is_no_outage(ctx: Context, id: str) -> None:
    with pytest.raises((InvalidInput, NotFound)):
        ctx.use(Jobs).get(id)


def test_a_full_disk_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "ws") as workspace:
        ctx = Context(workspace=workspace)
        store, database = ctx.use(Artifacts), ctx.use(Database)
        store.add(ctx, "model", "kept", {})
        with database.engine.connect() as connection:
            pages = connection.exec_driver_sql("pragma page_count").scalar()
            connection.exec_driver_sql(f"pragma max_page_count={pages}")
            big = {"filler": "x" * 2_000_000}
        database.engine.dispose()
        raw = database.engine.raw_connection()
        raw.cursor().execute(f"pragma max_page_count={pages}")
        raw.close()
        with pytest.raises(Unavailable, match="disk is full.*Free some disk space"):
            store.add(ctx, "model", "lost", big)
        assert [a.name for a in store.list("model")] == ["kept"]
