"""One reader per kind of source, all alike: decide a plan, then give blocks of typed rows."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from millrace.core.errors import InvalidInput, choices
from millrace.core.ids import digest
from millrace.dataset.source import Hashed, Source
from millrace.dataset.types import Format, Options, Plan

if TYPE_CHECKING:
    from typing import BinaryIO

    from millrace.dataset.engine.convert import Parsed
    from millrace.dataset.engine.records import Row

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".data": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
}
MAX_JSON = 256 * 2**20


class Reader:
    """A source with options; the same source, options and plan give the same blocks."""

    resumable = True
    format: Format = "csv"

    def __init__(self, source: Source, options: Options) -> None:
        self.source = source
        self.options = options
        self.stream: Hashed | None = None

    @property
    def stamp(self) -> str:
        """Return what changes when the source does."""
        return self.source.stamp

    @property
    def total(self) -> float | None:
        """Return the size of the whole, if known [bytes or files]."""
        return self.source.size

    @property
    def done(self) -> float:
        """Return how much has been read."""
        return self.stream.done if self.stream else 0

    def plan(self) -> Plan:
        """Decide how to read the source from its first rows."""
        raise NotImplementedError

    def blocks(self, plan: Plan, skip: int) -> Iterator["Parsed"]:
        """Yield typed rows; the first `skip` blocks are passed over."""
        raise NotImplementedError

    def rows_known(self) -> int | None:
        """Return how many rows the source says it has; None: it does not say."""
        return None

    def fingerprint(self) -> str:
        """Return the SHA-256 of the source, once its blocks have been read."""
        assert self.stream is not None
        return self.stream.hash.hexdigest()

    @contextmanager
    def opened(self) -> Generator["BinaryIO"]:
        """Open the source for the time of a `with`."""
        with self.source.open() as self.stream:
            yield cast("BinaryIO", self.stream)


class DelimitedReader(Reader):
    """CSV and its kin."""

    def plan(self) -> Plan:
        """Decide encoding, delimiter, header and types."""
        from millrace.dataset.engine import delimited

        with self.opened() as raw:
            made = delimited.plan(raw, self.source.suffix, self.options)
        return made

    def blocks(self, plan: Plan, skip: int) -> Iterator["Parsed"]:
        """Yield one batch per block of the file."""
        from millrace.dataset.engine.delimited import Delimited

        with self.opened() as raw:
            yield from Delimited(plan, self.options).blocks(raw, skip)


class RowsReader(Reader):
    """Sources of rows with named values."""

    @contextmanager
    def rows(self, plan: Plan) -> Generator[Iterator["Row"]]:
        """Give the rows from the first one on."""
        raise NotImplementedError

    def bare(self) -> Plan:
        """Return the plan before its columns are known."""
        return Plan(format=self.format)

    def plan(self) -> Plan:
        """Decide the types of the columns."""
        from millrace.dataset.engine import records

        bare = self.bare()
        with self.rows(bare) as found:
            return records.plan(found, bare, self.options)

    def blocks(self, plan: Plan, skip: int) -> Iterator["Parsed"]:
        """Yield rows in batches."""
        from millrace.dataset.engine import records

        with self.rows(plan) as found:
            yield from records.batches(found, plan, self.options, skip)


class JsonReader(RowsReader):
    """One JSON object a line, or one array of objects."""

    format: Format = "jsonl"

    def bare(self) -> Plan:
        """Decide the encoding."""
        from millrace.dataset.engine import detect

        with self.opened() as raw:
            encoding, reason = detect.encoding(raw.read(2**20), self.options.encoding)
        return Plan(format=self.format, encoding=encoding, encoding_reason=reason)

    @contextmanager
    def rows(self, plan: Plan) -> Generator[Iterator["Row"]]:
        """Give one row per line or element."""
        from millrace.dataset.engine import records

        with self.opened() as raw:
            if self.format == "json":
                data = raw.read(MAX_JSON + 1)
                if len(data) > MAX_JSON:
                    raise InvalidInput(
                        f"The JSON array is larger than {MAX_JSON:,} bytes.",
                        "Write one object a line and name it .jsonl.",
                    )
                yield records.json_array(data, plan.encoding, self.options.max_record)
            else:
                yield records.json_lines(raw, plan.encoding, self.options.max_record)


class ArrayReader(JsonReader):
    """One JSON array of objects."""

    format: Format = "json"


class ExcelReader(RowsReader):
    """One sheet of a workbook."""

    format: Format = "excel"

    @contextmanager
    def rows(self, plan: Plan) -> Generator[Iterator["Row"]]:
        """Give the rows of the sheet under its header."""
        from millrace.dataset.engine import tables

        raw = self.source.open_anywhere()
        with raw:
            found, _ = tables.excel_rows(raw, self.source.suffix, self.options)
            yield found

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return whole_hash(self.source)


class SqlReader(RowsReader):
    """The result of one SELECT."""

    resumable = False  # a query may give its rows in another order the next time
    format: Format = "sql"

    @property
    def total(self) -> float | None:
        """Return nothing: the size of a result is not known before."""
        return None

    @contextmanager
    def rows(self, plan: Plan) -> Generator[Iterator["Row"]]:
        """Run the query and give its rows."""
        from millrace.dataset import query
        from millrace.dataset.engine.records import Row

        asked = query.check_query(self.options.query)
        with query.rows(self.source.address, asked) as (keys, found):
            yield (
                Row(number, dict(zip(keys, row, strict=True)))
                for number, row in enumerate(found, 1)
            )

    def fingerprint(self) -> str:
        """Return a digest of address and statement: a result has no other identity."""
        return digest({"url": self.source.address, "query": self.options.query})


class ParquetReader(Reader):
    """A Parquet file."""

    format: Format = "parquet"

    def plan(self) -> Plan:
        """Take the types from the file."""
        from millrace.dataset.engine import tables

        with self.source.open_anywhere() as raw:
            return tables.parquet_plan(raw, self.options)

    def blocks(self, plan: Plan, skip: int) -> Iterator["Parsed"]:
        """Yield rows in batches."""
        from millrace.dataset.engine import tables

        with self.source.open_anywhere() as raw:
            yield from tables.parquet_blocks(raw, plan, skip)

    def rows_known(self) -> int | None:
        """Return how many rows the file says it has."""
        from millrace.dataset.engine import tables

        with self.source.open_anywhere() as raw:
            return tables.parquet_rows(raw)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return whole_hash(self.source)


class ImageReader(Reader):
    """A folder of images."""

    format: Format = "images"
    digest: str = ""

    @property
    def total(self) -> float | None:
        """Return nothing: files are listed as they are read."""
        return None

    def plan(self) -> Plan:
        """Take label and split from the folders."""
        from millrace.dataset.engine import images

        return images.plan(Path(self.source.address), self.options)

    def blocks(self, plan: Plan, skip: int) -> Iterator["Parsed"]:
        """Yield images in batches."""
        from millrace.dataset.engine import images

        kept = [column.name for column in plan.columns]
        root = Path(self.source.address)
        tally = images.Tally()
        for part in images.blocks(root, self.options.max_files, skip, tally):
            yield images.chosen(part, kept)
        self.digest = tally.hash.hexdigest()

    def fingerprint(self) -> str:
        """Return a digest of the names and contents of all files."""
        return self.digest


READERS: dict[Format, type[Reader]] = {
    "csv": DelimitedReader,
    "tsv": DelimitedReader,
    "jsonl": JsonReader,
    "json": ArrayReader,
    "parquet": ParquetReader,
    "excel": ExcelReader,
    "sql": SqlReader,
    "images": ImageReader,
}


def reader(source: Source, options: Options) -> Reader:
    """Return the reader for a source.

    Errors: invalid_input, no known kind, or a folder asked for as a file.
    """
    kind = options.format or _kind(source)
    if (kind == "images") != (source.kind == "folder"):
        raise InvalidInput(
            f"'{source.address[:200]}' is a {source.kind}, which cannot be read as {kind}.",
            "A folder is read as images, a file as anything else.",
            field="format",
        )
    return READERS[kind](source, options)


def _kind(source: Source) -> Format:
    if source.kind == "folder":
        return "images"
    if source.suffix == ".sql":
        return "sql"
    if source.suffix not in SUFFIXES:
        raise InvalidInput(
            f"The kind of '{source.name[:100]}{source.suffix[:20]}' is not clear from its name.",
            f"Pass 'format'; known endings are {choices(list(SUFFIXES), 20)}.",
            field="format",
        )
    return SUFFIXES[source.suffix]


def whole_hash(source: Source) -> str:
    """Return the SHA-256 of a file that is not read from start to end."""
    with source.open() as stream:
        while stream.read(2**20):
            pass
    return stream.hash.hexdigest()
