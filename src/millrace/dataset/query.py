"""Rows of SQL databases: one SELECT of the owner's own, run in a read-only session."""

import os
import re
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from millrace.core.errors import InvalidInput, NotFound, Unavailable, choices

QUIET = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL
)
SECRET = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
PREFIX = "MILLRACE_SECRET_"
FETCH = 5000  # rows
SCHEMES = ("sqlite:", "postgresql:", "postgresql+psycopg:", "postgres:")


def check_query(query: str | None) -> str:
    """Return the text of one reading statement.

    A first look only: the session itself is read-only.
    Errors: invalid_input, none, several, or one that does not read.
    """
    bare = QUIET.sub(" ", query or "").strip().rstrip(";").strip()
    first = re.match(r"\(*\s*(\w*)", bare)
    if not first or first.group(1).lower() not in ("select", "with", "values") or ";" in bare:
        raise InvalidInput(
            "An import from SQL needs one SELECT statement.",
            "Pass it as 'query'; statements that write are not run.",
            field="query",
        )
    return (query or "").strip().rstrip(";")


@contextmanager
def rows(url: str, query: str) -> Generator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """Run one SELECT in a read-only session; give its column names and rows as they come.

    Errors: invalid_input, the database refuses the statement; unavailable, no answer.
    """
    from sqlalchemy import exc

    from millrace.stores.sql import said

    engine = _engine(url)
    lost = exc.OperationalError if engine.dialect.name == "postgresql" else exc.InterfaceError
    try:
        with engine.connect() as connection:
            options = {"stream_results": True, "yield_per": FETCH}
            found = connection.exec_driver_sql(query, execution_options=options)
            keys = list(found.keys())
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise InvalidInput(
                    f"The query gives several columns the same name: {choices(twice)}.",
                    "Name them apart with 'as'.",
                    field="query",
                )
            yield keys, (tuple(row) for row in found)
    except exc.SQLAlchemyError as error:
        kind = Unavailable if isinstance(error, lost) else InvalidInput
        raise kind(
            f"The database does not take the query: {said(error)}.",
            "Try it in its own shell first.",
        ) from error
    finally:
        engine.dispose()


def parse(url: str) -> Any:
    """Check a database URL before it is used or kept.

    Errors: invalid_input, not a URL, another database, or a password in plain sight.
    """
    import sqlalchemy as sa
    from sqlalchemy import exc

    try:
        parsed = sa.make_url(SECRET.sub("x", url))
        plain = sa.make_url(SECRET.sub("", url)).password
    except (exc.ArgumentError, ValueError) as error:
        raise InvalidInput(
            "The database URL cannot be parsed.", "Write 'postgresql://user@host/name'."
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise InvalidInput(
            f"Databases of kind '{parsed.get_backend_name()[:40]}' are not read.",
            "Use sqlite:///file or postgresql://user@host/name.",
        )
    if plain:
        raise InvalidInput(
            "The database URL holds a password, and the parameters of a job are kept.",
            f"Write '${{{PREFIX}DB}}' in its place and set that environment variable.",
        )
    return parsed


def _expanded(url: str) -> str:
    parse(url)
    return SECRET.sub(lambda found: quote(_secret(found.group(1)), safe=""), url)


def _secret(name: str) -> str:
    value = os.environ.get(name) if name.startswith(PREFIX) else None
    if value is None:
        raise InvalidInput(
            f"The environment variable '{name[:60]}' is not set for imports.",
            f"Its name must begin with {PREFIX}, and the workers must have it.",
        )
    return value


def _engine(url: str) -> Any:
    import sqlalchemy as sa

    made = sa.make_url(_expanded(url))
    if made.get_backend_name() != "sqlite":
        return sa.create_engine(
            made.set(drivername="postgresql+psycopg"),
            poolclass=sa.NullPool,
            connect_args={
                "options": "-c default_transaction_read_only=on",
                "connect_timeout": 10,
                "keepalives": 1,
            },
        )
    path = Path(made.database or "").expanduser().resolve()
    if not path.is_file():
        raise NotFound(f"There is no database file '{path}'.", "Check the path.")

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        opened.execute("pragma query_only = on")
        return opened

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
