"""The control plane: one engine on SQLite or Postgres, transactions, events, migrations."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import ConnectionPoolEntry

from millrace.core import clock
from millrace.core.errors import Conflict, InvalidInput, MillraceError, Unavailable
from millrace.core.workspace import Workspace
from millrace.stores import tables

HEAD = "0002"  # newest revision in stores/migrations/versions (asserted by a test)
metadata = tables.metadata


class Database:
    """The SQL control plane of one workspace."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = url
        self.engine = connect(url, durable=durable)

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open the database of a workspace and bring its schema up to date.

        Errors: conflict, written by a newer Millrace; unavailable, no answer.
        """
        settings = workspace.settings
        url = settings.database or f"sqlite:///{workspace.root / 'millrace.db'}"
        found = cls(url, durable=settings.durability == "full")
        try:
            found.migrate()
        except MillraceError:
            found.close()
            raise
        return found

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is the embedded engine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Generator[Connection]:
        """Open one write transaction; it commits at the end or leaves nothing.

        Errors: unavailable, the database does not answer or the disk is full.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except (DBAPIError, NoConnection) as error:
            raise _translated(error) from error

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open one read transaction; readers never wait for writers."""
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                yield connection
        except (DBAPIError, NoConnection) as error:
            raise _translated(error) from error

    def lock(self, connection: Connection, key: str) -> None:
        """Hold a named lock until the transaction ends (SQLite writers exclude each other)."""
        if not self.is_sqlite:
            connection.execute(text("select pg_advisory_xact_lock(:k)"), {"k": crc32(key.encode())})

    def emit(
        self,
        connection: Connection,
        kind: str,
        data: dict[str, Any],
        *,
        job: str | None = None,
        project: str = "default",
    ) -> None:
        """Write an event in the transaction of the state it speaks of.

        On Postgres a lock makes sequence numbers appear in commit order, so that a reader
        who has seen `n` never finds a smaller one later.
        """
        self.lock(connection, "event")
        connection.execute(
            tables.event.insert().values(
                project=project, job=job, kind=kind, data=data, at=clock.now()
            )
        )

    def migrate(self) -> None:
        """Bring the schema to the newest revision; nothing happens when it is there."""
        found = self._revision()
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise Conflict(
                f"The database has schema '{found}', and this Millrace knows up to '{HEAD}'.",
                "Install a newer Millrace: 'pip install -U millrace'.",
            )
        upgrade(self)

    def _revision(self) -> str | None:
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                found = connection.execute(text("select version_num from alembic_version"))
                return found.scalar()
        except OperationalError as error:
            if self.is_sqlite and "no such table" in str(error):
                return None
            raise _translated(error) from error
        except SQLAlchemyError:
            return None

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def connect(url: str, *, durable: bool = True, begins: bool = True) -> Engine:
    """Return an engine with our pragmas (SQLite) or keepalives (Postgres).

    SQLite: WAL, 30 s busy wait, write transactions take the lock at once (BEGIN IMMEDIATE),
    so that a read followed by a write never fails half-way. With `begins` off the driver
    opens transactions itself, as DBOS expects of an engine it is given.
    """
    if url.startswith("sqlite"):
        return _sqlite(url, durable, begins)
    if not url.startswith("postgresql"):
        raise InvalidInput(
            f"The database '{url.split(':', 1)[0]}' is not supported.",
            "Use a sqlite:/// or postgresql+psycopg:// URL.",
        )
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    alive = {
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "tcp_user_timeout": 3000,
        "connect_timeout": 10,
    }
    return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=20, connect_args=alive)


def _sqlite(url: str, durable: bool, begins: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _entry: ConnectionPoolEntry) -> None:  # pyright: ignore[reportUnusedFunction]  # called by SQLAlchemy
        raw.isolation_level = None if begins else "IMMEDIATE"
        cursor = raw.cursor()
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def start(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    if begins:
        event.listen(engine, "begin", start)
    return engine


def upgrade(database: Database) -> None:
    """Run the migrations under a lock, so that two starting processes do it once."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.begin() as connection:
        database.lock(connection, "migrate")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def said(error: SQLAlchemyError) -> str:
    """Return the first line of what a database says of a statement."""
    return str(getattr(error, "orig", error)).strip().split("\n", 1)[0][:160]


def _translated(error: DBAPIError | NoConnection) -> InvalidInput | Unavailable:
    said = str(error.orig if isinstance(error, DBAPIError) else error).split("\n", 1)[0]
    if isinstance(error, DataError):
        return InvalidInput(
            f"The database cannot keep or find this: {said}.",
            "Texts may not hold NUL, and numbers have to fit into 64 bits.",
        )
    hint = "Check that the database is running and reachable, then run it again."
    if "disk is full" in said or "No space left" in said:
        hint = "Free some disk space, then run it again; nothing acknowledged was lost."
    return Unavailable(f"The database did not take the request: {said}.", hint)
