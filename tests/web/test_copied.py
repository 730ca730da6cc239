"""Calls that were copied run as they stand, in the project that was on screen."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import Server, environment
from tests.web.conftest import Visit

PROJECT = "copied-shop"


@pytest.fixture
def shop(server: Server) -> Server:
    """The server with a run in a project of its own."""
    server.json("POST", f"/ops/runs.start?project={PROJECT}", {"name": "alone"})
    return server


def ran(command: str, server: Server, tmp_path: Path) -> str:
    """Run a command as somebody would paste it: in a shell, with `millrace` and `curl` at hand."""
    tool = tmp_path / "millrace"
    tool.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m millrace "$@"\n')
    tool.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    env = environment(MILLRACE_WORKSPACE=str(server.home), MILLRACE_TOKEN=server.token, PATH=path)
    done = subprocess.run(
        ["sh", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_copied_call_names_the_project_and_runs(
    visit: Visit, shop: Server, tmp_path: Path
) -> None:
    page = visit("/", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate(f"localStorage.setItem('millrace.project', '{PROJECT}')")
    page.evaluate(f"sessionStorage.setItem('millrace.project', '{PROJECT}')")
    page.goto(shop.url + "/runs")
    page.get_by_role("button", name=f"Project: {PROJECT}").wait_for()
    page.get_by_text("alone", exact=True).first.wait_for()
    page.goto(shop.url + "/op/runs.list")
    copied: dict[str, str] = {}
    for way in ("CLI", "Python", "curl", "YAML"):
        page.get_by_role("button", name="Copy as").click()
        page.get_by_role("menuitem", name=way).click()
        page.get_by_role("menuitem", name=way).wait_for(state="detached")
        copied[way] = page.evaluate("navigator.clipboard.readText()")
    assert copied["CLI"] == f"millrace runs list --project {PROJECT}"
    assert "alone" in ran(copied["CLI"], shop, tmp_path)
    script = tmp_path / "copied.py"
    script.write_text(copied["Python"].replace("ws.runs", "print(ws.runs") + ")")
    assert "alone" in ran(shlex.join([sys.executable, str(script)]), shop, tmp_path)
    if shutil.which("curl"):
        assert "alone" in ran(copied["curl"], shop, tmp_path)
    assert f"# in project {PROJECT}" in copied["YAML"]
