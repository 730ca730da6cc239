"""Read CSV and its kin as a stream of typed blocks, with every odd row set aside."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from millrace.core.errors import InvalidInput
from millrace.dataset.engine import blocks, columns, convert, detect
from millrace.dataset.engine.blocks import Block, Stream
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.types import Bad, Column, Format, Options, Plan

HEAD = 2 * 2**20
SAMPLE_ROWS = 20_000


class Recoded:
    """A stream of any encoding as UTF-8; bytes that cannot be decoded stay invalid UTF-8."""

    def __init__(self, raw: Stream, encoding: str, newline: str = "\n") -> None:
        self.raw = raw
        wide = encoding.startswith(("utf-16", "utf-32"))
        self.errors = "surrogatepass" if wide else "surrogateescape"
        self.decoder = codecs.getincrementaldecoder(encoding)(self.errors)
        self.newline = newline

    def read(self, size: int = -1, /) -> bytes:
        """Return about `size` bytes of UTF-8; none at the end."""
        while True:
            data = self.raw.read(size)
            text = self._text(data)
            if text or not data:
                break
        if self.newline == "\r":
            text = text.replace("\r", "\n")
        return text.encode("utf-8", self.errors)

    def _text(self, data: bytes) -> str:
        try:
            return self.decoder.decode(data, final=not data)
        except UnicodeDecodeError:  # half a letter ends the file: it stays an invalid byte
            self.decoder.reset()
            return "\udcff" if self.errors == "surrogateescape" else "\ud800"


class After:
    """A stream without its first bytes."""

    def __init__(self, stream: Stream, size: int) -> None:
        self.stream = stream
        self.left = size

    def read(self, size: int = -1, /) -> bytes:
        """Return bytes that come after the skipped ones; none at the end."""
        while self.left:
            data = self.stream.read(size)
            if not data:
                return b""
            kept = data[self.left :]
            self.left -= len(data) - len(kept)
            if kept:
                return kept
        return self.stream.read(size)


def as_utf8(raw: Stream, encoding: str, newline: str = "\n") -> Stream:
    """Return the stream as UTF-8 without a byte-order mark."""
    if encoding == "utf-8" and newline == "\n":
        return raw
    if encoding == "utf-8-sig" and newline == "\n":
        raw.read(len(codecs.BOM_UTF8))
        return raw
    return Recoded(raw, encoding, newline)


def plan(raw: BinaryIO, suffix: str, options: Options) -> Plan:
    """Decide how to read a delimited file from its head.

    Errors: invalid_input, no rows, a first record above the limit, too many columns.
    """
    head, final = _head(raw, options.max_record)
    if not head.strip():
        raise InvalidInput("The file is empty.", "Choose a file with a header and rows.")
    encoding, encoding_reason = detect.encoding(head, options.encoding)
    text = Recoded(io.BytesIO(head), encoding).read(-1) if encoding != "utf-8" else head
    if b"\0" in text and options.encoding is None:
        raise InvalidInput(
            "The file is not text: it holds zero bytes.",
            "Pass 'format' if it is of another kind, or 'encoding' if it is text.",
            field="encoding",
        )
    newline = "\r" if b"\n" not in text and b"\r" in text else "\n"
    text = text.replace(b"\r", b"\n") if newline == "\r" else text
    start, line = _skip(text, options.skip_lines)
    body = detect.whole(text[start:], final=final)
    if not body.strip():
        raise blocks.too_long(line, options.max_record)
    mark, delimiter_reason = detect.delimiter(body, options.delimiter, suffix)
    found = detect.rows(body, mark)
    has_header, header_reason = detect.header(found, options.header)
    made = Plan(
        format=_format(suffix, mark),
        format_reason=options.format and "asked for" or f"the file name ends in '{suffix}'",
        encoding=encoding,
        encoding_reason=encoding_reason,
        delimiter=mark,
        delimiter_reason=delimiter_reason,
        header=has_header,
        header_reason=header_reason,
        decimal=detect.decimal(found[1:], mark, options.decimal),
        trim=_all_padded(found),
        newline=newline,
        missing=list(options.missing),
        start=start,
        start_line=line,
    )
    return _with_columns(made, body, found, options)


def _format(suffix: str, mark: str) -> Format:
    return "tsv" if suffix == ".tsv" or mark == "\t" else "csv"


def _head(raw: BinaryIO, limit: int) -> tuple[bytes, bool]:
    """Return the first bytes, more of them when they hold fewer than two lines."""
    head = b""
    while True:
        more = raw.read(HEAD)
        head += more
        if not more:
            return head, True
        if len(head) >= HEAD and (head.count(b"\n") > 1 or len(head) > limit):
            return head, False


def _skip(text: bytes, lines: int) -> tuple[int, int]:
    """Return offset and number of the first line that is neither skipped nor blank."""
    at, line = 0, 1
    while at < len(text):
        end = text.find(b"\n", at) + 1 or len(text)
        if line > lines and text[at:end].strip():
            return at, line
        at, line = end, line + 1
    raise InvalidInput(
        f"The file has no more than {line - 1} lines.", "Skip fewer lines.", field="skip_lines"
    )


def _all_padded(found: list[list[str]]) -> bool:
    """Say whether a space follows each delimiter, as in `1, 2, 3`."""
    cells = [cell for row in found for cell in row[1:]]
    return bool(cells) and all(cell.startswith(" ") for cell in cells)


def _with_columns(made: Plan, body: bytes, found: list[list[str]], options: Options) -> Plan:
    given = [cell.strip() for cell in found[0]] if made.header else [""] * len(found[0])
    names, notes = detect.names(given)
    if len(names) > options.max_columns and not options.columns:
        raise columns.too_many(len(names), options)
    update: dict[str, object] = {"notes": notes if made.header else []}
    if made.header:
        end = blocks.scan(body, made.delimiter, limit=1).ends[0]
        update["start"] = made.start + end
        update["start_line"] = made.start_line + body.count(b"\n", 0, end)
        body = body[end:]
    if not body.strip():
        raise InvalidInput(
            "The file has a header and no rows.",
            "If its first line is data, pass 'header' as false.",
        )
    made = made.model_copy(update={**update, "order": names})
    table = _sampled(body, made, options.max_record)
    samples = [
        columns.Sample(name, cell, convert.decoded(table.column(name).combine_chunks())[0])
        for name, cell in zip(names, given, strict=True)
    ]
    return columns.decide(samples, made, options)


def _sampled(body: bytes, made: Plan, limit: int) -> pa.Table:
    limit = max(limit, len(body))
    found = blocks.cut(io.BytesIO(body), made.delimiter, len(made.order), limit=limit)
    reader = Delimited(made, Options())
    parts = [reader.cells(block) for block in found]
    return pa.concat_tables(parts).slice(0, SAMPLE_ROWS)


class Delimited:
    """A delimited file read by a plan: the same plan gives the same blocks."""

    def __init__(self, made: Plan, options: Options) -> None:
        self.plan = made
        self.options = options
        self.names = made.order
        self.kept = [column.name for column in made.columns]

    def blocks(self, raw: BinaryIO, skip: int = 0) -> Iterator[Parsed]:
        """Yield typed rows block by block; the first `skip` blocks are passed over unparsed."""
        stream = After(as_utf8(raw, self.plan.encoding, self.plan.newline), self.plan.start)
        cutter = blocks.cut(
            stream,
            self.plan.delimiter,
            len(self.names),
            self.plan.start_line,
            self.options.max_record,
        )
        for number, block in enumerate(cutter):
            if number >= skip:
                yield self.parse(block)

    def parse(self, block: Block) -> Parsed:
        """Return the typed rows of one block: Arrow's own conversion, or the careful one."""
        if not convert.is_utf8(block.data):
            return self._careful(self._sifted(block))
        try:
            table, ragged = self._fast(block)
        except pa.ArrowInvalid:
            return self._careful(block)
        if self.options.restore:
            table = convert.restored(table)
        blank = _blank(block, table.num_rows + len(ragged))
        return Parsed(table, [*block.bad, *self._ragged(block, ragged)], blank)

    def cells(self, block: Block) -> pa.Table:
        """Return the cells of all columns as bytes, ragged records left out."""
        if not convert.is_utf8(block.data):
            block = self._sifted(block)
        return _as_binary(block, self.names, self.plan.delimiter, [])[0]

    def _sifted(self, block: Block) -> Block:
        """Set ragged records aside first: Arrow cannot report those that are not UTF-8."""
        mark = self.plan.delimiter
        try:
            _as_binary(block, self.names, mark, self.names[:1], report=False)
        except pa.ArrowInvalid:
            return blocks.sift(block, mark, len(self.names))
        return block

    def _fast(self, block: Block) -> tuple[pa.Table, list[pc_csv.InvalidRow]]:
        made, ragged = self.plan, list[pc_csv.InvalidRow]()
        schema = convert.schema(made)
        if _is_blank(block):
            return schema.empty_table(), ragged
        direct = {
            column.name: convert.TYPES[column.storage if _is_direct(column, made) else "string"]
            for column in made.columns
        }
        table = pc_csv.read_csv(
            pa.BufferReader(block.data),
            read_options=_reading(block, self.names),
            parse_options=_parsing(made.delimiter, ragged),
            convert_options=pc_csv.ConvertOptions(
                column_types=direct,
                include_columns=self.kept,
                true_values=list(convert.TRUE),
                false_values=list(convert.FALSE),
                decimal_point=made.decimal,
                null_values=["", *made.missing, *(convert.TOKENS if made.tokens else ())],
                strings_can_be_null=not made.tokens,
                check_utf8=False,  # the block was, whole
            ),
        )
        arrays = [self._finished(table.column(c.name), c) for c in made.columns]
        return pa.Table.from_arrays(arrays, schema=schema), ragged

    def _finished(self, values: pa.ChunkedArray, column: Column) -> pa.Array | pa.ChunkedArray:
        made = self.plan
        if column.storage == "string" and not (made.tokens or made.trim):
            return values
        if column.storage != "string" and _is_direct(column, made):
            return convert.no_nan(values) if column.storage == "float64" else values
        typed, bad = convert.convert(values.combine_chunks(), column, self.plan)
        if bad is not None:
            raise pa.ArrowInvalid("a value does not fit its column")
        return typed

    def _careful(self, block: Block) -> Parsed:
        table, ragged = _as_binary(block, self.names, self.plan.delimiter, self.kept)
        arrays = [table.column(name).combine_chunks() for name in self.kept]
        typed, bad, misfits = convert.typed_table(arrays, self.plan)
        columns.widen(self.plan, arrays, bad)
        wrong = np.zeros(table.num_rows, bool)
        for mask in bad.values():
            wrong |= mask
        starts, ends, lines = blocks.records(block)
        left = np.delete(np.arange(len(starts)), [row.number - 1 for row in ragged])
        set_aside = [*block.bad, *self._ragged(block, ragged)]
        for row in np.flatnonzero(wrong):
            at = left[row]
            column, reason = convert.reason(bad, int(row), self.plan)
            raw = blocks.raw(block.data[starts[at] : ends[at]])
            set_aside.append(Bad(int(lines[at]), reason, raw, column))
        kept = typed.filter(pa.array(~wrong)) if wrong.any() else typed
        if self.options.restore:
            kept = convert.restored(kept)
        blank = _blank(block, len(starts))
        return Parsed(kept, sorted(set_aside, key=lambda one: one.line), blank, misfits)

    def _ragged(self, block: Block, ragged: list[pc_csv.InvalidRow]) -> Iterator[Bad]:
        if not ragged:
            return
        starts, ends, lines = blocks.records(block)
        for row in ragged:
            at = row.number - 1
            reason = blocks.ragged(row.actual_columns, row.expected_columns)
            yield Bad(int(lines[at]), reason, blocks.raw(block.data[starts[at] : ends[at]]))


def _is_direct(column: Column, made: Plan) -> bool:
    """Say whether Arrow's parser may convert the column: only where it agrees with ours."""
    if column.storage == "string":
        return True
    if column.layout != "iso" or (made.trim and made.missing):
        return False
    return not (column.fixed and column.storage == "bool")


def _reading(block: Block, names: list[str]) -> pc_csv.ReadOptions:
    return pc_csv.ReadOptions(use_threads=False, block_size=len(block.data) + 1, column_names=names)


def _parsing(
    delimiter: str, ragged: list[pc_csv.InvalidRow], *, report: bool = True
) -> pc_csv.ParseOptions:
    def keep(row: pc_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    return pc_csv.ParseOptions(
        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep if report else None
    )


def _as_binary(
    block: Block, names: list[str], delimiter: str, kept: list[str], *, report: bool = True
) -> tuple[pa.Table, list[pc_csv.InvalidRow]]:
    """Return every cell as bytes: nothing can fail but the number of cells."""
    ragged: list[pc_csv.InvalidRow] = []
    if _is_blank(block):
        empty = pa.schema([(name, pa.binary()) for name in kept or names])
        return empty.empty_table(), ragged
    table = pc_csv.read_csv(
        pa.BufferReader(block.data),
        read_options=_reading(block, names),
        parse_options=_parsing(delimiter, ragged, report=report),
        convert_options=pc_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()), include_columns=kept
        ),
    )
    return table, ragged


def _is_blank(block: Block) -> bool:
    """Say whether a block holds no records (strip copies, so it is asked last)."""
    return block.data[:1] in (b"", b"\n", b"\r") and not block.data.strip(b"\r\n")


def _blank(block: Block, records: int) -> int:
    """Count the empty lines of a block that holds so many records."""
    if block.spans is not None:
        return block.blank
    if not block.quoted:
        open_end = not block.data.endswith(b"\n")
        return block.lines + open_end - records
    if not blocks.has_blank(block.data):
        return 0
    return len(blocks.record_ends(block.data)) - records
