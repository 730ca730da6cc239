"""Versions made from the files of older ones: a column added, rows deleted, one restored."""

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, Unavailable
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.datasets.standing import Outdated


def numbers(low: int, high: int) -> pa.Table:
    return pa.table({"n": pa.array(range(low, high), pa.int64())})


def fill(ctx: Context, parts: int = 3, rows: int = 10) -> Datasets:
    store = ctx.use(Datasets)
    for part in range(parts):
        store.write(ctx, "x", numbers(part * rows, (part + 1) * rows), "append")
    return store


def add(ctx: Context, name: str, ref: str = "x", times: int = 2) -> str:
    store = ctx.use(Datasets)
    found = store.info(ref)
    change = store.stage(ctx, found.name, "column")
    change.add_column(
        found.lance_version,
        pa.field(name, pa.int64()),
        ["n"],
        lambda batch: pc.multiply(batch.column("n"), times),  # pyright: ignore[reportAttributeAccessIssue]  # made at run time
    )
    return change.publish(parents=[found.ref])


def drop(ctx: Context, filter: str, ref: str = "x") -> str:
    store = ctx.use(Datasets)
    found = store.info(ref)
    change = store.stage(ctx, found.name, "delete")
    change.delete(found.lance_version, filter)
    return change.publish(parents=[found.ref])


def restore(ctx: Context, ref: str) -> str:
    store = ctx.use(Datasets)
    found = store.info(ref)
    change = store.stage(ctx, found.name, "restore")
    change.restore(found.lance_version)
    return change.publish(parents=[found.ref])


def files(store: Datasets) -> dict[str, int]:
    folder = Path(store.lake.uri("default", "x"), "data")
    return {path.name: path.stat().st_size for path in folder.glob("*.lance")}


def test_a_column_is_added_beside_the_files_there_are(ctx: Context) -> None:
    store = fill(ctx)
    before = files(store)
    assert add(ctx, "y") == "dataset:x@4"
    after = files(store)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 3
    table = store.read("x")
    assert table.column_names == ["_id", "n", "y"]
    assert table.column("_id").to_pylist() == list(range(30))
    assert table.column("y").to_pylist() == [2 * n for n in range(30)]
    assert store.read("x@3").column_names == ["_id", "n"]
    found = store.diff("x@3", "x@4")
    assert (found.added, found.removed, found.changed, found.columns_added) == (0, 0, 0, ["y"])


def test_rows_are_deleted_and_stay_in_older_versions(ctx: Context) -> None:
    store = fill(ctx)
    before = files(store)
    drop(ctx, "n % 3 = 0")
    assert files(store) == before
    assert store.read("x").column("n").to_pylist() == [n for n in range(30) if n % 3]
    assert store.info("x").rows == 20
    assert store.read("x@3").num_rows == 30
    assert store.diff("x@3", "x@4").removed == 10
    assert store.take("x", [1, 3, 29]).column("n").to_pylist() == [1, 29]


def test_whole_files_of_rows_are_deleted(ctx: Context) -> None:
    store = fill(ctx)
    drop(ctx, "n < 13")
    assert store.read("x").column("n").to_pylist() == list(range(13, 30))
    assert store.read("x").column("_id").to_pylist() == list(range(13, 30))
    drop(ctx, "n is not null")
    assert store.info("x").rows == 0
    assert add(ctx, "y") == "dataset:x@6"
    assert store.info("x").schema.names == ["_id", "n", "y"]
    assert store.read("x@4").num_rows == 17


def test_missing_values_do_not_fit_a_filter(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", pa.table({"n": pa.array([1, None, 3], pa.int64())}), "append")
    store.write(ctx, "x", pa.table({"n": pa.array([1, 1], pa.int64())}), "append")
    drop(ctx, "(`n` = 1)")
    assert store.read("x").column("n").to_pylist() == [None, 3]


def test_changes_follow_each_other(ctx: Context) -> None:
    store = fill(ctx)
    drop(ctx, "n in (4, 14)")
    add(ctx, "y")
    drop(ctx, "y = 10")
    store.write(ctx, "x", pa.table({"n": [100], "y": pa.array([7], pa.int64())}), "append")
    add(ctx, "z", times=3)
    left = [n for n in range(30) if n not in (4, 14, 5)]
    table = store.read("x")
    assert table.column("n").to_pylist() == [*left, 100]
    assert table.column("y").to_pylist() == [*(2 * n for n in left), 7]
    assert table.column("z").to_pylist() == [*(3 * n for n in left), 300]
    assert table.column("_id").to_pylist() == [*left, 30]
    store.compact("x")
    drop(ctx, "n = 100")
    store.clean_up("x", older_than=0)
    assert store.read("x").column("z").to_pylist() == [3 * n for n in left]
    assert [store.info(f"x@{v}").rows for v in range(1, 10)] == [
        10, 20, 30, 28, 28, 27, 28, 28, 27,
    ]  # fmt: skip
    assert all(store.read(f"x@{v}").num_rows == store.info(f"x@{v}").rows for v in range(1, 10))


def test_an_older_version_is_made_the_newest(ctx: Context) -> None:
    store = fill(ctx)
    drop(ctx, "n < 11")
    add(ctx, "y")
    assert restore(ctx, "x@4") == "dataset:x@6"
    assert store.read("x").equals(store.read("x@4"))
    restore(ctx, "x@5")
    assert store.read("x").equals(store.read("x@5"))
    restore(ctx, "x@3")
    assert store.read("x").equals(store.read("x@3"))
    store.write(ctx, "x", numbers(50, 51), "append")
    assert store.read("x").column("_id").to_pylist() == list(range(31))
    add(ctx, "y", times=9)
    assert store.read("x").column("y").to_pylist()[-1] == 450


def test_ids_are_not_given_out_twice_after_a_smaller_version(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 5))
    store.write(ctx, "x", numbers(0, 2))
    restore(ctx, "x@1")
    store.write(ctx, "x", numbers(5, 6), "append")
    assert store.read("x").column("_id").to_pylist() == list(range(6))
    store.write(ctx, "x", numbers(0, 2))
    ctx.use(Artifacts).delete(ctx, "x@5", "dataset")
    store.write(ctx, "x", numbers(6, 7), "append")
    assert store.read("x").column("_id").to_pylist() == list(range(7))


def test_changes_build_on_the_newest_visible_version(ctx: Context) -> None:
    store = fill(ctx)
    drop(ctx, "n < 15")
    store.write(ctx, "x", numbers(0, 2))
    ctx.use(Artifacts).delete(ctx, "x@5", "dataset")
    add(ctx, "y")
    assert store.read("x").column("y").to_pylist() == [2 * n for n in range(15, 30)]
    ctx.use(Artifacts).delete(ctx, "x@6", "dataset")
    store.write(ctx, "x", numbers(7, 8), "append")
    assert store.read("x").column("n").to_pylist() == [*range(15, 30), 7]
    with pytest.raises(Conflict, match="newer version than this one"):
        drop(ctx, "n = 1", "x@1")
    assert len(ctx.use(Artifacts).versions("dataset", "x")) == 5


def test_a_change_that_was_outrun_is_told(ctx: Context) -> None:
    store = fill(ctx)
    found = store.info("x")
    waits = {kind: store.stage(ctx, "x", kind) for kind in ("column", "delete", "restore")}
    waits["column"].add_column(
        found.lance_version, pa.field("y", pa.int64()), ["n"], lambda batch: batch.column("n")
    )
    waits["delete"].delete(found.lance_version, "n = 1")
    waits["restore"].restore(store.info("x@1").lance_version)
    drop(ctx, "n = 29")
    for change in waits.values():
        with pytest.raises(Outdated, match="new version while"):
            change.publish()
    assert store.read("x").column("n").to_pylist() == list(range(29))


def test_compacting_meanwhile_starts_a_change_over(ctx: Context) -> None:
    store = fill(ctx)
    change = store.stage(ctx, "x", "delete")
    change.delete(store.info("x").lance_version, "n = 1")
    store.compact("x")
    with pytest.raises(Outdated, match="new version while"):
        change.publish()
    drop(ctx, "n = 1")
    assert store.info("x").rows == 29


def test_two_deletions_at_once_lose_nothing(ctx: Context) -> None:
    store = fill(ctx, parts=6, rows=5)

    def work(number: int) -> None:
        while True:
            try:
                drop(ctx, f"n = {number * 5}")
            except Conflict:
                continue
            return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read("x").column("n").to_pylist() == [n for n in range(30) if n % 5]
    assert [store.info(f"x@{v}").rows for v in range(6, 13)] == list(range(30, 23, -1))


def test_what_a_column_needs_is_checked(ctx: Context) -> None:
    store = fill(ctx)
    with pytest.raises(InvalidInput, match="'n' is already in 'x'"):
        add(ctx, "n")

    def broken(_: pa.RecordBatch) -> pa.Array:
        raise Unavailable("Mine.")

    change = store.stage(ctx, "x", "column")
    with pytest.raises(Unavailable, match="Mine"):
        change.add_column(store.info("x").lance_version, pa.field("y", pa.int64()), ["n"], broken)
    assert store.info("x").version == 3
