"""Objects of Google Cloud Storage: read whole or not at all, whatever the line does."""

import datetime
import gzip
import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millrace.core.errors import MillraceError, NotAllowed, NotFound, Unavailable
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores import objects
from millrace.stores.datasets import Datasets
from millrace.stores.objects import Objects
from tests.dataset.conftest import Call
from tests.support.gcs import Fault, Store, serving

ROWS = 60_000
CSV = b"n,name\n" + b"".join(b"%d,name %d\n" % (n, n % 7) for n in range(ROWS))


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(objects, "GCS_RETRIES", datetime.timedelta(seconds=5))
    with serving() as store:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", store.host)
        store.put("bucket", "in/rows.csv", CSV)
        yield store


def whole(workspace: Workspace) -> bool:
    return workspace.use(Datasets).read("rows").column("n").to_pylist() == list(range(ROWS))


def test_csv(gcs: Store, call: Call, workspace: Workspace) -> None:
    gcs.put("bucket", "in/rows.csv.gz", gzip.compress(CSV))
    plain = call("dataset.import", path="gs://bucket/in/rows.csv")
    assert (plain.dataset, plain.rows, plain.quarantined) == ("dataset:rows@1", ROWS, 0)
    assert whole(workspace)
    packed = call("dataset.import", path="gcs://bucket/in/rows.csv.gz")
    assert (packed.dataset, packed.rows) == ("dataset:rows@2", ROWS)
    assert call("dataset.preview", path="gs://bucket/in/rows.csv", rows=1).rows[0]["n"] == 0


def test_parquet_is_fetched_once(gcs: Store, call: Call, workspace: Workspace) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"n": range(ROWS)}), file, row_group_size=1000)
    gcs.put("bucket", "rows.parquet", file.getvalue())
    made = call("dataset.import", path="gs://bucket/rows.parquet")
    assert made.rows == ROWS
    assert whole(workspace)
    assert sum("media" in line for line in gcs.asked) == 2  # the rows, and the fingerprint


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(status=503, media=False),
        Fault(cut=200_000, after=1),
        Fault(cut=70_000, times=2),
        Fault(wait=0.02),
    ],
)
def test_a_line_that_mends_loses_and_doubles_nothing(
    gcs: Store, call: Call, workspace: Workspace, fault: Fault
) -> None:
    gcs.faults.append(fault)
    assert call("dataset.import", path="gs://bucket/in/rows.csv").rows == ROWS
    assert whole(workspace)


@pytest.mark.parametrize(
    ("fault", "error", "problem"),
    [
        (Fault(status=403, times=99), Unavailable, "cannot be read.*denied"),
        (Fault(status=404, times=99), NotFound, "There is no object"),
        (Fault(status=403, times=99, media=False), Unavailable, "cannot be reached.*denied"),
    ],
)
def test_what_cannot_be_read_is_said(
    gcs: Store, call: Call, fault: Fault, error: type[MillraceError], problem: str
) -> None:
    gcs.faults.append(fault)
    with pytest.raises(error, match=problem):
        call("dataset.preview", path="gs://bucket/in/rows.csv")


def test_what_is_not_there(gcs: Store, call: Call) -> None:
    for path in ("gs://bucket/in/none.csv", "gs://nobucket/rows.csv", "gs://bucket/in"):
        with pytest.raises(NotFound, match=f"There is no object '{path}'"):
            call("dataset.import", path=path, name="rows", format="csv")
    with pytest.raises(NotAllowed):
        call("dataset.import", Actor(name="eve", role="editor"), path="gs://bucket/in/rows.csv")


def test_a_line_that_stays_broken_publishes_nothing(
    gcs: Store, call: Call, workspace: Workspace
) -> None:
    gcs.faults += [Fault(cut=300_000, after=1), Fault(status=403, times=9999, after=1)]
    with pytest.raises(Unavailable, match="stopped answering|cannot be read"):
        call("dataset.import", path="gs://bucket/in/rows.csv")
    with pytest.raises(NotFound):
        workspace.use(Datasets).info("rows")
    gcs.faults.clear()
    assert call("dataset.import", path="gs://bucket/in/rows.csv").rows == ROWS
    assert whole(workspace)


def test_files_are_kept_on_gcs(gcs: Store, workspace: Workspace) -> None:
    gcs.buckets["mill"] = {}
    filesystem, root = objects.filesystem_of("gs://mill/objects")
    store = Objects(filesystem, root, workspace.folder("cache", "objects"))
    name = store.put_bytes(b"x" * 100_000)
    assert store.has(name)
    assert store.get_bytes(name) == b"x" * 100_000
