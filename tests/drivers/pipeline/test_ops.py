"""Pipelines kept, run, stopped half-way and run on."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, MillraceError, NotAllowed, NotFound
from millrace.core.events import Event
from millrace.core.policy import Actor
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.drivers.pipeline.examples import TEXT

REPO = Path(__file__).parents[3]
LARGE = {"column": "x", "op": ">", "value": 2}


@pytest.fixture
def jobs(ctx: Context) -> Jobs:
    table = pa.table({"x": [1, 2, 3, 4, 5], "word": list("abcde")})
    ctx.use(Datasets).write(ctx, "numbers", table)
    return ctx.use(Jobs)


def sample(name: str, source: str, **more: Any) -> dict[str, Any]:
    given = {"inputs": {"dataset": source}} if "." in source else {}
    params = {"output": name, "rows": 5} | ({} if given else {"dataset": source})
    return {"id": name, "op": "dataset.sample", "params": params | more, **given}


def graph(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"name": "g", "blocks": list(blocks)}


def states(blocks: list[Any]) -> dict[str, str]:
    return {block["id"]: block["state"] for block in blocks}


def test_the_same_content_is_the_same_version(jobs: Jobs) -> None:
    first = jobs.call("pipeline.save", {"text": TEXT})
    again = jobs.call(
        "pipeline.save", {"graph": jobs.call("pipeline.format", {"text": TEXT}).graph}
    )
    assert (first.version, first.created) == (1, True)
    assert (again.version, again.created, again.digest) == (1, False, first.digest)
    second = jobs.call("pipeline.save", {"text": TEXT.replace("rows: 4", "rows: 3")})
    assert second.pipeline == "pipeline:numbers@2"
    assert jobs.call("pipeline.show", {"pipeline": "numbers"}).version == 2
    back = jobs.call("pipeline.save", {"text": TEXT})
    assert (back.version, back.created) == (1, False)
    assert jobs.call("pipeline.show", {"pipeline": "numbers"}).text == TEXT


def test_roll_back_and_delete(jobs: Jobs) -> None:
    jobs.call("pipeline.save", {"text": TEXT})
    jobs.call("pipeline.save", {"text": TEXT.replace("rows: 4", "rows: 3")})
    with pytest.raises(InvalidInput, match="names no version"):
        jobs.call("pipeline.roll_back", {"pipeline": "numbers"})
    done = jobs.call("pipeline.roll_back", {"pipeline": "numbers@1"})
    assert (done.pipeline, done.previous) == ("pipeline:numbers@1", "pipeline:numbers@2")
    found = jobs.call("pipeline.versions", {"name": "numbers"}).versions
    assert [(v.version, v.current) for v in found] == [(2, False), (1, True)]
    with pytest.raises(Conflict, match="is the current version"):
        jobs.call("pipeline.delete", {"pipeline": "numbers@1"})
    assert jobs.call("pipeline.delete", {"pipeline": "numbers@2"}).deleted == ["pipeline:numbers@2"]
    assert jobs.call("pipeline.delete", {"pipeline": "numbers"}).deleted == ["pipeline:numbers@1"]
    with pytest.raises(NotFound):
        jobs.call("pipeline.show", {"pipeline": "numbers"})
    assert jobs.call("pipeline.list", {}).pipelines == []
    assert jobs.call("pipeline.save", {"text": TEXT}).version == 3


def test_a_pipeline_with_problems_is_kept_only_as_a_draft(jobs: Jobs) -> None:
    broken = TEXT.replace("draw.dataset", "drew.dataset")
    with pytest.raises(InvalidInput, match="no block 'drew'") as caught:
        jobs.call("pipeline.save", {"text": broken})
    assert caught.value.facts["problems"][0]["block"] == "large"
    assert jobs.call("pipeline.save", {"text": broken, "draft": True}).problems
    with pytest.raises(InvalidInput, match="cannot run in block 'large'"):
        jobs.call("pipeline.run", {"pipeline": "numbers"})


def test_a_text_that_cannot_be_read_is_a_problem_too(jobs: Jobs) -> None:
    found = jobs.call("pipeline.validate", {"text": "blocks: [\n"})
    assert [(p.code, p.field) for p in found.problems] == [("syntax", "text")]
    found = jobs.call("pipeline.validate", {"text": "name: a\nblocks: 3\n"})
    assert [(p.code, p.field) for p in found.problems] == [("shape", "blocks")]
    with pytest.raises(InvalidInput, match="exactly one of text, graph, pipeline"):
        jobs.call("pipeline.validate", {})


def test_blocks_run_in_order_as_child_jobs(jobs: Jobs, ctx: Context) -> None:
    jobs.call("pipeline.save", {"text": TEXT})
    seen: list[Event] = []
    done = jobs.call("pipeline.run", {"pipeline": "numbers"}, on_event=seen.append)
    assert done.pipeline == "pipeline:numbers@1"
    assert done.outputs == ["dataset:numbers-sample@1", "dataset:large@1"]
    told = [(e.data["id"], e.data["state"]) for e in seen if e.kind == "block"]
    wanted = [("draw", "running"), ("draw", "done"), ("large", "running"), ("large", "done")]
    assert told == wanted
    children = {jobs.get(block.job).op: jobs.get(block.job) for block in done.blocks}
    assert set(children) == {"dataset.sample", "pipeline.filter"}
    run = jobs.list(op="pipeline.run")[0]
    assert {child.parent for child in children.values()} == {run.id}
    edges = ctx.use(Artifacts).lineage("dataset:large@1")
    assert ("dataset:numbers-sample@1", "dataset:large@1") in edges


def test_run_to_here_runs_only_what_is_needed(jobs: Jobs) -> None:
    made = graph(sample("a", "numbers"), sample("b", "a.dataset"), sample("c", "a.dataset"))
    done = jobs.call("pipeline.run", {"graph": made, "until": "c"})
    assert [block.id for block in done.blocks] == ["a", "c"]
    with pytest.raises(InvalidInput, match="no block 'd'"):
        jobs.call("pipeline.run", {"graph": made, "until": "d"})


def test_overrides_replace_params_and_wires(jobs: Jobs) -> None:
    made = graph(sample("a", "numbers"), sample("b", "a.dataset"))
    changes = {"a.rows": 2, "b.dataset": "numbers", "b.rows": 4}
    jobs.call("pipeline.run", {"graph": made, "overrides": changes})
    assert jobs.call("dataset.describe", {"dataset": "b"}).rows == 4
    with pytest.raises(InvalidInput, match="no param of a block"):
        jobs.call("pipeline.run", {"graph": made, "overrides": {"z.rows": 1}})


def test_a_failed_block_skips_what_waits_for_it_and_a_retry_goes_on(
    jobs: Jobs, ctx: Context
) -> None:
    made = graph(
        sample("a", "numbers"),
        sample("bad", "later"),
        sample("behind", "bad.dataset"),
        sample("beside", "a.dataset"),
    )
    with pytest.raises(NotFound, match="Block 'bad' failed: There is no dataset 'later'") as caught:
        jobs.call("pipeline.run", {"graph": made})
    blocks = caught.value.facts["blocks"]
    assert states(blocks) == {"a": "done", "bad": "failed", "behind": "skipped", "beside": "done"}
    run = jobs.list(op="pipeline.run")[0]
    assert run.state == "failed"
    ctx.use(Datasets).write(ctx, "later", pa.table({"x": [1, 2]}))
    jobs.call("jobs.retry", {"id": run.id})
    again = jobs.get(run.id)
    assert again.state == "done"
    assert set(states(again.result["blocks"]).values()) == {"done"}
    kept = {block["id"]: block["job"] for block in blocks if block["job"]}
    now = {block["id"]: block["job"] for block in again.result["blocks"]}
    assert kept.items() <= now.items()
    for name in now:
        assert len(ctx.use(Artifacts).versions("dataset", name)) == 1
    attempts = {name: jobs.get(job).attempt for name, job in now.items()}
    assert attempts == dict.fromkeys(now, 1)


def test_a_retry_keeps_the_version_it_began_with(jobs: Jobs, ctx: Context) -> None:
    jobs.call("pipeline.save", {"graph": graph(sample("a", "later"))})
    with pytest.raises(NotFound):
        jobs.call("pipeline.run", {"pipeline": "g"})
    jobs.call("pipeline.save", {"graph": graph(sample("other", "numbers"))})
    ctx.use(Datasets).write(ctx, "later", pa.table({"x": [1]}))
    run = jobs.list(op="pipeline.run")[0]
    jobs.call("jobs.retry", {"id": run.id})
    assert jobs.get(run.id).result["pipeline"] == "pipeline:g@1"


def test_every_block_needs_the_right_of_its_op(jobs: Jobs) -> None:
    made = graph(
        sample("a", "numbers"),
        {"id": "gone", "op": "dataset.delete", "inputs": {"dataset": "a.dataset"}},
    )
    with pytest.raises(NotAllowed, match="may not run 'dataset.delete'") as caught:
        jobs.call("pipeline.run", {"graph": made}, Actor(name="ann", role="editor"))
    assert caught.value.facts["block"] == "gone"
    with pytest.raises(NotFound):
        jobs.call("dataset.describe", {"dataset": "a"})
    with pytest.raises(NotAllowed, match="whose effect is 'destructive'") as caught:
        jobs.call("pipeline.run", {"graph": made})
    assert "'allow'" in caught.value.hint
    with pytest.raises(NotFound):
        jobs.call("dataset.describe", {"dataset": "a"})
    jobs.call("pipeline.run", {"graph": made, "allow": ["destructive"]})
    with pytest.raises(NotAllowed, match="may not run 'pipeline.run'"):
        jobs.call("pipeline.run", {"graph": made}, Actor(name="vic", role="viewer"))


@pytest.mark.parametrize("how", ["cancel", "pause"])
def test_a_run_is_stopped_between_blocks_and_goes_on(jobs: Jobs, how: str) -> None:
    made = graph(sample("a", "numbers"), sample("b", "a.dataset"))
    run = jobs.submit("pipeline.run", {"graph": made})

    def stop(event: Event) -> None:
        if event.kind == "block" and (event.data["id"], event.data["state"]) == ("a", "done"):
            getattr(jobs, how)(run.id)

    with pytest.raises(MillraceError):
        jobs.run(run.id, stop)
    assert jobs.get(run.id).state == {"cancel": "cancelled", "pause": "paused"}[how]
    first = jobs.list(op="dataset.sample")
    assert [job.state for job in first] == ["done"]
    jobs.call("jobs.resume" if how == "pause" else "jobs.retry", {"id": run.id})
    assert jobs.get(run.id).state == "done"
    assert len(jobs.list(op="dataset.sample")) == 2


def test_filter_refuses_what_leaves_nothing(jobs: Jobs) -> None:
    base = {"dataset": "numbers", "output": "few"}
    kept = jobs.call("pipeline.filter", {**base, "filter": LARGE, "drop": ["word"]})
    assert (kept.rows_in, kept.rows) == (5, 3)
    none = {"column": "x", "op": ">", "value": 9}
    with pytest.raises(InvalidInput, match="No row of 'dataset:numbers@1' passes"):
        jobs.call("pipeline.filter", {**base, "filter": none})
    with pytest.raises(InvalidInput, match="no column z"):
        jobs.call("pipeline.filter", {**base, "filter": LARGE, "drop": ["z"]})
