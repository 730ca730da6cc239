"""What `millrace up` says when it, or a process of it, cannot start."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from millrace.core.errors import Conflict, Internal, InvalidInput, MillraceError
from millrace.faces.cli.main import run
from millrace.faces.up.process import socket_of
from millrace.faces.up.supervise import Child, hold
from tests.faces.test_process import environment
from tests.faces.test_up import Server


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ([2], InvalidInput),
        ([-9, -9, -9, -9, -9, 4], Conflict),
        ([1, 1, 1, 1], Internal),
        ([1, 1, -9, 1, 1, 1], None),
        ([8, 8, 8, 8, 8, 9, 8], None),
        ([0, 0, 0, 0, 0], None),
    ],
)
def test_what_cannot_start_is_given_up(codes: list[int], error: type[MillraceError] | None) -> None:
    child = Child("server 1", [], {}, began=time.monotonic())
    for code in codes[:-1]:
        child.died(code)
    if error is None:
        assert child.died(codes[-1]) == 5.0
        return
    with pytest.raises(error, match=f"'server 1' cannot start: it ended with {codes[-1]}"):
        child.died(codes[-1])


def test_one_that_lived_long_is_started_again() -> None:
    child = Child("worker 1", [], {}, began=time.monotonic() - 1000, deaths=4, failures=3)
    assert child.died(4) == 0.2
    assert (child.deaths, child.failures) == (1, 0)


def test_a_port_that_another_server_holds_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with socket_of("127.0.0.1", port):  # a server process of it
            assert run(["-w", str(home), "up", "--port", str(port)]) == 2
            said = capsys.readouterr().err
            assert f"cannot listen on '127.0.0.1:{port}': Address already in use" in said
        with pytest.raises(InvalidInput, match="Address already in use"):
            hold("127.0.0.1", port)
    hold("127.0.0.1", port).close()


def test_files_that_are_no_certificate(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pem = tmp_path / "x.pem"
    pem.write_text("junk", "utf-8")
    assert run(["-w", str(home), "up", "--tls-cert", str(pem), "--tls-key", str(pem)]) == 2
    assert "are no certificate with its key" in capsys.readouterr().err


@pytest.mark.slow
def test_a_workspace_of_a_newer_version_is_said_once(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = ["--set", "durability=normal", "-w", str(home)]
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "millrace", *settings, "up", "--port", "0", "--workers", "0"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline()
    with closing(sqlite3.connect(home / "millrace.db")) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()
    os.kill(Server(process, "", "", home).children()["process"], signal.SIGKILL)
    assert process.wait(timeout=60) == 4
    process.stdout.close()
    said = log.read_text("utf-8")
    assert said.count("The database has schema '9999'") == 1
    assert "'server 1' cannot start: it ended with 4" in said
