"""Datasets on Lance: versions, appends, conflicts, ids, diff, clean-up, S3."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.datasets.standing import Outdated


def numbers(start: int, stop: int) -> pa.Table:
    return pa.table({"n": pa.array(range(start, stop), pa.int64())})


def insist(ctx: Context, number: int) -> None:
    """Append one row, again and again until nobody was faster."""
    while True:
        try:
            ctx.use(Datasets).write(ctx, "x", numbers(number, number + 1), "append")
        except Conflict:
            continue
        return


def test_a_version_never_changes(ctx: Context) -> None:
    store = ctx.use(Datasets)
    assert store.write(ctx, "x", numbers(0, 5)) == "dataset:x@1"
    assert store.write(ctx, "x", numbers(5, 8), "append") == "dataset:x@2"
    assert store.write(ctx, "x", pa.table({"other": ["a"]})) == "dataset:x@3"
    assert store.read("x@1").column("n").to_pylist() == [0, 1, 2, 3, 4]
    assert store.read("x@2").column("n").to_pylist() == list(range(8))
    assert store.read("x").column("other").to_pylist() == ["a"]
    assert store.info("x@2").rows == 8


def test_ids_are_unique_and_count_on(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 5))
    store.write(ctx, "x", numbers(5, 8), "append")
    assert store.read("x").column("_id").to_pylist() == list(range(8))
    shuffled = store.read("x").take([7, 2, 0])
    assert store.write(ctx, "y", shuffled) == "dataset:y@1"
    assert store.read("y").column("_id").to_pylist() == [7, 2, 0]
    store.write(ctx, "y", numbers(0, 1), "append")
    assert store.read("y").column("_id").to_pylist() == [7, 2, 0, 8]


def test_rows_that_share_an_id_are_refused(ctx: Context) -> None:
    store = ctx.use(Datasets)
    twice = pa.table({"_id": [1, 2, 1], "n": [1, 2, 3]})
    with pytest.raises(InvalidInput, match="share their '_id'"):
        store.write(ctx, "x", twice)
    with pytest.raises(InvalidInput, match="whole numbers"):
        store.write(ctx, "x", pa.table({"_id": ["a"], "n": [1]}))
    with pytest.raises(NotFound):
        store.info("x")


def test_take_keeps_the_order_asked(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 100))
    assert store.take("x", [50, 3, 999, 70]).column("n").to_pylist() == [50, 3, 70]
    assert store.take("x", []).num_rows == 0


def test_scan_gives_equal_batches_over_fragments(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 7))
    store.write(ctx, "x", numbers(7, 30), "append")
    sizes = [batch.num_rows for batch in store.scan("x", batch_rows=10)]
    assert sizes == [10, 10, 10]
    rest = [batch.column("n").to_pylist() for batch in store.scan("x", batch_rows=10, offset=25)]
    assert rest == [[25, 26, 27, 28, 29]]


def test_an_append_must_fit(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 5))
    with pytest.raises(InvalidInput, match="differ from dataset 'x' in n"):
        store.write(ctx, "x", pa.table({"n": ["a"]}), "append")
    with pytest.raises(InvalidInput, match="Column 'm' is not in 'x'.*Its columns are n"):
        store.read("x", ["m"])


def test_a_writer_that_was_outrun_is_told(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 5))
    slow = store.stage(ctx, "x", "append")
    slow.add(numbers(5, 6), 1)
    store.write(ctx, "x", numbers(6, 7), "append")
    with pytest.raises(Conflict, match="got a new version while"):
        slow.publish()
    assert store.read("x").column("n").to_pylist() == [0, 1, 2, 3, 4, 6]


def test_two_writers_at_once_lose_nothing(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 1))
    refused: list[Exception] = []

    def work(number: int) -> None:
        while True:
            try:
                store.write(ctx, "x", numbers(number, number + 1), "append")
            except Conflict as error:
                refused.append(error)
            else:
                return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = store.read("x")
    assert sorted(table.column("n").to_pylist()) == list(range(6))
    assert sorted(table.column("_id").to_pylist()) == list(range(6))


def test_after_a_deleted_version_appends_go_on_from_the_visible_one(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 3))
    store.write(ctx, "x", numbers(100, 103), "append")
    ctx.use(Artifacts).delete(ctx, "x@2", "dataset")
    store.write(ctx, "x", numbers(3, 4), "append")
    assert store.read("x").column("n").to_pylist() == [0, 1, 2, 3]


def test_a_version_not_yet_recorded_is_not_taken_for_a_deleted_one(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writer A has committed to Lance and not to SQL while writer B publishes."""
    from millrace.stores.datasets.stage import Stage

    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 1), "append")
    waits, committed, done = threading.Event(), threading.Event(), threading.Event()
    kept, record = Stage._kept, Stage._record

    def slow_kept(self: Stage) -> int | None:
        if threading.current_thread().name == "B" and not waits.is_set():
            waits.set()
            committed.wait(10)
        return kept(self)

    def slow_record(self: Stage, *parts: Any, **more: Any) -> str:
        if threading.current_thread().name == "A":
            committed.set()
            done.wait(1)
        return record(self, *parts, **more)

    monkeypatch.setattr(Stage, "_kept", slow_kept)
    monkeypatch.setattr(Stage, "_record", slow_record)

    def first() -> None:
        waits.wait(10)
        insist(ctx, 1)
        insist(ctx, 2)

    threads = [
        threading.Thread(target=first, name="A"),
        threading.Thread(target=lambda: (insist(ctx, 3), done.set()), name="B"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = store.read("x")
    assert sorted(table.column("n").to_pylist()) == [0, 1, 2, 3]
    assert sorted(table.column("_id").to_pylist()) == [0, 1, 2, 3]


def test_a_writer_that_dies_between_commit_and_record_is_in_nobodys_way(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ctx.use(Datasets)
    first = store.write(ctx, "x", numbers(0, 10))
    dead = store.stage(ctx, "x", "append")
    dead.add(numbers(10, 20), 1)
    with monkeypatch.context() as patch:
        patch.setattr(dead, "_record", lambda *_: "")  # dies here
        dead.publish(parents=[first], meta={"dropped": 3})
    assert store.info("x").version == 1
    with pytest.raises(Outdated, match="Run it again"):
        store.write(ctx, "x", numbers(20, 30), "append")
    found = ctx.use(Artifacts).get("x@2", "dataset")
    assert (found.meta["dropped"], found.meta["rows"]) == (3, 20)
    assert ctx.use(Artifacts).lineage("dataset:x@2") == [(first, "dataset:x@2")]
    assert store.write(ctx, "x", numbers(20, 30), "append") == "dataset:x@3"
    assert store.read("x").column("n").to_pylist() == list(range(30))
    # and it was only slow: it finds that all has been said
    again = store.lake.token_at(dead.uri, dead.token, 0, store.lake.latest(dead.uri))
    assert again is not None
    assert dead._record(again, {"parents": [], "meta": {}}) == "dataset:x@2"
    assert store.info("x").version == 3


def test_after_everything_was_deleted_an_append_begins_anew(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", numbers(0, 3))
    ctx.use(Artifacts).delete(ctx, "x@1", "dataset")
    assert store.write(ctx, "x", numbers(7, 8), "append") == "dataset:x@2"
    assert store.read("x").column("n").to_pylist() == [7]


def test_diff_counts_by_id(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]}))
    table = store.read("x").slice(1)
    changed = table.set_column(1, "a", pa.array([2, 9], pa.int64()))
    store.write(ctx, "x", changed.append_column("c", pa.array([True, False])))
    found = store.diff("x@1", "x@2")
    assert (found.added, found.removed, found.changed) == (0, 1, 1)
    assert (found.columns_added, found.columns_removed) == (["c"], [])


def test_compaction_and_clean_up_keep_every_published_version(ctx: Context) -> None:
    store = ctx.use(Datasets)
    for number in range(6):
        store.write(ctx, "x", numbers(number * 10, number * 10 + 10), "append")
    assert store.compact("x")["files_removed"] == 6
    store.clean_up("x", older_than=0)
    assert [store.read(f"x@{v}").num_rows for v in range(1, 7)] == [10, 20, 30, 40, 50, 60]
    store.write(ctx, "x", numbers(60, 61), "append")
    assert store.read("x").num_rows == 61


def test_a_table_of_vectors_and_bytes_comes_back_equal(ctx: Context) -> None:
    store = ctx.use(Datasets)
    vectors = pa.FixedSizeListArray.from_arrays(np.arange(12, dtype=np.float32), 4)
    table = pa.table({"v": vectors, "raw": pa.array([b"a", None, b"\x00\xff"])})
    store.write(ctx, "x", table)
    assert store.read("x").drop_columns(["_id"]).equals(table)


@pytest.fixture
def on_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    from pyarrow import fs

    fs.S3FileSystem(
        endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True
    ).create_dir("mill")
    flags = {
        "datasets": "s3://mill/datasets",
        "objects": "s3://mill/objects",
        "s3_endpoint": endpoint,
        "durability": "normal",
    }
    with Workspace.open(tmp_path / "ws", flags) as workspace:
        yield Context(workspace=workspace)
    server.stop()


def test_datasets_live_on_s3(on_s3: Context) -> None:
    ctx, store = on_s3, on_s3.use(Datasets)
    store.write(ctx, "x", numbers(0, 5))
    store.write(ctx, "x", numbers(5, 8), "append")
    assert store.read("x").column("n").to_pylist() == list(range(8))
    assert store.read("x@1").num_rows == 5
    slow = store.stage(ctx, "x", "append")
    slow.add(numbers(8, 9), 1)
    store.write(ctx, "x", numbers(9, 10), "append")
    with pytest.raises(Conflict):
        slow.publish()


def test_objects_live_on_s3(on_s3: Context, tmp_path: Path) -> None:
    from millrace.stores.objects import Objects

    store = on_s3.use(Objects)
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("hello", encoding="utf-8")
    made = store.folder(store.put_folder(folder))
    assert (made / "sub" / "a.txt").read_text(encoding="utf-8") == "hello"


def test_take_finds_ids_that_are_not_their_places(ctx: Context) -> None:
    store = ctx.use(Datasets)
    ids = pa.array([n * 3 + 1 for n in range(1000)], pa.int64())
    table = pa.table({"_id": ids, "n": range(1000)})
    store.write(ctx, "x", table.take(list(reversed(range(1000)))))
    found = store.take("x", [4, 2998, 0, 301, 4, 10**15])
    assert found.column("_id").to_pylist() == [4, 2998, 301, 4]
    assert found.column("n").to_pylist() == [1, 999, 100, 1]
    assert store.take("x", [2], ["n"]).column_names == ["_id", "n"]


def test_one_cell_gives_the_bytes_of_an_image(ctx: Context) -> None:
    store = ctx.use(Datasets)
    images = pa.array([b"\x89PNG" + bytes(n) for n in range(50)], pa.large_binary())
    store.write(ctx, "x", pa.table({"image": images, "n": range(50)}))
    assert store.cell("x", 7, "image") == b"\x89PNG" + bytes(7)
    assert store.cell("x@1", 49, "n") == 49
    with pytest.raises(NotFound, match="Row 50 is not in 'x'"):
        store.cell("x", 50, "image")
    with pytest.raises(InvalidInput, match="Column 'gone'"):
        store.cell("x", 1, "gone")


def test_a_count_looks_as_far_as_it_is_told(ctx: Context) -> None:
    store = ctx.use(Datasets)
    for at in range(0, 40, 10):
        store.write(ctx, "x", numbers(at, at + 10), "append")
    assert store.count("x", "n < 25") == (25, 40)
    assert store.count("x", "n < 25", among=11) == (20, 20)
    assert store.count("x", "n < 25", among=0) == (0, 0)


def test_what_lance_raises_is_translated(ctx: Context) -> None:
    from millrace.stores.datasets.lake import asked

    class PanicException(BaseException):
        """As the Rust half of a library raises it; its class cannot be imported."""

    with pytest.raises(Unavailable, match=r"broke off: called `Option::unwrap\(\)`"), asked():
        raise PanicException("called `Option::unwrap()` on a `None` value\n  at x.rs")
    with pytest.raises(Unavailable, match="Free some disk space"), asked():
        raise PanicException('failed to wake: Os { message: "No space left on device" }')
    with pytest.raises(KeyboardInterrupt), asked():
        raise KeyboardInterrupt
    with pytest.raises(Unavailable, match="Free some disk space"), asked():
        raise OSError("LanceError(IO): Generic LocalFileSystem error: No space left on device")


def test_a_damaged_file_is_told_as_such(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", pa.table({"t": [f"row {n % 97}" for n in range(20_000)]}))
    (path,) = Path(store.lake.uri("default", "x"), "data").glob("*.lance")
    data = bytearray(path.read_bytes())
    data[-60:-40] = bytes(20)
    path.write_bytes(data)
    with pytest.raises((Unavailable, InvalidInput)) as caught:
        store.read("x")
    assert "/home/" not in caught.value.problem
    with pytest.raises((Unavailable, InvalidInput)):
        list(store.scan("x"))


def test_rows_that_hold_bytes_are_read_a_few_at_a_time(ctx: Context) -> None:
    store = ctx.use(Datasets)
    images = pa.array([bytes([n]) * 2**20 for n in range(40)], pa.large_binary())
    store.write(ctx, "x", pa.table({"image": images, "n": range(40)}))
    store.write(ctx, "y", numbers(0, 40))
    assert store.info("y").at_once == 65_536
    noise = pa.array([np.random.default_rng(n).bytes(2**20) for n in range(40)], pa.large_binary())
    store.write(ctx, "x", pa.table({"image": noise, "n": range(40)}))
    assert 25 <= store.info("x").at_once <= 32
