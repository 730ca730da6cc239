"""Promote, roll back and remove: atomic, once, and with their history."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, MillraceError, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifacts
from millrace.stores.jobs import Jobs
from tests.support import models


def call(ws: Workspace, op: str, **params: Any) -> Any:
    return ws.use(Jobs).call(op, params, Actor())


@pytest.fixture
def ws(workspace: Workspace) -> Workspace:
    """A workspace with four versions of one model, without files: aliases need none."""
    artifacts, ctx = workspace.use(Artifacts), Context(workspace=workspace)
    for value in (0.7, 0.8, 0.75, 0.9):
        artifacts.add(ctx, "model", "buyer", {"metrics": {"accuracy": value, "rmse": 1 - value}})
    return workspace


def champion(ws: Workspace) -> int | None:
    return ws.use(Artifacts).aliases("model", "buyer").get("champion")


def test_roll_back_twice_goes_two_back_and_then_refuses(ws: Workspace) -> None:
    for version in (1, 2, 3):
        call(ws, "model.promote", model=f"buyer@{version}")
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@2"
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@1"
    with pytest.raises(Conflict, match="no earlier champion"):
        call(ws, "model.roll_back", name="buyer")
    assert champion(ws) == 1
    call(ws, "model.promote", model="buyer@4")
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@1"


def test_promoting_an_older_version_can_be_undone(ws: Workspace) -> None:
    for version in (1, 2, 1):
        call(ws, "model.promote", model=f"buyer@{version}")
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@2"
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@1"


def test_deleted_versions_are_passed_over(ws: Workspace) -> None:
    for version in (1, 2, 3):
        call(ws, "model.promote", model=f"buyer@{version}")
    call(ws, "model.delete", model="buyer@2")
    assert call(ws, "model.roll_back", name="buyer").model == "model:buyer@1"


def test_the_difference_of_the_metrics_is_shown(ws: Workspace) -> None:
    first = call(ws, "model.promote", model="buyer@2")
    assert first.metrics == []
    moved = call(ws, "model.promote", model="buyer@3")
    shown = {line.name: line for line in moved.metrics}
    assert shown["accuracy"].before == pytest.approx(0.8)
    assert shown["accuracy"].after == pytest.approx(0.75)
    assert shown["accuracy"].change == pytest.approx(-0.05)
    assert shown["accuracy"].better is False
    assert shown["rmse"].better is False
    back = call(ws, "model.roll_back", name="buyer")
    assert {line.name: line.better for line in back.metrics} == {"accuracy": True, "rmse": True}


def test_unknown_things_are_named(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="'model:buyer@9'") as caught:
        call(ws, "model.promote", model="buyer@9")
    assert "1, 2, 3, 4" in caught.value.hint
    with pytest.raises(NotFound, match="buier"):
        call(ws, "model.promote", model="buier@1")
    with pytest.raises(NotFound, match="champion"):
        call(ws, "model.roll_back", name="buyer")
    with pytest.raises(NotFound):
        call(ws, "model.roll_back", name="nobody")
    with pytest.raises(NotFound):
        call(ws, "model.alias", model="buyer", alias="challenger", remove=True)


@pytest.mark.parametrize("alias", ["latest", "3", "Best", "", "a b"])
def test_aliases_that_could_not_be_read_are_refused(ws: Workspace, alias: str) -> None:
    with pytest.raises(InvalidInput):
        call(ws, "model.alias", model="buyer@1", alias=alias)
    assert ws.use(Artifacts).aliases("model", "buyer") == {}


def test_a_promotion_that_expected_another_champion_is_refused(ws: Workspace) -> None:
    call(ws, "model.promote", model="buyer@1", expected=0)
    call(ws, "model.promote", model="buyer@2", expected=1)
    with pytest.raises(Conflict, match="stands at 2"):
        call(ws, "model.promote", model="buyer@3", expected=1)
    assert champion(ws) == 2


def test_delete_wants_a_version_by_number_and_keeps_what_is_in_use(ws: Workspace) -> None:
    call(ws, "model.promote", model="buyer@2")
    with pytest.raises(Conflict, match="champion"):
        call(ws, "model.delete", model="buyer@2")
    for vague in ("buyer", "buyer@latest", "buyer@champion"):
        with pytest.raises(InvalidInput, match="which version"):
            call(ws, "model.delete", model=vague)
    assert call(ws, "model.delete", model="buyer@1").left == [
        "model:buyer@4",
        "model:buyer@3",
        "model:buyer@2",
    ]


def test_concurrent_promotes_form_one_chain(ws: Workspace) -> None:
    errors: list[MillraceError] = []

    def promote(version: int) -> None:
        try:
            call(ws, "model.promote", model=f"buyer@{version}")
        except MillraceError as error:
            errors.append(error)

    threads = [threading.Thread(target=promote, args=(1 + at % 4,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    moves = ws.use(Artifacts).alias_history("model", "buyer", "champion")[::-1]
    assert moves[0].previous is None
    assert [move.previous for move in moves[1:]] == [move.version for move in moves[:-1]]
    assert champion(ws) == moves[-1].version


def test_concurrent_promotes_that_expect_the_same_have_one_winner(ws: Workspace) -> None:
    call(ws, "model.promote", model="buyer@1")
    outcomes: list[str] = []

    def promote(version: int) -> None:
        try:
            outcomes.append(call(ws, "model.promote", model=f"buyer@{version}", expected=1).model)
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=promote, args=(version,)) for version in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[:2] == ["conflict", "conflict"]
    assert f"model:buyer@{champion(ws)}" in outcomes


def test_mlflow_that_does_not_answer_is_told_of_loudly(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    root = ws.root
    with Workspace.open(root, {"durability": "normal", "mlflow": "http://127.0.0.1:9"}) as deaf:
        moved = call(deaf, "model.promote", model="buyer@2")
        assert moved.changed
        assert "MLflow" in " ".join(moved.notes)
        gone = call(deaf, "model.alias", model="buyer", alias="champion", remove=True)
        assert "MLflow" in " ".join(gone.notes)
    assert champion(ws) is None


@pytest.mark.crash
@pytest.mark.slow
def test_a_roll_back_killed_after_its_transaction_happens_once(ws: Workspace) -> None:
    for version in (1, 2, 3):
        call(ws, "model.promote", model=f"buyer@{version}")
    job = ws.use(Jobs).submit("model.roll_back", {"name": "buyer"})
    script = (
        "import sys; from millrace.core.workspace import Workspace\n"
        "from millrace.stores.jobs import Jobs\n"
        "with Workspace.open(sys.argv[1]) as ws: ws.use(Jobs).run(sys.argv[2])\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, str(ws.root), job.id],
        env={**os.environ, "MILLRACE_FAILPOINT": "job.before_done:1:kill"},
        check=False,
    )
    assert died.returncode == -9
    assert champion(ws) == 2
    result = ws.use(Jobs).run(job.id)
    assert (champion(ws), result.model, result.previous) == (2, "model:buyer@2", "model:buyer@3")


def told(client: Any) -> dict[str, int]:
    aliases = client.get_registered_model("buyer").aliases
    return {name: int(version) for name, version in aliases.items()}


def test_mlflow_follows_the_alias(workspace: Workspace, ctx: Context, tmp_path: Path) -> None:
    for _ in range(2):
        models.train(ctx, models.people(40), "buys", "buyer", ("age",), ("linear",))
    from millrace.stores.tracking import Tracking

    call(workspace, "model.promote", model="buyer@1")
    call(workspace, "model.promote", model="buyer@2")
    client = workspace.use(Tracking).client
    assert told(client) == {"champion": 2}
    assert call(workspace, "model.roll_back", name="buyer").notes == []
    assert told(client) == {"champion": 1}
    call(workspace, "model.alias", model="buyer", alias="champion", remove=True)
    assert told(client) == {}
    path = tmp_path / "card.html"
    made = call(
        workspace, "model.card", model="buyer@1", path=str(path), about="Finds <b>buyers</b>."
    )
    page = path.read_text(encoding="utf-8")
    assert "<b>buyers" not in page
    assert "<script" not in page
    assert "Finds" in made.markdown
    assert json.loads(made.model_dump_json())["model"] == "model:buyer@1"
