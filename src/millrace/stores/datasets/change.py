"""The next version made from the files of one there is: what stays is not written again."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import lance
import pyarrow as pa
from lance import LanceOperation
from lance.schema import LanceSchema

from millrace.core.errors import Conflict, InvalidInput, MillraceError
from millrace.stores.datasets import making
from millrace.stores.datasets.lake import asked
from millrace.stores.datasets.stage import Stage
from millrace.stores.fence import fence

Kind = Literal["column", "delete", "restore"]
CHANGES: tuple[Kind, ...] = get_args(Kind)
BATCH = 16_384  # rows a column is computed from at a time
Compute = Callable[[pa.RecordBatch], pa.Array]


class Change(Stage):
    """A column added to a dataset, rows deleted from it, or an older version made the newest.

    Promises what a `Stage` does. Of a new column the files are staged one by one, the rest is
    done at the publish; `cursor` holds the Lance version that is changed (`ground`) and how
    many of its files have the column.
    """

    together: int = 65_536  # rows of small files that are recorded in one transaction
    _without: str = "false"
    _source: int = 0
    _made: LanceSchema | None = None

    def add_column(
        self, lance_version: int, field: pa.Field, reads: Sequence[str], compute: Compute
    ) -> None:
        """Write a column computed from others, file by file; nothing else is read.

        `compute` may raise our errors only. Cost: memory for a batch of 16,384 rows.
        Errors: conflict, the version is not the newest.
        """
        if self.base.state == "published":
            return
        self._stand_on(lance_version)
        ground = self._ground()
        if field.name in ground.schema.names:
            raise InvalidInput(
                f"Column '{field.name}' is already in '{self.name}'.", "Choose another name."
            )
        self.schema = ground.schema.append(field)
        pieces = ground.get_fragments()
        # what the version's schema is, only a merge tells: the last file is done once more
        done = min(self.cursor["done"], max(len(pieces) - 1, 0))
        again = done < self.cursor["done"]
        held: list[Any] = []
        rows = 0
        for number, piece in enumerate(pieces[done:], done + 1):
            made, self._made = self._merged(piece, field, reads, compute)
            if again:
                return
            held.append(made.to_json())
            rows += piece.count_rows()
            if rows >= self.together or number == len(pieces):
                self._keep(held, rows, {**self.cursor, "done": number})
                held, rows = [], 0

    def delete(self, lance_version: int, filter: str) -> None:
        """Leave out the rows that fit a compiled filter; files that stay whole are kept.

        Errors: conflict, the version is not the newest.
        """
        self._without = filter
        if self.base.state != "published":
            self._stand_on(lance_version)
            self.schema = self._ground().schema

    def restore(self, lance_version: int) -> None:
        """Take the rows and columns of an older version, its files included."""
        self._source = lance_version
        if self.base.state == "published":
            return
        self.schema = self.lake.open(self.uri, lance_version).schema

    def _stand_on(self, lance_version: int) -> None:
        """Begin on the newest version, which must be this one."""
        if self.base.state != "staging" or self.cursor:
            return
        kept = self._kept()
        if (self.base.lance_version if kept is None else kept) != lance_version:
            raise Conflict(
                f"Dataset '{self.name}' has a newer version than this one.",
                "Change the newest one, or make this the newest with 'dataset.restore'.",
            )
        newest = self.lake.latest(self.uri)
        self._still_on_top(newest)
        if kept is not None:
            newest = self._uncovered(newest, kept)
        self.base.cursor = {"ground": newest, "done": 0}
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            self._update(connection, cursor=self.base.cursor)

    def _merged(
        self, piece: lance.LanceFragment, field: pa.Field, reads: Sequence[str], compute: Compute
    ) -> Any:
        broken: list[MillraceError] = []
        schema = pa.schema([field])

        def work(batch: pa.RecordBatch) -> pa.RecordBatch:
            try:
                self.ctx.check()
                return pa.record_batch([compute(batch)], schema=schema)
            except MillraceError as error:
                broken.append(error)
                raise

        try:
            with asked():
                return piece.merge_columns(
                    lance.batch_udf(output_schema=schema)(work),
                    columns=list(reads),
                    batch_size=BATCH,
                )
        except MillraceError as error:
            raise broken[0] if broken else error from error

    def _ground(self) -> lance.LanceDataset:
        return self.lake.open(self.uri, self.cursor["ground"])

    def _uncovered(self, newest: int, kept: int) -> int:
        """Make what the newest visible version holds the newest state, below nobody's token."""
        bare = making.laid(self.lake, self.uri, kept)
        done = self.lake.commit(self.uri, newest, bare, {"millrace.uncovered": str(kept)})
        if done is None:
            raise self._outdated()
        return done

    def _made_of(self, newest: int, fragments: list[Any]) -> LanceOperation.BaseOperation:
        if self.mode == "restore":
            return making.laid(self.lake, self.uri, self._source)
        if newest != self.cursor["ground"]:
            raise self._outdated()
        if self.mode == "delete":
            return making.cleared(self.lake, self.uri, newest, self._without)
        if not fragments:
            assert self.schema is not None
            return making.replaced(self.schema, [])
        return making.widened(self._made, fragments)
