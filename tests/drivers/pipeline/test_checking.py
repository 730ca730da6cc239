"""Every problem at once, each with its block and field; good graphs have none."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.drivers.pipeline.checking import Checked, needs_of
from millrace.drivers.pipeline.engine.order import order, upstream
from millrace.drivers.pipeline.source import of
from millrace.drivers.pipeline.types import Graph
from tests.drivers.pipeline.test_text import graphs

# op -> (params, {input: port})
OPS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "dataset.import": ({"path": "a.csv", "name": "a"}, {}),
    "dataset.sample": ({"rows": 10}, {"dataset": "dataset"}),
    "dataset.split": ({"method": "stratified", "by": "y"}, {"dataset": "dataset"}),
    "quality.check": ({"target": "y"}, {"dataset": "dataset"}),
    "automl.train": ({"target": "y", "budget": 2}, {"dataset": "dataset"}),
    "evaluation.run": ({}, {"model": "model", "dataset": "dataset"}),
    "explanation.importance": ({}, {"model": "model", "dataset": "dataset"}),
    "model.promote": ({}, {"model": "model"}),
    "drift.test": ({}, {"reference": "dataset", "current": "dataset"}),
    "pipeline.filter": (
        {"filter": {"column": "x", "op": "=", "value": 1}, "output": "b"},
        {"dataset": "dataset"},
    ),
}
GIVES = {
    "dataset.import": ("dataset", "dataset"),
    "dataset.sample": ("dataset", "dataset"),
    "dataset.split": ("dataset", "dataset"),
    "pipeline.filter": ("dataset", "dataset"),
    "automl.train": ("model", "model"),
}


def graph(*blocks: dict[str, Any]) -> Graph:
    return Graph.model_validate({"name": "g", "blocks": list(blocks)})


def codes(found: Graph) -> set[tuple[str | None, str | None, str]]:
    return {(one.block, one.field, one.code) for one in Checked(found).problems}


@st.composite
def good(draw: st.DrawFn) -> Graph:
    blocks: list[dict[str, Any]] = []
    made: dict[str, list[str]] = {}
    for at in range(draw(st.integers(1, 8))):
        fits = [op for op, (_, needs) in OPS.items() if all(made.get(k) for k in needs.values())]
        op = draw(st.sampled_from(fits))
        params, needs = OPS[op]
        wires = {name: draw(st.sampled_from(made[kind])) for name, kind in needs.items()}
        blocks.append({"id": f"b{at}", "op": op, "params": params, "inputs": wires})
        if op in GIVES:
            kind, field = GIVES[op]
            made.setdefault(kind, []).append(f"b{at}.{field}")
    return graph(*draw(st.permutations(blocks)))


@settings(max_examples=60, deadline=None)
@given(good())
def test_graphs_of_fitting_ops_have_no_problem(found: Graph) -> None:
    checked = Checked(found)
    assert checked.problems == []
    seen: set[str] = set()
    for name in checked.order:
        assert needs_of(checked.blocks[name]) <= seen
        seen.add(name)
    assert len(seen) == len(found.blocks)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(0, 7), st.frozensets(st.integers(0, 7)), max_size=8))
def test_an_order_or_a_circle(raw: dict[int, frozenset[int]]) -> None:
    needs = {str(k): {str(v) for v in found if v in raw} for k, found in raw.items()}
    done, circle = order(needs)
    assert all(needs[name] <= set(done[: done.index(name)]) for name in done)
    for name in circle:
        assert any(need in circle for need in needs[name])
    if not circle:
        assert set(done) == set(needs)
        assert all(name in upstream(name, needs) for name in done)


@settings(max_examples=60, deadline=None)
@given(graphs, st.lists(st.sampled_from(sorted(OPS)), max_size=4))
def test_any_graph_is_checked_to_its_end(raw: dict[str, Any], ops: list[str]) -> None:
    for block, op in zip(raw["blocks"], ops, strict=False):
        names = [*OPS[op][0], *OPS[op][1]]
        given = block.get("params") or {}
        block["op"], block["params"] = op, dict(zip(names, given.values(), strict=False))
    found = of(Graph.model_validate(raw)).graph
    checked = Checked(found)
    assert bool(checked.order) == (not checked.problems)
    assert all(one.problem.endswith(".") and one.hint for one in checked.problems)


def test_every_problem_comes_in_one_answer() -> None:
    found = graph(
        {"id": "import", "op": "dataset.import", "params": {"path": "a.csv", "nme": "a"}},
        {"id": "what", "op": "dataset.imprt"},
        {"id": "steer", "op": "jobs.cancel", "params": {"id": "x"}},
        {
            "id": "train",
            "op": "automl.train",
            "params": {"budget": -1, "dataset": "a"},
            "inputs": {"dataset": "import.dataset", "name": "import.rows", "target": "gone.x"},
        },
        {"id": "judge", "op": "evaluation.run", "inputs": {"model": "import.dataset"}},
        {"id": "Bad Id", "op": "dataset.list"},
        {"id": "twice", "op": "dataset.list"},
        {"id": "twice", "op": "dataset.list"},
        {"id": "a", "op": "dataset.sample", "inputs": {"dataset": "b.dataset"}},
        {"id": "b", "op": "dataset.sample", "inputs": {"dataset": "a.dataset"}},
        {"id": "c", "op": "dataset.sample", "inputs": {"dataset": "b.rowses"}},
    )
    assert codes(found) == {
        ("import", "nme", "unknown_field"),
        ("what", "op", "unknown_op"),
        ("steer", "op", "not_a_block"),
        ("train", "budget", "wrong_value"),
        ("train", "dataset", "given_twice"),
        ("train", "name", "wrong_type"),
        ("train", "target", "unknown_block"),
        ("judge", "model", "wrong_port"),
        ("judge", "dataset", "missing"),
        ("Bad Id", "id", "bad_id"),
        ("twice", "id", "duplicate_id"),
        ("a", None, "cycle"),
        ("b", None, "cycle"),
        ("c", "dataset", "unknown_output"),
    }
    assert Checked(found).order == []


def test_an_empty_pipeline_and_a_bad_name_are_problems() -> None:
    assert codes(Graph(name="Bad Name")) == {
        (None, "name", "bad_name"),
        (None, "blocks", "empty"),
    }


def test_rules_over_several_params_hold_before_the_run() -> None:
    split = {"id": "s", "op": "dataset.split", "params": {"train": 0.9, "dataset": "a"}}
    (found,) = Checked(graph(split)).problems
    assert (found.block, found.code) == ("s", "wrong_value")
    assert "add up to 1" in found.problem


@pytest.mark.parametrize(
    ("op", "param", "wire", "code"),
    [
        ("automl.train", "target", "import.dataset", None),  # a text fits a text
        ("automl.train", "budget", "import.rows", None),  # an integer fits a number
        ("automl.train", "budget", "import.dataset", "wrong_port"),
        ("automl.train", "features", "import.dataset", "wrong_port"),
        ("automl.train", "features", ["import.dataset"], None),
        ("automl.train", "target", ["import.dataset"], "wrong_type"),
    ],
)
def test_wires_without_a_kind_go_by_type(
    op: str, param: str, wire: str | list[str], code: str | None
) -> None:
    first = {"id": "import", "op": "dataset.import", "params": {"path": "a", "name": "a"}}
    inputs = {"dataset": "import.dataset", param: wire}
    params = {} if param == "target" else {"target": "y"}
    found = codes(graph(first, {"id": "b", "op": op, "params": params, "inputs": inputs}))
    assert found == ({("b", param, code)} if code else set())
