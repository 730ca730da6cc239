"""Examples of the pipeline ops."""

from typing import Any

from tests.support.examples import Example, World

TEXT = """\
name: numbers
description: "Draw rows, then keep the large ones."
blocks:
  - id: draw
    op: dataset.sample
    params:
      dataset: numbers
      rows: 4
    position: [0, 0]
  - id: large
    op: pipeline.filter
    params:
      filter:
        column: x
        op: ">"
        value: 1
      output: large
    inputs:
      dataset: draw.dataset
"""


def numbers(world: World) -> dict[str, Any]:
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    table = pa.table({"x": [1, 2, 3, 4, 5], "word": list("abcde")})
    world.use(Datasets).write(world.ctx, "numbers", table)
    return {}


def saved(world: World) -> dict[str, Any]:
    numbers(world)
    world.call("pipeline.save", text=TEXT)
    world.call("pipeline.save", text=TEXT.replace("rows: 4", "rows: 3"))
    return {}


STAYS = "what finished blocks have made stays when the run is cancelled, by design"
CODE = "def run(table):\n    return table.slice(0, 2)\n"
EXAMPLES = [
    Example("pipeline.format", {"text": TEXT}),
    Example("pipeline.validate", {"text": TEXT}),
    Example("pipeline.save", {"text": TEXT}),
    Example("pipeline.show", {"pipeline": "numbers@1"}, setup=saved, volatile=("created_at",)),
    Example("pipeline.list", {}, setup=saved, volatile=("pipelines.*.created_at",)),
    Example(
        "pipeline.versions", {"name": "numbers"}, setup=saved, volatile=("versions.*.created_at",)
    ),
    Example("pipeline.roll_back", {"pipeline": "numbers@1"}, setup=saved),
    Example("pipeline.delete", {"pipeline": "numbers"}, setup=saved),
    Example(
        "pipeline.run",
        {"pipeline": "numbers", "overrides": {"draw.rows": 5}},
        setup=saved,
        volatile=("blocks.*.seconds",),
        skip={"cancel": STAYS},
    ),
    Example(
        "pipeline.filter",
        {"dataset": "numbers", "filter": {"column": "x", "op": ">", "value": 2}, "output": "big"},
        setup=numbers,
    ),
    Example(
        "pipeline.python",
        {"dataset": "numbers", "code": CODE},
        setup=numbers,
        fails="not_allowed",
    ),
]
