"""The few calls on Lance that everything else is made of."""

import datetime
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance import LanceOperation
from lance.commit import CommitConflictError
from lance.file import LanceFileReader
from lance.fragment import FragmentMetadata, write_fragments

from millrace.core import clock
from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.failpoints import failpoint

TOKEN = "millrace.token"
NEXT_ID = "millrace.next_id"
FULL = ("no space left", "disk quota", "disk full", "storagefull", "os error 28", "os error 122")


@contextmanager
def asked() -> Generator[None]:
    """Turn what Lance raises in the block into our errors, its panics too.

    A panic of its Rust code is a BaseException that no handler of ours would meet.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        raise translated(error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise translated(error) from error


class Lake:
    """Lance tables below one root, addressed by project and name."""

    def __init__(self, root: str, options: dict[str, str] | None = None) -> None:
        self.root = root.rstrip("/")
        self.options = options

    def uri(self, project: str, name: str) -> str:
        """Return where a dataset lies."""
        return f"{self.root}/{project}/{name}.lance"

    def open(self, uri: str, version: int | None = None) -> lance.LanceDataset:
        """Open a dataset at a Lance version (None: the newest).

        Errors: not_found, nothing there or the version was cleaned away.
        """
        with asked():
            return lance.dataset(uri, version=version, storage_options=self.options)

    def latest(self, uri: str) -> int:
        """Return the newest Lance version, 0 when there is no dataset yet."""
        try:
            with asked():
                return int(lance.dataset(uri, storage_options=self.options).latest_version)
        except NotFound:
            return 0

    def create(self, uri: str, schema: pa.Schema) -> None:
        """Make an empty dataset with stable row ids, unless it exists."""
        with asked():
            try:
                lance.write_dataset(
                    schema.empty_table(),
                    uri,
                    mode="create",
                    enable_stable_row_ids=True,
                    storage_options=self.options,
                )
            except (ValueError, OSError) as error:
                if "already exists" not in str(error):
                    raise

    def write(
        self, uri: str, rows: pa.Table | pa.RecordBatchReader, mode: str
    ) -> list[FragmentMetadata]:
        """Write rows as fragments that no version shows yet; return their description."""
        with asked():
            return write_fragments(
                rows,
                uri,
                schema=rows.schema,
                mode="append" if mode == "append" else "overwrite",
                enable_stable_row_ids=True,
                storage_options=self.options,
            )

    def commit(
        self,
        uri: str,
        read_version: int,
        change: LanceOperation.BaseOperation,
        properties: dict[str, str],
    ) -> int | None:
        """Commit a change on top of exactly `read_version`; None when outrun.

        A `Merge` or `Overwrite` with `max_retries=0` fails when any other commit came first.
        Nothing else does: an `Append` rebases and doubles rows, a `Delete` passes over another
        `Delete`, a `Restore` over everything.
        """
        failpoint("publish.before_commit")
        transaction = lance.Transaction(
            read_version=read_version, operation=change, transaction_properties=properties
        )
        with asked():
            try:
                done = lance.LanceDataset.commit(
                    uri, transaction, max_retries=0, storage_options=self.options
                )
            except (ValueError, OSError) as error:
                if isinstance(error, CommitConflictError) or _outrun(error):
                    return None
                raise
        failpoint("publish.after_commit")
        return int(done.version)

    def tag(self, uri: str, number: int, version: int) -> None:
        """Protect a published version from clean-up; doing it twice is no error."""
        tags = self.open(uri).tags
        with asked():
            if f"v{number}" not in tags.list():
                tags.create(f"v{number}", version)

    def unneeded(self, uri: str, kept: set[int], older_than: float) -> int:
        """Count the states that neither a published version nor a tag holds, and old enough."""
        found = self.open(uri)
        with asked():
            held = {*kept, *(tag["version"] for tag in found.tags.list().values())}
            newest = int(found.latest_version)
            lines = found.versions()
        now = datetime.datetime.fromtimestamp(clock.now())
        limit = now - datetime.timedelta(seconds=older_than)
        stamps: dict[int, Any] = {int(line["version"]): line["timestamp"] for line in lines}
        old = [version for version, stamp in stamps.items() if stamp.replace(tzinfo=None) <= limit]
        return sum(version not in held | {newest} for version in old)

    def staged_column(self, uri: str, fragments: Sequence[Any], column: str) -> np.ndarray:
        """Read one integer column of fragments that no version shows yet."""
        parts: list[np.ndarray] = []
        for fragment in fragments:
            for file in fragment["files"]:
                path = f"{uri}/data/{file['path']}"
                with asked():
                    reader = LanceFileReader(path, self.options, columns=[column])
                    table = reader.read_all().to_table()
                parts.append(table.column(column).to_numpy())
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def token_at(self, uri: str, token: str, after: int, upto: int) -> int | None:
        """Return the Lance version that carries a job's token, searched newest first."""
        for version, properties in self.commits(uri, after, upto):
            if properties.get(TOKEN) == token:
                return version
        return None

    def commits(self, uri: str, after: int, upto: int) -> list[tuple[int, dict[str, str]]]:
        """Return (version, properties) of the commits in (after, upto], newest first."""
        found = self.open(uri, upto)
        lines: list[tuple[int, dict[str, str]]] = []
        for version in range(upto, after, -1):
            try:
                with asked():
                    transaction = found.read_transaction(version)
            except NotFound:
                break  # older versions were cleaned away
            properties = transaction.transaction_properties if transaction else None
            lines.append((version, properties or {}))
        return lines


def _outrun(error: Exception) -> bool:
    said = str(error).lower()
    return "conflict" in said or "missing original fragments" in said


def translated(error: BaseException) -> InvalidInput | NotFound | Unavailable | Conflict:
    """Turn what Lance raises into one of our errors."""
    said = str(error)
    lower = said.lower()
    short = said.split(", /home/", 1)[0].split("\n", 1)[0][:300]
    if isinstance(error, CommitConflictError):
        return Conflict("The dataset changed while it was being written.", "Run it again.")
    if any(word in lower for word in FULL):
        return Unavailable(
            f"The data could not be written: {short}.",
            "Free some disk space, then run it again; nothing acknowledged was lost.",
        )
    if not isinstance(error, Exception):
        return Unavailable(
            f"The data store broke off: {short}.",
            "Run it again; if it happens again, report it with the id of the job.",
        )
    if "not found" in lower or "no such" in lower or "does not exist" in lower:
        return NotFound(f"The data is not there: {short}.", "The version may be cleaned away.")
    if "corrupt" in lower or "failed to decode protobuf" in lower:
        return Unavailable(
            f"The data is damaged: {short}.",
            "Read an older version, or restore the workspace from a backup.",
        )
    if isinstance(error, ValueError) or "invalid user input" in lower or "schema" in lower:
        return InvalidInput(f"The data does not fit: {short}.", "Check columns and types.")
    return Unavailable(f"The data store did not take the request: {short}.", "Run it again.")
