"""Examples of the sample plug-in's ops: they show the format and prove the battery."""

from typing import Any

from tests.support.examples import Example, World


def numbers(world: World) -> dict[str, Any]:
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    table = pa.table({"x": [1, 2, 3, 4, 5], "word": list("abcde")})
    ref = world.use(Datasets).write(world.ctx, "numbers", table)
    return {"dataset": ref}


EXAMPLES = [
    Example("sample.add", {"first": 3, "second": 4}),
    Example(
        "sample.echo_back",
        {
            "names": ["a", "b c", "--d"],
            "sizes": [1, 2],
            "color": "blue",
            "box": {"width": 3, "is_open": True},
            "search": {"kind": "far", "country": "no"},
            "weights": {"a": 0.5},
            "level": "high",
            "is_loud": True,
        },
    ),
    Example("sample.fail", {"code": "not_found"}, fails="not_found"),
    Example("sample.count", {"upto": 4}),
    Example("sample.double", {"column": "x", "batch_rows": 2}, setup=numbers),
    Example("sample.note", {"name": "hello", "text": "there"}),
]
