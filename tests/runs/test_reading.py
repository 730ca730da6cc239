"""Both ways of reading runs give the same answers."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from millrace.core.errors import InvalidInput, NotFound, Unavailable
from millrace.runs.store.api import ApiReader
from millrace.runs.store.database import open_engine
from millrace.runs.store.open import Runs
from millrace.runs.store.reading import Reader
from millrace.runs.types import ListParams
from millrace.stores.tracking import Tracking
from tests.runs.conftest import Filled, begun


@pytest.fixture(params=["database", "api"])
def reader(request: pytest.FixtureRequest, filled: Filled) -> Reader:
    """The reader of the tables, and the one that a tracking server gets."""
    if request.param == "api":
        return ApiReader(filled.ctx.use(Tracking), filled.ctx.project)
    return filled.ctx.use(Runs).reader(filled.ctx)


def names(reader: Reader, **params: Any) -> list[str]:
    page = reader.page(ListParams.model_validate(params))
    assert page.total >= len(page.lines)
    return [line.name for line in page.lines]


def test_the_newest_come_first_and_others_stay_out(reader: Reader) -> None:
    assert names(reader) == ["delta", "gamma", "beta", "alpha"]
    assert names(reader, descending=False, limit=2) == ["alpha", "beta"]
    assert names(reader, limit=2, offset=2) == ["beta", "alpha"]
    assert names(reader, offset=50) == []
    assert reader.page(ListParams(limit=1)).total == 4
    assert reader.page(ListParams(offset=50)).total == 4
    assert names(reader, deleted=True) == ["gone"]
    assert names(reader, experiment="tuning") == ["delta"]
    assert names(reader, experiment="") == ["gamma", "beta", "alpha"]


def test_sorting_by_anything(reader: Reader) -> None:
    assert names(reader, sort="name", descending=False) == ["alpha", "beta", "delta", "gamma"]
    assert names(reader, sort="metrics.score") == ["delta", "beta", "alpha", "gamma"]
    assert names(reader, sort="metrics.loss", descending=False)[-1] == "gamma"
    # numbers by size, then texts, then nothing
    assert names(reader, sort="params.lr") == ["beta", "delta", "alpha", "gamma"]
    assert names(reader, sort="params.lr", descending=False) == ["alpha", "delta", "beta", "gamma"]
    assert names(reader, sort="params.net", descending=False)[:2] == ["beta", "alpha"]
    assert names(reader, sort="tags.team", descending=False)[:2] == ["gamma", "alpha"]
    assert set(names(reader, sort="duration")[:2]) == {"alpha", "beta"}
    assert names(reader, sort="model", descending=False)[-1] == "gamma"
    with pytest.raises(InvalidInput, match="no column 'size'"):
        names(reader, sort="size")


@pytest.mark.parametrize(
    ("condition", "fitting"),
    [
        ({"column": "metrics.score", "op": ">", "value": 1}, "beta delta"),
        ({"column": "metrics.score", "op": "between", "value": [0, 2]}, "alpha beta"),
        ({"column": "metrics.score", "op": "is null"}, "gamma"),
        ({"column": "params.lr", "op": "<", "value": 9.5}, "alpha delta"),
        ({"column": "params.lr", "op": "=", "value": "auto"}, "gamma"),
        ({"column": "params.lr", "op": "in", "value": [9, 10]}, "beta delta"),
        ({"column": "params.lr", "op": "not in", "value": ["auto", "9"]}, "alpha beta"),
        ({"column": "params.net", "op": "is not null"}, "alpha beta"),
        ({"column": "params.net", "op": "contains", "value": "LAR"}, ""),
        ({"column": "params.net", "op": "contains text", "value": "LAR"}, "beta"),
        ({"column": "name", "op": "starts with", "value": "al"}, "alpha"),
        ({"column": "name", "op": "contains", "value": "%"}, ""),
        ({"column": "state", "op": "!=", "value": "running"}, "alpha beta"),
        ({"column": "tags.team", "value": "b"}, "beta delta"),
        ({"column": "user", "value": "ann"}, "alpha beta delta gamma"),
        ({"column": "op", "op": "!=", "value": "x"}, "alpha beta delta"),
        ({"column": "model", "value": "model:m@2"}, "beta"),
        ({"column": "duration", "op": ">=", "value": 0}, "alpha beta"),
        ({"not": {"column": "metrics.score", "op": ">", "value": 1}}, "alpha gamma"),
        (
            {"any": [{"column": "name", "value": "alpha"}, {"column": "name", "value": "beta"}]},
            "alpha beta",
        ),
        (
            {
                "all": [
                    {"column": "tags.team", "value": "a"},
                    {"column": "op", "op": "is not null"},
                ]
            },
            "alpha",
        ),
    ],
)
def test_filters(reader: Reader, condition: Any, fitting: str) -> None:
    assert sorted(names(reader, filter=condition)) == fitting.split()


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"column": "metrics.score", "value": "high"}, "needs a number"),
        ({"column": "name", "value": 3}, "a text in quotes"),
        ({"column": "name", "op": "in", "value": "alpha"}, "needs a list"),
        ({"column": "name", "op": "=", "value": ["a"]}, "needs one value"),
        ({"column": "metrics.score", "op": "contains", "value": "1"}, "a column of texts"),
        ({"column": "metrics.score", "op": "between", "value": [1]}, "the two ends"),
        ({"column": "name", "op": "matches", "value": "(a+)+$"}, "searched with 'contains'"),
        ({"column": "nothing", "value": "1"}, "no column 'nothing'"),
    ],
)
def test_filters_that_do_not_fit(reader: Reader, condition: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        names(reader, filter=condition)
    assert said in f"{caught.value.problem} {caught.value.hint}"


def test_plain_filters(reader: Reader) -> None:
    assert names(reader, search="ALPH") == ["alpha"]
    assert names(reader, search="job-be") == ["beta"]
    assert names(reader, search="_") == []
    assert names(reader, state=["finished", "failed"]) == ["beta", "alpha"]
    assert names(reader, op="automl") == ["delta", "beta", "alpha"]
    assert names(reader, op="auto") == []
    assert names(reader, dataset="people") == ["delta", "beta", "alpha"]
    assert names(reader, dataset="people@2") == ["beta"]


def test_a_line_tells_everything(reader: Reader, filled: Filled) -> None:
    line = reader.lines([filled.ids["beta"]], None)[0]
    assert (line.state, line.user, line.op) == ("failed", "ann", "automl.train")
    assert (line.job, line.dataset, line.model) == ("job-beta", "dataset:people@2", "model:m@2")
    assert line.params == {"lr": "10", "net": "large"}
    assert line.tags == {"team": "b"}
    assert line.duration == pytest.approx((line.ended_at or 0) - (line.started_at or 0), abs=2e-3)
    assert line.metrics["score"].last == 1.5
    assert list(reader.lines([filled.ids["beta"]], ["score"])[0].metrics) == ["score"]
    nothing = reader.lines([filled.ids["gamma"]], None)[0].metrics["loss"]
    assert nothing.last is None
    for strange in ("other", "nobody"):
        with pytest.raises(NotFound, match="has no run"):
            reader.lines([filled.ids.get(strange, "nobody")], None)


def test_keys_are_those_of_the_project(reader: Reader) -> None:
    found = reader.keys()
    assert found.metrics == ["loss", "score"]
    assert found.params == ["lr", "net"]
    assert found.tags == ["team"]


def test_histories_come_in_order(reader: Reader, filled: Filled) -> None:
    found = reader.history([filled.ids["alpha"], filled.ids["gamma"]], None)
    alpha = found[filled.ids["alpha"], "loss"]
    assert [(step, at) for step, at, _ in alpha] == [(s, (1000 + s) / 1000) for s in range(5)]
    assert [value for *_, value in alpha] == [1 / (step + 1) for step in range(5)]
    assert [value for *_, value in found[filled.ids["gamma"], "loss"]] == [None]
    assert list(reader.history([filled.ids["alpha"]], ["score"])) == [
        (filled.ids["alpha"], "score")
    ]


def test_details(reader: Reader, filled: Filled) -> None:
    assert reader.details(filled.ids["alpha"]).inputs == []
    tracking, there = filled.ctx.use(Tracking), filled.ctx.but(project="elsewhere")
    tracking.reads(filled.ids["other"], "dataset:people@7")
    tracking.reads(filled.ids["other"], "dataset:people@7")
    for other in (ApiReader(tracking, "elsewhere"), filled.ctx.use(Runs).reader(there)):
        found = other.details(filled.ids["other"])
        assert found.line.dataset == "dataset:people@7"
        assert [(one.name, one.source, one.context) for one in found.inputs] == [
            ("people", "dataset:people@7", "training")
        ]
        assert found.system_tags["millrace.job"] == "job-other"
        assert found.artifact_uri


def test_letters_of_any_language_are_found_in_either_case(reader: Reader) -> None:
    pines = {"column": "params.net", "op": "contains text", "value": "ЁЛ"}
    assert names(reader, deleted=True, filter=pines) == ["gone"]
    spaced = {"column": "params.odd", "op": ">", "value": 1}
    assert names(reader, deleted=True, filter=spaced) == []


@pytest.mark.parametrize(
    ("column", "op", "value"),
    [
        ("metrics.loss", "=", 10**400),
        ("started_at", "between", [0, 10**400]),
        ("params.lr", "in", [1, "auto"]),
        ("params.lr", "between", [0, "auto"]),
    ],
)
def test_values_that_no_run_can_have_are_refused(
    reader: Reader, column: str, op: str, value: Any
) -> None:
    with pytest.raises(InvalidInput, match=f"compares '{column}'"):
        names(reader, filter={"column": column, "op": op, "value": value})
    assert names(reader, filter={"column": column, "op": "=", "value": 10**30}) == []


def test_a_text_that_no_database_holds_breaks_nothing(reader: Reader) -> None:
    condition = {"column": "params.net", "op": "contains", "value": "\x00"}
    with suppress(InvalidInput):  # what Postgres cannot even be asked
        assert names(reader, filter=condition) == []
    assert names(reader, limit=1) == ["delta"]


def test_a_database_that_does_not_answer_is_said() -> None:
    with pytest.raises(Unavailable, match="MLflow's database does not answer"):
        open_engine("postgresql://nobody@127.0.0.1:1/none")


def test_the_tables_know_extremes_and_the_api_says_that_it_does_not(filled: Filled) -> None:
    reader = filled.ctx.use(Runs).reader(filled.ctx)
    line = reader.lines([filled.ids["beta"]], None)[0]
    assert (line.metrics["score"].min, line.metrics["score"].max) == (1.1, 1.9)
    assert (line.metrics["score"].step, line.metrics["score"].count) == (2, 3)
    assert names(reader, sort="min.score", descending=False)[0] == "alpha"
    assert names(reader, filter={"column": "max.score", "op": ">", "value": 1.8}) == [
        "delta",
        "beta",
    ]
    elsewhere = filled.ctx.use(Runs).reader(filled.ctx.but(project="elsewhere"))
    assert elsewhere.lines([filled.ids["other"]], None)[0].metrics["score"].min == 5.1
    filled.ctx.use(Tracking).write(filled.ids["other"], [("score", -1.0, 3, 3000)])
    assert elsewhere.lines([filled.ids["other"]], None)[0].metrics["score"].min == -1.0
    api = ApiReader(filled.ctx.use(Tracking), filled.ctx.project)
    page = api.page(ListParams())
    assert page.lines[0].metrics["score"].min is None
    assert "not known" in page.notes[0]
    with pytest.raises(InvalidInput, match=r"'min\.score' is not known"):
        api.page(ListParams(sort="min.score"))


def test_a_schema_that_cannot_be_made_is_said(postgres: str, tmp_path: Path) -> None:
    with begun(postgres) as connection:
        connection.execute(text("drop role if exists nobody_here"))
        connection.execute(text("create role nobody_here login"))
    where = postgres.replace("://millrace@", "://nobody_here@")
    with pytest.raises(Unavailable, match="schema 'none_yet' for MLflow cannot be made"):
        _ = Tracking(f"{where}?options=-csearch_path%3Dnone_yet", tmp_path).client
    with begun(postgres) as connection:
        connection.execute(text("drop role nobody_here"))
