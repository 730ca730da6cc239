import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.services.report.plots import charts, curves, graph, grid, scale, svg, theme
from millrace.services.report.plots.charts import Axes, Bar, Series

SVG = "{http://www.w3.org/2000/svg}"
any_text = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("<>&\"'\x00\x0b\ud800\u202e")),
    max_size=30,
)
numbers = st.floats(allow_nan=True, allow_infinity=True)


def parsed(picture: svg.Picture, *, standalone: bool = False) -> ET.Element:
    return ET.fromstring(picture.svg(standalone=standalone))


def texts(root: ET.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


@given(
    st.floats(-1e12, 1e12).flatmap(
        lambda low: st.tuples(st.just(low), st.floats(1e-6, 1e12).map(lambda gap: low + gap))
    )
)
def test_ticks_are_few_and_inside(pair: tuple[float, float]) -> None:
    low, high = pair
    if high <= low:
        return
    found = scale.ticks(low, high)
    slack = (high - low) * 1e-6 + 1e-9 * max(abs(low), abs(high))
    assert len(found) <= 12
    assert all(low - slack <= value <= high + slack for value in found)


def test_ticks_are_round() -> None:
    assert scale.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert scale.ticks(0, 97) == [0, 20, 40, 60, 80]
    assert scale.tick_text(1500, 500) == "1,500"
    assert scale.tick_text(0.25, 0.05) == "0.25"


@given(st.lists(numbers, max_size=20))
def test_span_is_never_empty(values: list[float]) -> None:
    low, high = scale.span(values)
    assert math.isfinite(low)
    assert low < high


def test_numbers_for_people() -> None:
    assert [scale.number(v) for v in (0.5, 1234567.0, 3080, None, math.nan, 1e-9, math.inf)] == [
        "0.5", "1,234,567", "3,080", "n/a", "n/a", "1e-09", "∞",
    ]  # fmt: skip


@settings(max_examples=60)
@given(any_text, any_text, st.lists(st.tuples(numbers, numbers), max_size=12))
def test_any_text_and_number_gives_well_formed_svg(
    title: str, name: str, points: list[tuple[float, float]]
) -> None:
    x, y = [p[0] for p in points], [p[1] for p in points]
    series = [Series(name, x, y, "both"), Series(title, x, y)]
    pictures = [
        charts.lines(series, Axes(title, name, name, diagonal=True)),
        charts.bars([Bar(name, a, b, a) for a, b in points], Axes(title, name)),
        grid.heatmap(title, grid.Matrix([[1.0, 0.0]], [name], [name, title], name, title)),
        graph.draw(title, [graph.Node("a", name, title), graph.Node("b", name)], [("a", "b")]),
    ]
    for picture in pictures:
        root = parsed(picture)
        assert (
            "nan"
            not in picture.svg()
            .replace(svg.clean(title), "")
            .replace(svg.clean(name), "")
            .split("<desc")[0]
        )
        assert {node.tag for node in root.iter()}.isdisjoint({f"{SVG}script", f"{SVG}image"})


def test_hostile_names_stay_text() -> None:
    hostile = '"><script>alert(1)</script>'
    picture = charts.lines([Series(hostile, [0, 1], [0, 1])], Axes(hostile, hostile, hostile))
    assert "<script" not in picture.svg()
    assert any("alert(1)" in said for said in texts(parsed(picture)))


def test_a_plot_names_itself_to_a_screen_reader() -> None:
    root = parsed(curves.roc([curves.Curve("spam", [0, 0.5, 1], [0, 0.9, 1], 0.87)]))
    named = {
        node.get("id"): node.text for node in root if node.tag in (f"{SVG}title", f"{SVG}desc")
    }
    assert root.get("role") == "img"
    assert " ".join(named) == root.get("aria-labelledby")
    assert "spam (0.87)" in " ".join(str(text) for text in named.values())


def test_the_same_plot_twice_is_the_same_bytes() -> None:
    rows = [Bar("age", 0.4, 0.3, 0.5), Bar("city", -0.1)]
    assert charts.bars(rows, Axes("t")).svg() == charts.bars(rows, Axes("t")).svg()


def test_standalone_carries_both_colour_schemes() -> None:
    picture = charts.histogram([1, 2], [0, 1, 2], Axes("t"))
    assert "prefers-color-scheme:dark" in picture.svg(standalone=True)
    assert "<style" not in picture.svg()
    assert "style=" not in picture.svg(standalone=True)


def test_bar_spans_from_zero_to_its_value() -> None:
    root = parsed(charts.bars([Bar("a", 1.0), Bar("b", 0.5)], Axes("t", x_range=(0, 1))))
    wide = [float(node.get("width", "0")) for node in root.iter(f"{SVG}rect")]
    assert wide[1] == pytest.approx(wide[0] / 2, abs=0.02)


def test_many_points_are_thinned() -> None:
    count = 10_000
    root = parsed(charts.scatter([Series("a", range(count), range(count))], Axes("t")))
    assert sum(1 for _ in root.iter(f"{SVG}circle")) == charts.MOST_POINTS


def test_long_legend_counts_what_it_leaves_out() -> None:
    series = [Series(f"a rather long class name {i}", [0, 1], [0, 1]) for i in range(20)]
    assert any(said.startswith("and ") and "more" in said
               for said in texts(parsed(charts.lines(series, Axes("t")))))  # fmt: skip


def test_confusion_folds_what_is_seldom_confused() -> None:
    size = 60
    counts = [[10.0 if r == c else 0.0 for c in range(size)] for r in range(size)]
    counts[7][9] = 5.0
    labels = [f"c{index}" for index in range(size)]
    picture = curves.confusion(labels, counts)
    shown = texts(parsed(picture))
    assert {"c7", "c9", "all others"} <= set(shown)
    assert "the 30 most confused" in picture.title
    kept, folded = curves._most_confused(labels, counts)
    assert sum(map(sum, folded)) == sum(map(sum, counts))
    assert len(kept) == 31


def test_too_large_a_grid_is_refused() -> None:
    names = [str(index) for index in range(41)]
    with pytest.raises(ValueError, match="cannot be read"):
        grid.heatmap("t", grid.Matrix([[0.0] * 41] * 41, names, names))


def test_edges_and_counts_must_agree() -> None:
    with pytest.raises(ValueError, match="need 3 edges"):
        charts.histogram([1, 2], [0, 1], Axes("t"))


def test_layers_end_on_a_circle() -> None:
    assert graph.layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")]) == {
        "a": 0, "b": 1, "c": 2,
    }  # fmt: skip
    found = graph.layers(["a", "b"], [("a", "b"), ("b", "a")])
    assert max(found.values()) < 2


def test_a_long_text_is_cut_and_kept_as_a_tip() -> None:
    drawn = svg.text("a b " * 50, svg.Label(0, 0, room=80))
    root = ET.fromstring(drawn)
    tip = root.find("title")
    assert tip is not None
    assert tip.text == ("a b " * 50).strip()
    assert "…" in "".join(root.itertext())
    assert svg.width_of("漢字") > svg.width_of("ab")


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("colours", "ground"), [(theme.LIGHT, theme.PANEL), (theme.DARK, theme._DARK[5])]
)
def test_every_series_colour_stands_out(colours: tuple[str, ...], ground: str) -> None:
    assert all(_contrast(colour, ground) >= 3 for colour in colours)


@pytest.mark.parametrize("grounds", [theme._LIGHT, theme._DARK])
def test_every_text_can_be_read(grounds: tuple[str, ...]) -> None:
    ink, soft, _, _, paper, panel = grounds
    assert all(_contrast(text, on) >= 4.5 for text in (ink, soft) for on in (paper, panel))
