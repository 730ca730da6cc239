import base64
import hashlib
import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.services.report.document import (
    Bullets,
    Code,
    Document,
    Grid,
    Note,
    Pair,
    Plot,
    Section,
    Text,
    Tile,
    Tiles,
)
from millrace.services.report.html import to_html
from millrace.services.report.markdown import escaped, table, to_markdown
from millrace.services.report.plots import theme
from millrace.services.report.plots.charts import Axes, Series, lines

any_text = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("<>&\"'`|*_[]()#\n\x00")), max_size=40
)


class Reader(HTMLParser):
    """Collects elements, attributes and text as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def every_block(said: str) -> Document:
    picture = lines([Series(said, [0, 1], [0, 1])], Axes(said))
    blocks = [
        Text(said),
        Note(said, warning=True),
        Bullets([said, said]),
        Code(said, "sh"),
        Tiles([Tile(said, said, said)]),
        Grid([said, "n"], [[said, 1.5], [None, None]], said),
        Plot(picture, said),
        Pair([Plot(picture)]),
    ]
    return Document(said, said, [Section(said, blocks)] * 3, said)


SAFE = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "nav",
    "ol", "ul", "li", "a", "section", "dl", "div", "dt", "dd", "small", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "pre", "code", "footer",
    "svg", "desc", "text", "rect", "line", "path", "circle",
}  # fmt: skip


@settings(max_examples=60)
@given(any_text)
def test_no_text_becomes_markup(said: str) -> None:
    reader = read(to_html(every_block(said)))
    assert {name for name, _ in reader.elements} <= SAFE
    for name, attributes in reader.elements:
        assert not any(key.startswith("on") or key == "style" for key in attributes)
        assert name != "a" or str(attributes["href"]).startswith("#s")


def test_a_page_asks_for_nothing_outside() -> None:
    page = to_html(every_block("x"))
    links = re.findall(r'(?:src|href|url|xlink:href)\s*[=(]\s*"?([^"\s)>]+)', page)
    assert all(link.startswith("#s") for link in links)
    assert "<script" not in page
    assert "@import" not in page


def test_the_policy_allows_exactly_the_stylesheet() -> None:
    page = to_html(every_block("x"))
    inside = page.split("<style>")[1].split("</style>")[0]
    wanted = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    assert f"'sha256-{wanted}'" in theme.POLICY
    assert page.count("<style>") == 1
    assert f'content="{theme.POLICY}"' in page


def test_numbers_stand_right_and_nothing_is_empty() -> None:
    page = to_html(Document("t", sections=[Section("s", [Grid(["a", "b"], [["x", 0.5]])])]))
    assert '<td class="n">0.500</td>' in page
    assert "<td>x</td>" in page


def test_markdown_table_is_aligned_and_escaped() -> None:
    grid = Grid(["metric", "value", "ok"], [["a|b", 0.9312, True], ["c\nd", None, False]])
    assert table(grid) == (
        "| metric | value | ok |\n| --- | ---: | --- |\n| a\\|b | 0.931 | yes |\n| c d |  | no |"
    )


@settings(max_examples=60)
@given(any_text)
def test_every_table_row_has_its_columns(said: str) -> None:
    rows = table(Grid(["a", "b"], [[said, said]])).split("\n")
    assert len(rows) == 3
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", rows[2])) == 3


def test_markdown_shows_markup_as_text() -> None:
    assert escaped("<b> *x* [y](z)") == r"\<b\> \*x\* \[y\](z)"
    assert escaped("1. not a list") == r"1\. not a list"
    assert escaped("- nor this") == r"\- nor this"
    assert escaped("0.93 and -5") == "0.93 and -5"
    assert "://" not in escaped("see http://evil.example/x")


def test_markdown_code_cannot_end_its_own_fence() -> None:
    page = to_markdown(Document("t", sections=[Section("s", [Code("a\n```\n# b")])]))
    assert "````\na\n```\n# b\n````" in page


def test_markdown_says_what_a_plot_shows() -> None:
    page = to_markdown(every_block("shown"))
    assert "**Plot: shown.** y over x: shown. shown" in page
    assert "> **Warning.** shown" in page
