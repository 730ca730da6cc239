"""The canonical text: reading and writing are inverse, and hostile texts are refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.drivers.pipeline.engine.read import EXACT, read
from millrace.drivers.pipeline.engine.write import canonical, write
from millrace.drivers.pipeline.source import of, parse
from millrace.drivers.pipeline.types import Graph

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["no", "Yes", "null", "~", "12", "1e5", "-", "a: b", "#x", " a", "a\nb", "a\n\nb\n", "a\n  \nb"]
    + ["{", "[x]", "a #b", "2026-01-01", "\ta\nb", "a\n", "\n", "- a\n- b", "ключ", "'", '"\\', ""]
)
numbers = st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
blocks = st.fixed_dictionaries(
    {"id": texts, "op": texts},
    optional={
        "params": st.dictionaries(texts, values, max_size=4),
        "inputs": st.dictionaries(texts, texts | st.lists(texts, max_size=3), max_size=3),
        "position": st.none() | st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
    },
)
graphs = st.fixed_dictionaries(
    {"name": texts, "blocks": st.lists(blocks, max_size=4)}, optional={"description": texts}
)


def through_a_browser(value: Any) -> Any:
    """JSON as JavaScript writes it: one kind of number."""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: through_a_browser(item) for key, item in value.items()}
    return [through_a_browser(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=200, deadline=None)
@given(graphs)
def test_what_is_written_reads_back_and_writes_the_same_bytes(graph: dict[str, Any]) -> None:
    text = write(graph)
    assert read(text) == canonical(graph)
    found = parse(text)
    assert found.text == text
    sent = through_a_browser(json.loads(found.graph.model_dump_json()))
    assert of(Graph.model_validate(sent)).text == text


@settings(max_examples=100, deadline=None)
@given(graphs)
def test_json_and_yaml_of_one_graph_are_one_text(graph: dict[str, Any]) -> None:
    assert parse(json.dumps(graph)).text == write(graph)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    refused = None
    try:
        read(text)
    except InvalidInput as error:
        refused = error
    assert refused is None or refused.facts["line"] >= 1


def test_the_form_is_the_documented_one() -> None:
    graph = {
        "name": "tickets",
        "description": "Read: then train.",
        "blocks": [
            {
                "position": (10.4, -3.0),
                "op": "automl.train",
                "id": "train",
                "inputs": {"dataset": "import.dataset", "a": ["x.y", "z.y"]},
                "params": {"b": 1.0, "a": 0.5, "no": "no", "list": [], "code": "x = 1\ny = 2\n"},
            },
            {"id": "b", "op": "c.d", "params": {}, "inputs": {}, "position": None},
        ],
    }
    assert write(graph) == (
        "name: tickets\n"
        'description: "Read: then train."\n'
        "blocks:\n"
        "  - id: train\n"
        "    op: automl.train\n"
        "    params:\n"
        "      a: 0.5\n"
        "      b: 1\n"
        "      code: |\n"
        "        x = 1\n"
        "        y = 2\n"
        "      list: []\n"
        '      "no": "no"\n'
        "    inputs:\n"
        "      a:\n"
        "        - x.y\n"
        "        - z.y\n"
        "      dataset: import.dataset\n"
        "    position: [10, -3]\n"
        "  - id: b\n"
        "    op: c.d\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "anchor"),
        ("a: !!python/object/apply:os.system [ls]\n", "tag"),
        ("a: 1\n---\nb: 2\n", "more than one document"),
        ("a: 1\na: 2\n", "given twice"),
        ('{"a": 1, "a": 2}', "given twice"),
        ("[" * 200, "deeper than"),
        ('{"a":' + "[" * 100_000, "deeper than|not JSON"),
        ("a: [1\n", "not YAML"),
        ("{a: 1}", "not JSON"),
        ("? [a]\n: 1\n", "must be a word"),
        ("x" * 200_001, "200,001 characters"),
        ("a: \x00", "does not allow"),
    ],
)
def test_a_text_that_hides_or_grows_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(text)


def test_plain_words_are_not_guessed() -> None:
    found = read("a: no\nb: 2026-01-01\nc: 12:30\nd: 007\ne: 1.5\nf: null\ng: true\nh: 1e3\n")
    assert list(found.values()) == ["no", "2026-01-01", "12:30", "007", 1.5, None, True, 1000.0]


@pytest.mark.parametrize("number", [2**53 + 1, 10**400])
def test_a_number_that_json_would_change_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput, match="loses digits"):
        canonical({"name": "a", "blocks": [{"id": "a", "op": "b", "params": {"n": number}}]})


@pytest.mark.parametrize(("text", "said"), [("", "the text.*is empty"), ("[1]", "is a list")])
def test_a_text_without_fields_says_what_it_is(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        parse(text)


def test_a_misshapen_text_tells_every_place() -> None:
    text = "name: a\nblocks:\n  - id: x\n  - op: a.b\n    inputs: 3\n    colour: red\n"
    with pytest.raises(InvalidInput, match="no pipeline") as caught:
        parse(text)
    places = {(one["block"], one["field"]) for one in caught.value.facts["problems"]}
    assert {("x", "op"), ("block 2", "id"), ("block 2", "colour")} <= places
