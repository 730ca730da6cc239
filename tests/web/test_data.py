"""The Data screen in a browser: a file in, rows, columns, quality, versions, lineage, search."""

import io
import json
import re
import urllib.parse
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Axe, Visit

LOST = "ERR_FAILED|ERR_INTERNET_DISCONNECTED|Failed to load resource"
HOSTILE = "<img src=x onerror=\"window.hacked = 1\">"  # fmt: skip
HELD = """async (dataTransfer) => {
  dispatchEvent(new DragEvent("dragenter", { dataTransfer }));
  await new Promise((done) => setTimeout(done, 50));
  return Boolean(document.querySelector("[data-testid=drop]"));
}"""
PEOPLE = "name;age;score;churn\n" + "".join(
    f"person {n};{20 + n % 50};{n % 7},5;{'yes' if n % 3 else 'no'}\n" for n in range(300)
)
BROKEN = PEOPLE + "too;few\n"


def choose(page: Any, name: str, text: str) -> None:
    """Choose a file in the screen's file dialog."""
    data = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_test_id("file").set_input_files([data])


def previewed(page: Any, name: str) -> Any:
    """Wait for the preview of a file and return its table."""
    page.get_by_role("heading", name=re.compile(f"^Import {name}")).wait_for()
    table = page.get_by_role("region", name="The rows as they would be read")
    table.wait_for()
    return table


def rows_of(page: Any) -> Any:
    """Wait for the rows of the open dataset and return their table."""
    table = page.get_by_role("table", name="Rows")
    table.get_by_role("row").nth(1).wait_for()
    return table


def test_upload_to_training_in_three_clicks(visit: Visit, server: Server) -> None:
    page = visit("/data")
    page.get_by_role("button", name="Upload").wait_for()
    choose(page, "people.csv", BROKEN)
    table = previewed(page, "people")
    assert "person 0" in table.inner_text()
    page.get_by_text("1 row does not fit").wait_for()
    assert "too;few" in page.get_by_test_id("bad-rows").inner_text()
    age = page.get_by_label("Type of age")
    assert age.input_value() == "number"
    age.select_option("category")
    page.get_by_role("button", name="as you said").wait_for()

    page.get_by_role("button", name="Import", exact=True).click()
    bar = page.get_by_test_id("train-bar")
    bar.get_by_text("300 rows are in").wait_for()
    assert bar.get_by_label("Column to predict").input_value() == "churn"
    types = {
        one["name"]: one["type"]
        for one in server.call("dataset.describe", dataset="people")["columns"]
    }
    assert types["age"] == "category"
    bar.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/activity/job-*")
    job = server.json("GET", f"/jobs/{page.url.rsplit('/', 1)[-1]}")
    assert (job["op"], job["params"]["target"]) == ("automl.train", "churn")
    server.json("POST", f"/jobs/{job['id']}/cancel", {})


def test_a_corrected_delimiter_is_previewed_and_kept_over_a_reload(page: Any) -> None:
    page.goto(page.url + "data")
    choose(page, "odd.csv", "a|b\n1,5|2\n2,5|3\n")
    previewed(page, "odd")
    page.get_by_label("Delimiter").select_option("|")
    page.get_by_label("Type of b", exact=True).wait_for()
    page.get_by_label("Take the column a", exact=True).uncheck()
    page.get_by_label("Type of a", exact=True).wait_for(state="detached")
    page.reload()
    previewed(page, "odd")
    assert page.get_by_label("Delimiter").input_value() == "|"
    assert page.get_by_label("Type of a").count() == 0


def test_an_upload_goes_on_after_a_lost_connection(visit: Visit, watch: Watch) -> None:
    watch.allow(LOST)
    page = visit("/data")
    lost = {"left": 2}

    def cut(route: Any) -> None:
        if route.request.method == "PATCH" and lost["left"]:
            lost["left"] -= 1
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*", cut)
    page.get_by_role("button", name="Upload").wait_for()
    choose(page, "lossy.csv", PEOPLE)
    assert "person 0" in previewed(page, "lossy").inner_text()
    assert lost["left"] == 0


def test_an_upload_goes_on_after_a_reload(visit: Visit, watch: Watch) -> None:
    watch.allow(LOST)
    page = visit("/data")
    page.route("**/uploads/up-*", lambda route: route.abort())
    page.get_by_role("button", name="Upload").wait_for()
    choose(page, "again.csv", PEOPLE)
    page.get_by_text("Connection lost at").wait_for()
    page.unroute_all()
    page.reload()
    unfinished = page.get_by_test_id("unfinished").filter(has_text="again.csv")
    unfinished.wait_for()
    with page.expect_file_chooser() as chooser:
        unfinished.get_by_role("button", name="Choose the file").click()
    file = {"name": "again.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode()}
    chooser.value.set_files([file])
    assert "person 0" in previewed(page, "again").inner_text()


def test_a_dropped_file_is_uploaded(page: Any) -> None:
    page.goto(page.url + "data")
    page.get_by_role("button", name="Upload").wait_for()
    transfer = page.evaluate_handle(
        "(text) => { const found = new DataTransfer();"
        " found.items.add(new File([text], 'dropped.csv')); return found; }",
        PEOPLE,
    )
    assert page.evaluate(HELD, transfer)
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    assert "person 0" in previewed(page, "dropped").inner_text()


def test_rows_are_filtered_sorted_and_looked_into(visit: Visit) -> None:
    page = visit("/data/houses")
    rows_of(page)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("combobox", name="Column", exact=True).fill("rooms")
    page.get_by_role("option", name="rooms", exact=True).click()
    page.get_by_label("Value", exact=True).fill("3")
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("rooms is 3").wait_for()
    page.get_by_role("button", name="Sort by price").click()
    page.get_by_role("columnheader", name="price").and_(
        page.locator("[aria-sort=ascending]")
    ).wait_for()
    assert "sort=price" in page.url
    page.reload()
    table = rows_of(page)
    page.get_by_text("rooms is 3").wait_for()
    table.get_by_role("row").nth(1).click()
    page.get_by_role("heading", name=re.compile(r"^Row \d+$")).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("heading", name=re.compile(r"^Row \d+$")).wait_for(state="detached")
    page.get_by_label("Search in texts").fill("no such text anywhere")
    page.get_by_text("No row fits").wait_for()


def test_pages_of_a_long_table(visit: Visit, server: Server) -> None:
    text = "n\n" + "".join(f"{n}\n" for n in range(1001))
    server.load("long.csv", text, name="long")
    page = visit("/data/long")
    span = page.get_by_test_id("range")
    page.get_by_text("1–200 of 1,001").wait_for()
    page.get_by_role("button", name="Next page").click()
    page.get_by_text("201–400 of 1,001").wait_for()
    page.get_by_role("button", name="Last page").click()
    page.get_by_text("1,001–1,001 of 1,001").wait_for()
    page.get_by_label("Go to row").fill("500")
    page.keyboard.press("Enter")
    page.get_by_text("500–699 of 1,001").wait_for()
    assert span.count() == 1
    assert "at=499" in page.url


def test_quality_is_checked_and_its_findings_lead_to_rows(visit: Visit, server: Server) -> None:
    gaps = PEOPLE.replace(";25;", ";;").replace(";26;", ";;").replace(";27;", ";;")
    server.load("gaps.csv", gaps, name="gaps")
    page = visit("/data/gaps?tab=quality")
    page.get_by_role("heading", name="Not checked yet").wait_for()
    page.get_by_role("button", name="Check quality").click()
    page.get_by_test_id("score").wait_for(timeout=60_000)
    assert "check=job-" in page.url
    page.get_by_role("link", name="Show rows").first.click()
    page.get_by_text("Rows of a finding").wait_for()
    rows_of(page)
    page.get_by_role("button", name="Show all rows").click()
    page.get_by_text("1–200 of 300").wait_for()
    page.goto(page.url.split("?")[0].rsplit("/", 1)[0])
    page.get_by_role("button", name=re.compile(r"^Quality \d+ of 100")).or_(
        page.get_by_title(re.compile(r"^Quality \d+ of 100"))
    ).first.wait_for()


def test_versions_are_compared_tagged_and_deleted(visit: Visit, server: Server) -> None:
    server.load("steps.csv", "a,b\n1,x\n2,y\n", name="steps")
    server.load("steps.csv", "a,b\n3,z\n", name="steps", mode="append")
    page = visit("/data/steps?tab=versions")
    for version in (1, 2):
        page.get_by_role("checkbox", name=f"dataset:steps@{version}").click()
    page.get_by_test_id("diff").get_by_text("+1 Added rows").wait_for()
    page.get_by_role("button", name="Close the comparison").click()
    page.get_by_role("button", name="Tag version 1").click()
    page.get_by_label("Tag", exact=True).fill("first")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("table", name="Versions").get_by_text("first", exact=True).wait_for()
    page.get_by_role("button", name="Delete version 2").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("checkbox", name="dataset:steps@2").wait_for(state="detached")
    assert [
        one["dataset"] for one in server.call("dataset.versions", name="steps")["versions"]
    ] == ["dataset:steps@1"]


def test_search_builds_an_index_and_explains_its_scores(visit: Visit, server: Server) -> None:
    page = visit("/data/tickets?tab=search")
    page.get_by_role("button", name="Build an index").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="14 more options").or_(
        dialog.get_by_label("Encoder")
    ).first.wait_for()
    dialog.get_by_label("Encoder").fill("none")
    dialog.get_by_role("button", name="Build an index").click()
    page.get_by_label("Look for").wait_for(timeout=60_000)
    page.get_by_label("Look for").fill("заказ")
    page.get_by_role("button", name="Search", exact=True).click()
    hits = page.get_by_test_id("hits")
    hits.locator("mark").first.wait_for()
    assert hits.get_by_label(re.compile("place 1 by words")).count() == 1
    hits.get_by_role("button", name=re.compile("^Row ")).first.click()
    page.get_by_role("button", name="Similar rows").wait_for()
    assert server.call("search.list")["indexes"][0]["dataset"].startswith("dataset:tickets@")


def test_hostile_names_and_cells_are_text(visit: Visit, server: Server) -> None:
    text = f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",label\n' + "".join(
        f'"<script>window.hacked = {n}</script>",a\n' for n in range(30)
    )
    server.load("hostile.csv", text, name="hostile", header=True)
    for tab in ("rows", "columns", "versions", "lineage"):
        page = visit(f"/data/hostile?tab={tab}&row=3")
        page.get_by_role("tab", name=re.compile("^Rows")).wait_for()
        if tab == "rows":
            rows_of(page)
            assert "<script>" in page.get_by_role("table", name="Rows").inner_text()
        assert page.evaluate("window.hacked") is None


def test_pictures_are_shown_and_other_bytes_only_offered(visit: Visit, server: Server) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(picture, "PNG")
    page_of_script = b"<script>window.hacked = 1</script>"
    cells = pa.array([picture.getvalue(), page_of_script], pa.binary())
    file = io.BytesIO()
    pq.write_table(pa.table({"name": ["a", "b"], "image": cells}), file)
    server.load("pictures.parquet", file.getvalue(), name="pictures")
    page = visit("/data/pictures?row=0")
    rows_of(page)
    shown = page.get_by_role("complementary").get_by_role("img", name="image of row 0")
    shown.wait_for()
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 8
    page.get_by_role("table", name="Rows").get_by_role("row").nth(2).click()
    page.get_by_role("link", name=re.compile("^Download 34")).wait_for()
    assert page.evaluate("window.hacked") is None


def test_what_is_not_there_says_so(visit: Visit, watch: Watch) -> None:
    watch.allow("404")
    page = visit("/data/nothing-here")
    page.get_by_role("alert").filter(has_text="nothing-here").wait_for()
    page = visit("/data?source=/no/such/file.csv")
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_role("button", name="Import", exact=True).is_disabled()


SHOWN = (
    "/data",
    "/data/tickets?row=5",
    "/data/houses?tab=columns&column=price",
    "/data/houses?tab=quality",
    "/data/houses?tab=versions",
    "/data/houses?tab=lineage",
    "/data/houses?tab=search",
    "/data/houses?fresh=1",
    "/data/houses?train=1",
)


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "ru")])
def test_every_part_is_accessible(
    visit: Visit, server: Server, axe: Axe, theme: str, language: str
) -> None:
    page = visit("/data", theme=theme, language=language)
    found: list[str] = []
    for path in SHOWN:
        page.goto(server.url + path)
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_role("table").or_(page.get_by_role("heading", level=2)).first.wait_for()
        page.locator(".mantine-Loader-root").first.wait_for(state="detached")
        found += [f"{path}: {line}" for line in axe(page)]
    choose(page, f"axe-{theme}.csv", BROKEN)
    page.get_by_test_id("bad-rows").wait_for()
    found += [f"preview: {line}" for line in axe(page)]
    assert found == []


def test_copy_as_holds_the_filter(visit: Visit) -> None:
    clauses = {"join": "all", "parts": [{"column": "rooms", "op": ">", "value": 4}]}
    query = urllib.parse.urlencode({"f": json.dumps(clauses)})
    page = visit(f"/data/houses?{query}", permissions=["clipboard-read", "clipboard-write"])
    rows_of(page)
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("menuitem", name="Python").click()
    page.get_by_text("Copied").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert "ws.dataset.rows(" in text
    assert '{"column": "rooms", "op": ">", "value": 4}' in text
