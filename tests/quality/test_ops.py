"""The op `quality.check` on datasets of a workspace and on the sample data."""

import csv
import re
import runpy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.events import Event
from millrace.quality.ops import check, show
from millrace.quality.types import CheckParams, CheckResult, ShowParams
from millrace.stores.datasets import Datasets

SAMPLES = Path(__file__).parents[2] / "samples"


def write(ctx: Context, name: str, table: pa.Table) -> str:
    return ctx.use(Datasets).write(ctx, name, table)


def run(ctx: Context, **params: Any) -> tuple[CheckResult, list[Event]]:
    work = check(CheckParams(**params), ctx)
    events: list[Event] = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as done:
            return done.value, events


@pytest.fixture
def people(ctx: Context) -> Context:
    ages = [20 + row % 40 for row in range(80)]
    write(ctx, "people", pa.table({"age": ages, "vector": [[1.0]] * 80}))
    return ctx


def test_findings_name_rows_by_their_id(people: Context) -> None:
    found, _ = run(people, dataset="people", rules=[{"column": "age", "max": 58}])
    rule = next(one for one in found.findings if one.check == "rule")
    ids = people.use(Datasets).read("people", ["_id", "age"]).to_pylist()
    assert rule.rows == [row["_id"] for row in ids if row["age"] > 58]
    assert found.score == pytest.approx(100 - sum(one.points for one in found.findings), abs=0.05)
    assert found.score == pytest.approx(100 - sum(one.lost for one in found.parts), abs=0.05)
    assert found.notes == ["1 columns with vectors, lists or files were not checked."]


def test_every_check_is_told_as_it_is_made(people: Context) -> None:
    _, events = run(people, dataset="people")
    done = [event.data for event in events if event.kind == "progress"]
    assert [one["done"] for one in done] == list(range(1, 13))
    assert {one["total"] for one in done} == {12}


def test_stopping_keeps_what_was_found_and_says_so(people: Context) -> None:
    found, _ = run(people.but(stopping=lambda: True), dataset="people")
    assert "Stopped before all checks were made." in found.notes
    assert [part.part for part in found.parts] == ["completeness"]


def test_findings_lead_to_their_rows_and_columns(people: Context) -> None:
    rows = people.use(Datasets).read("people", ["age"]).column("age").to_pylist()
    faulty = {
        "age": rows,
        "city": ["Oslo", "oslo", *["Rome", "Lima"] * 39],
        **{f"gap{n}": [None if at < 9 else at * 1.5 for at in range(80)] for n in range(60)},
    }
    write(people, "faulty", pa.table(faulty))
    found, _ = run(people, dataset="faulty")
    odd = next(one for one in found.findings if one.check == "spelling")
    assert odd.columns == ["city"]
    assert odd.rows
    (joined,) = [one for one in found.findings if one.says.startswith("10 more columns")]
    assert len(joined.columns) == 10
    assert joined.rows == list(range(9))  # the rows of the findings it stands for
    measured = {f"x{n}": [(at * (n + 1.37)) % 7.1 for at in range(80)] * 2 for n in range(5)}
    write(people, "copied", pa.table(measured))
    copies, _ = run(people, dataset="copied")
    twice = next(one for one in copies.findings if one.check == "duplicate_rows")
    assert (twice.column, twice.columns) == (None, list(measured))
    page = people.use(Datasets).take("copied", twice.rows, twice.columns)
    assert page.num_rows == len(twice.rows)


def test_the_last_report_of_a_version_is_shown_again(people: Context) -> None:
    with pytest.raises(NotFound, match="no quality report of 'dataset:people@1'"):
        show(ShowParams(dataset="people"), people)
    run(people, dataset="people")
    last, _ = run(people, dataset="people", target="age")
    found = show(ShowParams(dataset="people"), people)
    assert found.report == last
    assert found.params["target"] == "age"
    write(people, "people", pa.table({"age": [1, 2, 3]}))
    with pytest.raises(NotFound, match="people@2"):
        show(ShowParams(dataset="people"), people)
    assert show(ShowParams(dataset="people@1"), people).report == last


def test_a_large_dataset_is_sampled_and_it_says_so(ctx: Context) -> None:
    write(ctx, "many", pa.table({"x": [float(row) for row in range(300)]}))
    found, _ = run(ctx, dataset="many", rows=100)
    assert (found.rows, found.rows_checked) == (300, 100)
    assert "100 of 300 rows were checked, drawn at random." in found.notes


def test_texts_are_judged_by_meaning_and_a_stand_in_encoder_is_named(ctx: Context) -> None:
    texts = [
        f"{('where is parcel', 'refund my money for')[row % 2]} {row * 7919}" for row in range(80)
    ]
    labels = [("parcel", "money")[row % 2] for row in range(80)]
    labels[6] = "money"
    write(ctx, "notes", pa.table({"text": texts, "label": labels}))
    named = ctx.workspace.settings.model_copy(update={"encoder": "hashed-1024"})
    ctx.workspace.settings = named
    found, _ = run(ctx, dataset="notes", target="label")
    doubted = next(one for one in found.findings if one.check == "label_errors")
    ids = ctx.use(Datasets).read("notes", ["_id"])["_id"].to_pylist()
    assert doubted.rows == [ids[6]]
    assert doubted.suggestions[0].label == "parcel"
    assert "compared by their spelling" in found.notes[0]


def test_unknown_columns_are_named(people: Context) -> None:
    with pytest.raises(InvalidInput, match="Column 'nope' is not in"):
        run(people, dataset="people", target="nope")
    with pytest.raises(InvalidInput, match="Column 'none' is not in"):
        run(people, dataset="people", rules=[{"column": "none"}])


def test_a_fault_free_table_is_said_to_be_good(ctx: Context) -> None:
    write(ctx, "fine", pa.table({"x": [float(row % 37) for row in range(100)]}))
    found, _ = run(ctx, dataset="fine")
    assert found.verdict == "Quality is good, 100 of 100; no fault costs half a point."


def sample(ctx: Context, name: str) -> dict[int, str]:
    write(ctx, name, pyarrow.csv.read_csv(SAMPLES / f"{name}.csv"))
    rows = ctx.use(Datasets).read(name, ["_id", "id"]).to_pylist()
    return {row["_id"]: row["id"] for row in rows}


def test_the_planted_faults_of_the_tickets_are_found(ctx: Context) -> None:
    ids = sample(ctx, "tickets")
    found, _ = run(ctx, dataset="tickets", target="intent", encode_rows=0)
    by_check = {one.check: one for one in found.findings}
    copied = by_check["duplicate_texts"].count + by_check["near_duplicates"].count
    assert copied == 40
    doubted = {ids[row] for row in by_check["label_errors"].rows}
    assert len(doubted & wrong_ids()) >= 5
    assert len(doubted) <= 150


def test_the_planted_faults_of_the_houses_are_found(ctx: Context) -> None:
    sample(ctx, "houses")
    found, _ = run(ctx, dataset="houses", target="price")
    by_check = {(one.check, one.column): one for one in found.findings}
    assert by_check["duplicate_rows", None].count == 9
    assert by_check["spelling", "district"].count >= 20
    assert 1 <= by_check["outliers", "area_m2"].count <= 6


def wrong_ids() -> set[str]:
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"T\d{4}", text.split("Their ids:")[1]))


@pytest.mark.parametrize("name", ["tickets", "houses"])
def test_the_samples_are_made_again_byte_by_byte(name: str) -> None:
    made = runpy.run_path(str(SAMPLES / f"make_{name}.py"))
    rows = made["build"]()
    if name == "tickets":
        rows, wrong = rows
        assert set(wrong) == wrong_ids()
    assert made["render"](rows) == (SAMPLES / f"{name}.csv").read_bytes()


def test_the_figures_of_the_samples_page_hold() -> None:
    page = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for name in ("tickets", "houses"):
        with (SAMPLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert f"| `{name}.csv` | {len(rows):,} |" in page
    phrases = (SAMPLES / "phrases.txt").read_text(encoding="utf-8")
    assert "452 hand-written messages" in page
    assert len(re.findall(r"^(?:en|ru)\|", phrases, re.MULTILINE)) == 452 + 215
