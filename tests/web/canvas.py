"""What browser tests of a pipeline's canvas share: a small pipeline, blocks, ports, wires."""

from typing import Any

from tests.support.server import Server

FLOW = {
    "blocks": [
        {"id": "draw", "op": "dataset.sample", "params": {"dataset": "tickets", "rows": 60}},
        {"id": "split", "op": "dataset.split", "inputs": {"dataset": "draw.dataset"}},
        {
            "id": "train",
            "op": "automl.train",
            "params": {"target": "intent", "budget": 8, "trials": 1},
            "inputs": {"dataset": "split.dataset"},
        },
    ]
}


def saved(server: Server, name: str, **changes: Any) -> str:
    """Keep a pipeline of three blocks; return its name."""
    server.call("pipeline.save", graph={"name": name, **FLOW, **changes}, draft=True)
    return name


def node(page: Any, block: str) -> Any:
    return page.locator(f".react-flow__node[data-id='{block}']")


def port(page: Any, block: str, name: str, side: str) -> Any:
    return node(page, block).locator(f".react-flow__handle.{side}[data-handleid='{name}']")


def wires(page: Any) -> list[str]:
    found = page.locator(".react-flow__edge").evaluate_all(
        "all => all.map((one) => one.getAttribute('data-id'))"
    )
    return sorted(found)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def ready(page: Any, problems: int = 0) -> None:
    """Wait until the server has checked what is drawn."""
    page.locator(f"[data-testid=faults][data-faults='{problems}']").wait_for()


def drag(page: Any, source: Any, target: Any) -> None:
    """Draw a wire with the mouse."""
    source.wait_for()
    one, other = source.bounding_box(), target.bounding_box()
    page.mouse.move(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2)
    page.mouse.down()
    page.mouse.move(other["x"] - 30, other["y"] - 20, steps=4)
    page.mouse.move(other["x"] + other["width"] / 2, other["y"] + other["height"] / 2, steps=4)
    page.mouse.up()
