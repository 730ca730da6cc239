"""The whole loop on small files: what it says, what it leaves, what it refuses."""

import threading
import time
from pathlib import Path

import pytest

from millrace.core.context import Context
from millrace.core.errors import Cancelled, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.stores.artifacts import Artifacts
from millrace.stores.jobs import Jobs

SAMPLES = Path(__file__).parents[2] / "samples"


def head(tmp_path: Path, name: str, rows: int) -> Path:
    lines = (SAMPLES / name).read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / name
    path.write_text("".join(lines[: rows + 1]), encoding="utf-8")
    return path


@pytest.mark.slow
def test_texts_go_round_the_loop(ctx: Context, tmp_path: Path) -> None:
    file = head(tmp_path, "tickets.csv", 160)
    result = ctx.use(Jobs).call("flows.tour", {"file": str(file), "budget": 2})
    assert (result.target, result.task, result.dataset) == (
        "intent",
        "classification",
        "dataset:tickets@1",
    )
    assert "its name says 'intent'" in result.why
    names = [station.name for station in result.stations]
    assert names == [
        *("dataset", "quality", "split", "label", "automl", "evaluation"),
        *("explanation", "model", "deployment", "search", "drift", "monitor"),
    ]
    low, high = result.evaluation.interval
    assert low <= result.evaluation.value <= high
    assert result.evaluation.value > 0.3
    page = Path(result.report).read_text("utf-8")
    assert "<svg" in page
    assert "<script" not in page
    artifacts = ctx.use(Artifacts)
    assert artifacts.get("tickets@champion", "model").ref == result.model
    assert artifacts.get("tickets", "index")
    assert artifacts.get("tickets", "deployment")
    text = result.readable()
    assert result.report in text
    assert "accuracy" in text


@pytest.mark.slow
def test_numbers_with_a_holdout_of_their_own(ctx: Context, tmp_path: Path) -> None:
    lines = (SAMPLES / "houses.csv").read_text("utf-8").splitlines(keepends=True)
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("".join(lines[:201]), encoding="utf-8")
    test.write_text("".join([lines[0], *lines[201:251]]), encoding="utf-8")
    report = tmp_path / "report.html"
    result = ctx.use(Jobs).call(
        "flows.tour",
        {"file": str(train), "holdout": str(test), "budget": 1, "report": str(report)},
    )
    assert (result.target, result.task) == ("price", "regression")
    assert (result.train, result.holdout) == ("dataset:train@1", "dataset:train-holdout@1")
    assert result.evaluation.metric == "rmse"
    assert report.exists()


@pytest.mark.slow
def test_a_tour_that_was_stopped_goes_on_where_it_stood(ctx: Context, tmp_path: Path) -> None:
    file, jobs = head(tmp_path, "houses.csv", 100), ctx.use(Jobs)
    job = jobs.submit("flows.tour", {"file": str(file), "budget": 1})
    stopped: list[BaseException] = []

    def work() -> None:
        try:
            jobs.run(job.id)
        except Cancelled as error:
            stopped.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not jobs.list(op="quality.check"):
        time.sleep(0.02)
    jobs.pause(job.id)
    thread.join()
    assert stopped
    assert jobs.get(job.id).state == "paused"
    jobs.resume(job.id)
    jobs.run(job.id)
    assert jobs.get(job.id).state == "done"
    assert len(jobs.list(op="dataset.import")) == 1
    assert [a.version for a in ctx.use(Artifacts).versions("dataset", "houses")][-1] == 1


@pytest.mark.parametrize(
    ("text", "params", "error", "said"),
    [
        ("", {}, InvalidInput, "empty"),
        ("a,b\n", {}, InvalidInput, "no rows|one line|no row"),
        ("a,b\n1,2\n3,4\n", {"target": "c"}, InvalidInput, "Column 'c' is not in the file"),
        ("id,name\n1,x\n2,y\n", {}, InvalidInput, "No column looks like"),
        ("a,label\n1,x\n2,x\n3,x\n", {"target": "label"}, InvalidInput, "class|rows"),
    ],
)
def test_files_that_cannot_be_learnt_from(
    ctx: Context, tmp_path: Path, text: str, params: dict[str, object], error: type, said: str
) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said) as caught:
        ctx.use(Jobs).call("flows.tour", {"file": str(path), "budget": 1, **params})
    assert caught.value.hint
    assert ctx.use(Artifacts).list("model") == []


def test_a_file_or_folder_that_is_not_there(ctx: Context, tmp_path: Path) -> None:
    with pytest.raises((NotFound, InvalidInput), match="nope.csv"):
        ctx.use(Jobs).call("flows.tour", {"file": str(tmp_path / "nope.csv")})
    with pytest.raises(InvalidInput, match="The folder of the report"):
        ctx.use(Jobs).call(
            "flows.tour", {"file": "x.csv", "report": str(tmp_path / "no" / "r.html")}
        )


def test_only_who_may_write_outside_names_the_report(ctx: Context, tmp_path: Path) -> None:
    params = {"file": "x.csv", "report": str(tmp_path / "r.html")}
    with pytest.raises(NotAllowed, match="may not run 'flows.tour', whose effect is 'external'"):
        ctx.use(Jobs).call("flows.tour", params, Actor(name="ed", role="editor"))
    assert not (tmp_path / "r.html").exists()
