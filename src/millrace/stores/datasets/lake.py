"""The few calls on Lance that everything else is made of."""

import json
from collections.abc import Sequence
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.commit import CommitConflictError
from lance.file import LanceFileReader
from lance.fragment import FragmentMetadata, write_fragments

from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.failpoints import failpoint

TOKEN = "millrace.token"
NEXT_ID = "millrace.next_id"


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
        try:
            return lance.dataset(uri, version=version, storage_options=self.options)
        except (ValueError, OSError) as error:
            raise translated(error) from error

    def latest(self, uri: str) -> int:
        """Return the newest Lance version, 0 when there is no dataset yet."""
        try:
            return int(lance.dataset(uri, storage_options=self.options).latest_version)
        except (ValueError, OSError) as error:
            found = translated(error)
            if isinstance(found, NotFound):
                return 0
            raise found from error

    def create(self, uri: str, schema: pa.Schema) -> None:
        """Make an empty dataset with stable row ids, unless it exists."""
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
                raise translated(error) from error

    def write(self, uri: str, table: pa.Table, mode: str) -> list[Any]:
        """Write rows as fragments that no version shows yet; return their description."""
        try:
            made = write_fragments(
                table,
                uri,
                schema=table.schema,
                mode="append" if mode == "append" else "overwrite",
                enable_stable_row_ids=True,
                storage_options=self.options,
            )
        except (ValueError, OSError) as error:
            raise translated(error) from error
        return [fragment.to_json() for fragment in made]

    def commit(  # noqa: PLR0913  each part of the commit is one argument
        self,
        uri: str,
        read_version: int,
        fragments: Sequence[Any],
        schema: pa.Schema,
        mode: str,
        properties: dict[str, str],
        kept: int | None = None,
    ) -> int | None:
        """Commit staged fragments on top of exactly `read_version`; None when outrun.

        A `Merge` (append) or `Overwrite` (replace) with `max_retries=0` fails when any
        other commit came first, where an `Append` would rebase and double rows. With `kept`
        the rows of that older version stay instead of those of `read_version` (0: none).
        """
        base = self.open(uri, read_version)
        staged = [FragmentMetadata.from_json(json.dumps(fragment)) for fragment in fragments]
        if mode == "append" and kept is None:
            held = [fragment.metadata for fragment in base.get_fragments()]
            change: Any = lance.LanceOperation.Merge([*held, *staged], base.lance_schema)
        elif mode == "append" and kept:
            older = self.open(uri, kept)
            held = [fragment.metadata for fragment in older.get_fragments()]
            change = lance.LanceOperation.Overwrite(older.schema, [*held, *staged])
        else:
            change = lance.LanceOperation.Overwrite(schema, staged)
        failpoint("publish.before_commit")
        try:
            done = lance.LanceDataset.commit(
                uri,
                lance.Transaction(
                    read_version=read_version,
                    operation=change,
                    transaction_properties=properties,
                ),
                max_retries=0,
                storage_options=self.options,
            )
        except (ValueError, OSError) as error:
            if isinstance(error, CommitConflictError) or _outrun(error):
                return None
            raise translated(error) from error
        failpoint("publish.after_commit")
        return int(done.version)

    def tag(self, uri: str, number: int, version: int) -> None:
        """Protect a published version from clean-up; doing it twice is no error."""
        tags = self.open(uri).tags
        if f"v{number}" not in tags.list():
            tags.create(f"v{number}", version)

    def staged_column(self, uri: str, fragments: Sequence[Any], column: str) -> np.ndarray:
        """Read one integer column of fragments that no version shows yet."""
        parts: list[np.ndarray] = []
        for fragment in fragments:
            for file in fragment["files"]:
                path = f"{uri}/data/{file['path']}"
                reader = LanceFileReader(path, self.options, columns=[column])
                parts.append(reader.read_all().to_table().column(column).to_numpy())
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
                transaction = found.read_transaction(version)
            except (ValueError, OSError) as error:
                if isinstance(translated(error), NotFound):
                    break  # older versions were cleaned away
                raise translated(error) from error
            properties = transaction.transaction_properties if transaction else None
            lines.append((version, properties or {}))
        return lines


def _outrun(error: Exception) -> bool:
    said = str(error).lower()
    return "conflict" in said or "missing original fragments" in said


def translated(error: Exception) -> InvalidInput | NotFound | Unavailable | Conflict:
    """Turn what Lance raises into one of our errors."""
    said = str(error)
    lower = said.lower()
    short = said.split(", /home/", 1)[0].split("\n", 1)[0][:300]
    if isinstance(error, CommitConflictError):
        return Conflict("The dataset changed while it was being written.", "Run it again.")
    if "not found" in lower or "no such" in lower or "does not exist" in lower:
        return NotFound(f"The data is not there: {short}.", "The version may be cleaned away.")
    if "no space left" in lower or "disk" in lower:
        return Unavailable(
            f"The data could not be written: {short}.",
            "Free some disk space, then run it again; nothing acknowledged was lost.",
        )
    if isinstance(error, ValueError) or "invalid user input" in lower or "schema" in lower:
        return InvalidInput(f"The data does not fit: {short}.", "Check columns and types.")
    return Unavailable(f"The data store did not take the request: {short}.", "Run it again.")
