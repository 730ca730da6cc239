"""Examples of the ops of datasets."""

from tests.support.examples import Example, World

PEOPLE = "age,city,note\n" + "".join(
    f"{20 + row % 40},{('Oslo', 'Rome', 'Lima')[row % 3]},this is what number {row} told us\n"
    for row in range(40)
)


def a_file(world: World) -> dict[str, object]:
    return {"path": str(world.file("people.csv", PEOPLE + "many,Rome,oops\n1,2\n"))}


def people(world: World) -> dict[str, object]:
    path = world.file("people.csv", PEOPLE)
    world.call("dataset.import", path=str(path), name="people")
    return {}


def two_versions(world: World) -> dict[str, object]:
    people(world)
    world.call("dataset.split", dataset="people", column="part")
    return {}


def a_place(world: World) -> dict[str, object]:
    people(world)
    return {"path": str(world.folder / "people-out.csv")}


EXAMPLES = [
    Example("dataset.import", {"name": "people"}, setup=a_file),
    Example("dataset.preview", {"rows": 2, "types": {"age": "number"}}, setup=a_file),
    Example(
        "dataset.describe",
        {"dataset": "people", "bins": 4},
        setup=people,
        volatile=("created_at",),
    ),
    Example("dataset.rows", {"dataset": "people@1", "limit": 2, "offset": 3}, setup=people),
    Example(
        "dataset.rows",
        {
            "dataset": "people",
            "filter": {"column": "age", "op": "between", "value": [20, 30]},
            "search": "NUMBER",
            "sort": {"column": "city", "descending": True},
            "limit": 3,
        },
        setup=people,
    ),
    Example("dataset.list", {}, setup=people, volatile=("datasets.*.created_at",)),
    Example(
        "dataset.versions",
        {"name": "people"},
        setup=two_versions,
        volatile=("versions.*.created_at",),
    ),
    Example("dataset.diff", {"old": "people@1", "new": "people@2"}, setup=two_versions),
    Example(
        "dataset.split",
        {"dataset": "people", "method": "stratified", "by": "city", "test": 0.2, "train": 0.8},
        setup=people,
    ),
    Example("dataset.sample", {"dataset": "people", "rows": 6, "by": "city"}, setup=people),
    Example(
        "dataset.add_column",
        {"dataset": "people", "column": "decade", "expression": "age // 10 * 10"},
        setup=people,
    ),
    Example(
        "dataset.add_column",
        {"dataset": "people", "column": "source", "value": "survey", "type": "category"},
        setup=people,
    ),
    Example(
        "dataset.delete_rows",
        {
            "dataset": "people",
            "filter": {"column": "city", "op": "=", "value": "Rome"},
            "ids": [1, 2, 3, 4, 99],
            "only_count": False,
        },
        setup=people,
    ),
    Example("dataset.restore", {"dataset": "people@1"}, setup=two_versions),
    Example("dataset.export", {"dataset": "people"}, setup=a_place),
    Example("dataset.tag", {"dataset": "people@1", "tag": "reviewed"}, setup=people),
    Example(
        "dataset.delete",
        {"dataset": "people@1"},
        setup=two_versions,
        skip={"inputs": "the version it is given is the one it deletes"},
    ),
    Example("dataset.compact", {"name": "people"}, setup=people),
    Example(
        "dataset.clean_up",
        {"name": "people", "older_than": 0, "only_count": False},
        setup=two_versions,
    ),
]
