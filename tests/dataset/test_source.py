"""Places that data comes from: files, gzip, S3, databases."""

import gzip
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.core.errors import InvalidInput, NotFound, Unavailable
from millrace.dataset import query
from millrace.dataset.readers import reader
from millrace.dataset.source import Source, locate
from millrace.dataset.types import Options

CSV = b"age,city\n31,Oslo\n47,Rome\n"


def test_local_files(tmp_path: Path) -> None:
    path = tmp_path / "People.CSV"
    path.write_bytes(CSV)
    for address in (str(path), f"file://{path}"):
        found = locate(address)
        assert (found.name, found.suffix, found.size, found.kind) == ("People", ".csv", 25, "file")
        with found.open() as stream:
            assert stream.read(5) == b"age,c"
    (tmp_path / "link.csv").symlink_to(path)
    assert locate(str(tmp_path / "link.csv")).address == str(path)
    assert locate(str(tmp_path)).kind == "folder"


def test_a_link_put_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CSV)
    (tmp_path / "secret").write_bytes(b"secret")
    found = locate(str(path))
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput, match="cannot be opened"):
        found.open()


def test_places_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        locate(str(tmp_path / "no.csv"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="not a regular file"):
        locate(str(tmp_path / "pipe"))
    with pytest.raises(InvalidInput, match=r"Addresses such as 'ftp://'"):
        locate("ftp://host/a.csv")
    with pytest.raises(InvalidInput, match="cannot be opened"):
        locate("a\0b")


def test_gzip_is_unpacked_and_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(CSV))
    found = locate(str(path))
    assert (found.name, found.suffix) == ("a", ".csv")
    assert everything(found) == CSV
    path.write_bytes(gzip.compress(CSV)[:-10])
    with pytest.raises(InvalidInput, match="gzip file is damaged"):
        everything(locate(str(path)))
    path.write_bytes(gzip.compress(b"0" * (80 * 2**20)))
    with pytest.raises(InvalidInput, match="more than 200 times"):
        everything(locate(str(path)))


def everything(found: Source) -> bytes:
    with found.open() as stream:
        return b"".join(iter(lambda: stream.read(2**20), b""))


def test_kinds_are_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_bytes(CSV)
    with pytest.raises(InvalidInput, match="not clear from its name"):
        reader(locate(str(path)), Options())
    assert reader(locate(str(path)), Options(format="csv")).plan().format == "csv"
    with pytest.raises(InvalidInput, match="is a folder, which cannot be read as csv"):
        reader(locate(str(tmp_path)), Options(format="csv"))
    with pytest.raises(InvalidInput, match="is a file, which cannot be read as images"):
        reader(locate(str(path)), Options(format="images"))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    patch = pytest.MonkeyPatch()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "test")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    from pyarrow import fs

    store = fs.S3FileSystem(
        endpoint_override=f"{host}:{port}",
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    )
    store.create_dir("bucket")
    with store.open_output_stream("bucket/in/people.csv") as file:
        file.write(CSV)
    yield endpoint
    server.stop()
    patch.undo()


def test_objects_of_s3(s3: str) -> None:
    found = locate("s3://bucket/in/people.csv", s3)
    assert (found.name, found.suffix, found.size) == ("people", ".csv", 25)
    made = reader(found, Options())
    [block] = made.blocks(made.plan(), 0)
    assert block.table.to_pylist() == [{"age": 31, "city": "Oslo"}, {"age": 47, "city": "Rome"}]
    assert len(made.fingerprint()) == 64
    with pytest.raises(NotFound, match="There is no object"):
        locate("s3://bucket/in/none.csv", s3)
    with pytest.raises(Unavailable, match="cannot be reached"):
        locate("s3://bucket/in/people.csv", "http://127.0.0.1:9")


@pytest.fixture
def people(tmp_path: Path) -> str:
    path = tmp_path / "people.db"
    with sqlite3.connect(path) as made:
        made.execute("create table person (age integer, city text, made text, pct real)")
        made.executemany(
            "insert into person values (?, ?, ?, ?)",
            [(31, "Oslo: a 50% town", "2024-01-02", 0.5), (47, None, "2024-01-03", 1.0)],
        )
    made.close()
    return f"sqlite:///{path}"


def test_rows_of_a_database(people: str) -> None:
    asked = "select age, city as \"the city\" from person where city like '%: a 50%%' or age > 40"
    with query.rows(people, query.check_query(asked + ";")) as (keys, found):
        assert (keys, list(found)) == (
            ["age", "the city"],
            [(31, "Oslo: a 50% town"), (47, None)],
        )


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "delete from person",
        "select 1; drop table person",
        "pragma query_only = off",
        "/* select */ insert into person values (1)",
        "attach 'x' as y",
    ],
)
def test_only_one_select_is_run(asked: str | None) -> None:
    with pytest.raises(InvalidInput, match="one SELECT"):
        query.check_query(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "select ';' as a",
        "(select 1)",
        "with a as (select 1) select * from a -- ; comment",
        "SELECT $$;$$",
        "values (1)",
    ],
)
def test_reading_statements_pass(asked: str) -> None:
    assert query.check_query(asked) == asked


def test_the_session_cannot_write(people: str) -> None:
    path = Path(people.removeprefix("sqlite:///"))
    before = path.read_bytes()
    asked = "with gone as (select 1) delete from person"
    with (
        pytest.raises(InvalidInput, match="does not take the query"),
        query.rows(people, query.check_query(asked)) as (_, found),
    ):
        list(found)
    assert path.read_bytes() == before


def test_database_errors_are_clear(people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(InvalidInput, match="no such table: nobody"),
        query.rows(people, "select * from nobody"),
    ):
        pass
    with (
        pytest.raises(InvalidInput, match="same name: age"),
        query.rows(people, "select age, age from person"),
    ):
        pass
    with (
        pytest.raises(NotFound, match="no database file"),
        query.rows("sqlite:////no/such.db", "select 1"),
    ):
        pass
    with pytest.raises(InvalidInput, match="'mysql' are not read"):
        query.parse("mysql://user@host/db")
    with pytest.raises(InvalidInput, match="cannot be parsed"):
        query.parse("nonsense")
    with pytest.raises(InvalidInput, match="holds a password"):
        query.parse("postgresql://user:hunter2@host/db")
    query.parse("postgresql://user:${MILLRACE_SECRET_DB}@host/db")
    monkeypatch.delenv("MILLRACE_SECRET_DB", raising=False)
    for name in ("MILLRACE_SECRET_DB", "HOME"):
        with (
            pytest.raises(InvalidInput, match=f"'{name}' is not set for imports"),
            query.rows(f"postgresql://user:${{{name}}}@127.0.0.1:9/db", "select 1"),
        ):
            pass
    monkeypatch.setenv("MILLRACE_SECRET_DB", "p@ss/word")
    with (
        pytest.raises(Unavailable) as caught,
        query.rows("postgresql://user:${MILLRACE_SECRET_DB}@127.0.0.1:9/db", "select 1"),
    ):
        pass
    assert "word" not in str(caught.value)


def test_postgres(postgres: str) -> None:
    url = _without_password(postgres)
    with query.rows(url, "select 1 as one, 'x'::text as t") as (keys, found):
        assert (keys, list(found)) == (["one", "t"], [(1, "x")])
    writing = "with made as (insert into pg_temp.x values (1) returning 1) select * from made"
    with pytest.raises(InvalidInput), query.rows(url, query.check_query(writing)):
        pass


def _without_password(url: str) -> str:
    from sqlalchemy import make_url

    made = make_url(url)
    if made.password:
        os.environ["MILLRACE_SECRET_TEST"] = str(made.password)
        made = made.set(password="${MILLRACE_SECRET_TEST}")
    return made.render_as_string(hide_password=False).replace("%24%7B", "${").replace("%7D", "}")
