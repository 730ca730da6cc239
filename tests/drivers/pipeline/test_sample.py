"""The sample pipeline is canonical, has no problem, and runs."""

from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from millrace.drivers.pipeline.source import parse
from millrace.stores.jobs import Jobs

REPO = Path(__file__).parents[3]
TEXT = (REPO / "samples" / "tickets.yaml").read_text(encoding="utf-8")


def test_it_stands_in_its_one_form() -> None:
    assert parse(TEXT).text == TEXT


def test_the_documented_text_is_read_back_as_it_stands() -> None:
    page = (REPO / "docs" / "pipeline.md").read_text(encoding="utf-8")
    shown = page.split("```yaml\n")[1].split("```")[0]
    assert parse(shown).text == shown


@pytest.mark.slow
def test_it_runs_from_file_to_evaluation(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPO)
    jobs = workspace.use(Jobs)
    jobs.call("pipeline.save", {"text": TEXT})
    fast = {
        "check.encode_rows": 0,
        "check.rows": 200,
        "train.budget": 2,
        "train.trials": 1,
        "train.encoder": "hashed-1024",
        "train.learners": ["linear"],
        "evaluate.resamples": 0,
        "evaluate.slices": [],
    }
    done = jobs.call("pipeline.run", {"pipeline": "tickets", "overrides": fast})
    assert {block.state for block in done.blocks} == {"done"}
    outputs = {block.id: block.outputs for block in done.blocks}
    assert outputs["train"] == {"model": "model:intent@1"}
    assert outputs["evaluate"]["report"].startswith("report:")
    judged = jobs.get(next(block.job for block in done.blocks if block.id == "evaluate")).result
    assert judged["dataset"] == "dataset:tickets-test@1"
    accuracy = next(m["value"] for m in judged["metrics"] if m["name"] == "accuracy")
    assert accuracy > 0.2  # 12 classes; one cheap trial
