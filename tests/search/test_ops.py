"""Indexes over datasets: building, asking, filters, staleness, hostile queries."""

import sqlite3
import threading

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.search import store
from millrace.search.store import Indexes
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs

TEXTS = [
    "Where is my parcel, it should have come on Monday",
    "The parcel is late again",
    "I want my money back for the broken kettle",
    "Please refund the kettle",
    "Где моя посылка",
    None,
]
KINDS = ["delivery", "delivery", "refund", "refund", "delivery", "none"]


@pytest.fixture
def jobs(ctx: Context) -> Jobs:
    table = pa.table({"text": TEXTS, "kind": KINDS, "n": list(range(6))})
    ctx.use(Datasets).write(ctx, "tickets", table)
    return ctx.use(Jobs)


def ask(jobs: Jobs, **params: object):
    return jobs.call("search.query", {"index": "tickets", **params})


def test_words_and_meaning_with_reasons(jobs: Jobs) -> None:
    made = jobs.call(
        "search.build", {"dataset": "tickets", "text": ["text"], "encoder": "hashed-1024"}
    )
    assert (made.index, made.rows, made.columns) == ("index:tickets@1", 6, ["text"])
    found = ask(jobs, text="parcel late", k=3)
    assert found.hits[0].id == 1
    assert {leg.leg for leg in found.hits[0].legs} == {"text", "vector"}
    assert found.hits[0].row["kind"] == "delivery"
    marked = found.hits[0]
    assert [marked.snippet[a:b] for a, b in marked.marks] == ["parcel", "late"]
    assert found.hits[0].score == pytest.approx(sum(leg.points for leg in marked.legs))
    assert found.terms == ["parcel", "late"]


def test_filters_come_before_ranking(jobs: Jobs) -> None:
    jobs.call("search.build", {"dataset": "tickets", "text": ["text"], "encoder": "none"})
    only = {"column": "kind", "value": "refund"}
    found = ask(jobs, text="parcel kettle", filter=only)
    assert sorted(hit.id for hit in found.hits) == [2, 3]
    with pytest.raises(InvalidInput, match="column 'nope', which is not there"):
        ask(jobs, text="x", filter={"column": "nope", "value": 1})


def test_a_stale_index_says_so(jobs: Jobs, ctx: Context) -> None:
    jobs.call("search.build", {"dataset": "tickets", "text": ["text"], "encoder": "none"})
    assert ask(jobs, text="parcel").notices == []
    more = pa.table({"text": ["parcel"], "kind": ["new"], "n": [7]})
    ctx.use(Datasets).write(ctx, "tickets", more, "append")
    found = ask(jobs, text="parcel")
    assert "not the newest version" in found.notices[0]
    assert all(hit.row["kind"] != "new" for hit in found.hits)
    (line,) = jobs.call("search.list", {}).indexes
    assert line.is_current is False


def test_an_english_encoder_leaves_other_scripts_to_the_words(jobs: Jobs) -> None:
    made = jobs.call("search.build", {"dataset": "tickets", "text": ["text"]})
    if "hashed" in made.encoder:
        pytest.skip("no encoder weights here, so there is nothing to gate")
    found = ask(jobs, text="посылка")
    assert [hit.id for hit in found.hits] == [4]
    assert "answered by its words alone" in found.notices[0]
    near = jobs.call("search.similar", {"index": "tickets", "row": 2, "k": 2})
    assert near.hits[0].id == 3


def test_own_vectors_are_a_leg(ctx: Context) -> None:
    vectors = pa.FixedSizeListArray.from_arrays(np.eye(4, dtype=np.float32).ravel(), 4)
    ctx.use(Datasets).write(ctx, "v", pa.table({"v": vectors, "name": list("abcd")}))
    jobs = ctx.use(Jobs)
    jobs.call("search.build", {"dataset": "v", "vector": "v"})
    found = jobs.call("search.query", {"index": "v", "vector": [0, 0, 2, 0.1], "k": 2})
    assert [hit.row["name"] for hit in found.hits] == ["c", "d"]
    with pytest.raises(InvalidInput, match="has 2 numbers.*needs 4"):
        jobs.call("search.query", {"index": "v", "vector": [1, 2]})
    found = jobs.call("search.query", {"index": "v", "vector": [0, 1e300, 0, 1e299], "k": 1})
    assert (found.hits[0].row["name"], found.hits[0].legs[0].score) == (
        "b",
        pytest.approx(0.995, 1e-3),
    )
    with pytest.raises(InvalidInput, match="vector is zero"):
        jobs.call("search.query", {"index": "v", "vector": [0, 0, 0, 0]})


def test_rows_without_a_finite_vector_are_left_out_aloud(ctx: Context) -> None:
    kind = pa.list_(pa.float32(), 2)
    rows = [[1.0, 0.0], None, [float("nan"), 1.0], [None, 1.0], [0.0, 1.0]]
    ctx.use(Datasets).write(ctx, "v", pa.table({"v": pa.array(rows, kind)}))
    jobs = ctx.use(Jobs)
    made = jobs.call("search.build", {"dataset": "v", "vector": "v"})
    assert made.notices == ["3 of 5 rows have no finite vector in 'v': left out."]
    found = jobs.call("search.query", {"index": "v", "vector": [0, 1]})
    assert [hit.id for hit in found.hits] == [4, 0]


def test_hits_can_be_written_as_json_whatever_the_columns_hold(ctx: Context) -> None:
    table = pa.table({"t": ["hello"], "raw": [[b"\xff"]], "part": [{"a": 1}], "big": [b"\xff"]})
    table = table.set_column(3, "big", table.column("big").cast(pa.large_binary()))
    ctx.use(Datasets).write(ctx, "odd", table)
    jobs = ctx.use(Jobs)
    jobs.call("search.build", {"dataset": "odd", "text": ["t"], "encoder": "none"})
    found = jobs.call("search.query", {"index": "odd", "text": "hello"})
    assert found.hits[0].row == {"t": "hello", "part": {"a": 1}}
    assert "hello" in found.model_dump_json()
    with pytest.raises(InvalidInput, match="'raw' holds list.* not shown"):
        jobs.call("search.query", {"index": "odd", "text": "hello", "columns": ["raw"]})


def test_weights_can_be_judged_by_labels(jobs: Jobs) -> None:
    made = jobs.call(
        "search.build",
        {"dataset": "tickets", "text": ["text"], "encoder": "hashed-1024", "judge": "kind"},
    )
    assert set(made.judged) == {"text 0", "text 0.25", "text 0.5", "text 0.75", "text 1"}
    assert sum(made.weights.values()) == 1.0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "The query is empty"),
        ({"text": "   "}, "The query is empty"),
        ({"text": "x", "weights": {"text": 0, "vector": 0}}, "Every weight is 0"),
        ({"text": "x", "weights": {"smell": 1}}, "weight of 'smell'"),
        ({"text": "x", "k": 0}, "Field 'k'"),
        ({"text": "x", "columns": ["nope"]}, "Column 'nope' is not in"),
    ],
)
def test_bad_queries(jobs: Jobs, params: dict[str, object], said: str) -> None:
    jobs.call("search.build", {"dataset": "tickets", "text": ["text"], "encoder": "none"})
    with pytest.raises(InvalidInput, match=said):
        ask(jobs, **params)


def test_bad_builds(jobs: Jobs) -> None:
    with pytest.raises(InvalidInput, match="holds int64, not text"):
        jobs.call("search.build", {"dataset": "tickets", "text": ["n"]})
    with pytest.raises(InvalidInput, match="Column 'nope' is not in"):
        jobs.call("search.build", {"dataset": "tickets", "text": ["nope"]})
    with pytest.raises(NotFound, match="no dataset 'other'"):
        jobs.call("search.build", {"dataset": "other"})
    with pytest.raises(NotFound, match="no index 'tickets'"):
        ask(jobs, text="x")


def test_meaning_leads_only_where_the_encoder_has_some(jobs: Jobs, ctx: Context) -> None:
    by_spelling = {"dataset": "tickets", "text": ["text"], "encoder": "hashed-1024"}
    made = jobs.call("search.build", by_spelling)
    assert made.weights == {"text": 0.75, "vector": 0.25}
    named = jobs.call("search.build", {"dataset": "tickets", "text": ["text"]})
    if "hashed" in named.encoder:
        pytest.skip("no encoder weights here, so there is no meaning to lead")
    assert named.weights == {"text": 0.25, "vector": 0.75}


def test_an_index_that_makes_room_is_closed_once_it_is_read(
    jobs: Jobs, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "OPEN", 1)
    indexes, artifacts = ctx.use(Indexes), ctx.use(Artifacts)
    for name, column in (("one", "text"), ("two", "kind")):
        build = {"dataset": "tickets", "text": [column], "encoder": "none", "name": name}
        jobs.call("search.build", build)
    one, two = (artifacts.get(name, "index") for name in ("one", "two"))
    with indexes.using(one) as first:
        late = threading.Thread(target=indexes.get, args=(two,))
        late.start()
        late.join(0.2)
        assert not first.closed  # who makes room waits for the reader
        assert first.words is not None
        assert first.words.execute("select count(*) from words").fetchone() == (6,)
    late.join()
    assert first.closed
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.words.execute("select 1")
    found = jobs.call("search.query", {"index": "one", "text": "parcel"})
    assert len(found.hits) == 2
    again = indexes.get(one)
    again.close()  # as if it made room between being found and being read
    indexes._open.clear()
    with indexes.using(one) as fresh:
        assert not fresh.closed
