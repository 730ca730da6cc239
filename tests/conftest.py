"""Fixtures that every folder may use."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from millrace.core.context import Context
from millrace.core.workspace import Workspace

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A fresh embedded workspace."""
    with Workspace.open(tmp_path / "ws", {"durability": "normal"}) as found:
        yield found


@pytest.fixture
def ctx(workspace: Workspace) -> Context:
    """A context of the owner, outside any job."""
    return Context(workspace=workspace)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets; skips loudly when MILLRACE_DATA does not name one."""
    path = os.environ.get("MILLRACE_DATA")
    if not path or not Path(path).is_dir():
        pytest.skip("MILLRACE_DATA does not name the folder with the real data sets")
    return Path(path)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a Postgres server to make databases on; skips loudly without one."""
    url = os.environ.get("MILLRACE_TEST_POSTGRES")
    if not url:
        pytest.skip("MILLRACE_TEST_POSTGRES names no server: the Postgres half is not tested")
    return url


@pytest.fixture(scope="session")
def broom() -> Iterator[Callable[..., None]]:
    """A thread that drops databases while the tests go on; what is left goes at the end."""
    with ThreadPoolExecutor(1) as thread:
        begun: list[Future[None]] = []
        yield lambda *call: begun.append(thread.submit(*call))
    for one in begun:
        one.result()


@pytest.fixture
def fresh_postgres(postgres: str, broom: Callable[..., None]) -> Iterator[str]:
    """The URL of a new, empty database on that server; dropped afterwards."""
    name = f"test{os.getpid()}x{time.time_ns()}"
    _on(postgres, f"create database {name}")
    yield f"{postgres.rsplit('/', 1)[0]}/{name}"
    broom(_on, postgres, f"drop database {name} with (force)")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """What the setting of that name is: nothing for SQLite, and a new database on Postgres."""
    return request.getfixturevalue("fresh_postgres") if request.param == "postgres" else ""


def _on(server: str, command: str) -> None:
    engine = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(command))
    engine.dispose()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The URL of a Redis server; skips loudly without one."""
    url = os.environ.get("MILLRACE_TEST_REDIS")
    if not url:
        pytest.skip("MILLRACE_TEST_REDIS names no server: the Redis tier is not tested")
    return url
