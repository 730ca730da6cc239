"""Cut a stream of UTF-8 bytes into blocks that end where a record ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np

from millrace.core.errors import InvalidInput
from millrace.dataset.types import Bad

BLOCK = 16 * 2**20
PIECE = 256 * 1024
QUOTE, NEWLINE, RETURN = 34, 10, 13
UNCLOSED = "a quote is opened on this line and the record it would make does not fit the columns"


Spans = tuple[np.ndarray, np.ndarray, np.ndarray]


class Stream(Protocol):
    """Anything with `read`."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


@dataclass(frozen=True)
class Block:
    """Whole records, the line the first begins on, and lines that had to be set aside.

    `lines` is how many lines of the source it takes up, `quoted` whether it holds quotes.
    `spans` (start, end and line of each record) is there when finding it took a scan.
    """

    data: bytes
    line: int
    lines: int = 0
    bad: list[Bad] = field(default_factory=list[Bad])
    spans: Spans | None = None
    blank: int = 0
    quoted: bool = False


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns of a field, a record and a field in which nothing follows the quote.

    The first two agree with Arrow's CSV parser: a quote counts only as the first character
    of a field, and text after the closing quote belongs to the field.
    """
    mark = re.escape(delimiter.encode())
    one = rb'(?:"(?:[^"]++|"")*+"[^%s\r\n]*+|(?!")[^%s\r\n]*+)' % (mark, mark)
    record = rb"%s(?:%s%s)*+(\r\n|\n|\r|\Z)" % (one, mark, one)
    strict = rb'(?:"(?:[^"]++|"")*+"(?=%s|[\r\n]|\Z)|(?!")[^%s\r\n]*+)' % (mark, mark)
    return re.compile(one), re.compile(record), re.compile(strict)


def split(record: bytes, delimiter: str) -> list[str]:
    """Return the cells of one record as text, quotes undone."""
    one, _, _ = _patterns(delimiter)
    cells: list[str] = []
    at = 0
    record = record.rstrip(b"\r\n")
    while True:
        found = one.match(record, at)
        if found is None:  # an open quote: the rest is one cell
            cells.append(record[at:].decode("utf-8", "replace"))
            return cells
        cells.append(_unquoted(found.group()))
        at = found.end()
        if at >= len(record):
            return cells
        at += 1


def _unquoted(cell: bytes) -> str:
    if cell.startswith(b'"'):
        close = re.match(rb'"((?:[^"]++|"")*+)"', cell)
        if close is not None:
            cell = close.group(1).replace(b'""', b'"') + cell[close.end() :]
    return cell.decode("utf-8", "replace")


@dataclass(frozen=True)
class Scan:
    """Records found one by one: end offsets, the bad ones among them, where it stopped."""

    starts: list[int]
    ends: list[int]
    bad: list[int]
    rest: int


def scan(
    data: bytes,
    delimiter: str,
    fields: int | None = None,
    *,
    whole: bool = True,
    give_up: bool = False,
    limit: int | None = None,
) -> Scan:
    """Walk over records the slow and careful way, for blocks with odd quotes.

    A record that spans lines but has not `fields` tidy cells is taken for a quote that
    was never closed: only its first line is bad and the next line starts afresh.
    `whole`: the data ends the file. `give_up`: do not wait for more to close a quote.
    `limit`: records after which to stop.
    """
    _, record, strict = _patterns(delimiter)
    starts: list[int] = []
    ends: list[int] = []
    bad: list[int] = []
    at = 0
    while at < len(data) and len(starts) != limit:
        found = record.match(data, at)
        if found is None and not (whole or give_up):
            break
        end = found.end() if found is not None else _line_end(data, at)
        open_ended = end == len(data) and not data.endswith(b"\n", at, end)
        if open_ended and not whole:
            break
        if found is None or _misfit(data, at, found, strict, fields):
            end = _line_end(data, at)
            bad.append(len(starts))
        starts.append(at)
        ends.append(end)
        at = end
    return Scan(starts, ends, bad, at)


def _misfit(
    data: bytes, at: int, found: re.Match[bytes], strict: re.Pattern[bytes], fields: int | None
) -> bool:
    last = found.start(1)
    if fields is None or (data.find(b"\n", at, last) < 0 and data.find(b"\r", at, last) < 0):
        return False
    count = 0
    while at <= last:
        cell = strict.match(data, at, last)
        if cell is None:
            return True
        count += 1
        at = cell.end() + 1
    return count != fields


def _line_end(data: bytes, at: int) -> int:
    ends = [place + 1 for mark in (b"\n", b"\r") if (place := data.find(mark, at)) >= 0]
    end = min(ends, default=len(data))
    return end + 1 if data[end - 1 : end + 1] == b"\r\n" else end


def _fits(codes: np.ndarray, quotes: np.ndarray, delimiter: str) -> bool:
    """Say whether every quote opens or closes a field, so that parity tells inside from out."""
    edge = np.zeros(256, bool)
    edge[[NEWLINE, RETURN, ord(delimiter), QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[opening[opening > 0] - 1]
    after = codes[closing[closing < len(codes) - 1] + 1]
    return len(quotes) % 2 == 0 and bool(edge[before].all() and edge[after].all())


def _odd_returns(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def record_ends(data: bytes) -> np.ndarray:
    """Return where each record of tidy data ends: after a line feed outside quotes."""
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(codes == NEWLINE)
    if b'"' in data:
        inside = np.searchsorted(np.flatnonzero(codes == QUOTE), ends) % 2
        ends = ends[inside == 0]
    ends = ends + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    return ends


def records(block: Block) -> Spans:
    """Return start, end and line of each record of a block that is not blank."""
    if block.spans is not None:
        return block.spans
    ends = record_ends(block.data)
    starts = np.append(0, ends[:-1]) if len(ends) else ends
    feeds = np.flatnonzero(np.frombuffer(block.data, np.uint8) == NEWLINE)
    lines = block.line + np.searchsorted(feeds, starts)
    size = ends - starts
    first = np.frombuffer(block.data, np.uint8)[starts] if len(starts) else starts
    full = ~((first == NEWLINE) | ((first == RETURN) & (size <= 2)))
    return starts[full], ends[full], lines[full]


def sift(block: Block, delimiter: str, width: int) -> Block:
    """Return the block without its ragged records, which are set aside.

    For blocks that Arrow cannot even report on: ragged records that are no valid UTF-8.
    """
    starts, ends, lines = records(block)
    pieces = [block.data[a:b] for a, b in zip(starts, ends, strict=True)]
    counts = [len(split(piece, delimiter)) for piece in pieces]
    bad = [
        Bad(int(line), ragged(count, width), raw(piece))
        for piece, count, line in zip(pieces, counts, lines, strict=True)
        if count != width
    ]
    keep = [at for at, count in enumerate(counts) if count == width]
    stops = np.cumsum([len(pieces[at]) for at in keep], dtype=np.int64)
    spans = (np.append(0, stops)[:-1], stops, lines[keep])
    blank = len(record_ends(block.data)) - len(pieces) if block.spans is None else block.blank
    data = b"".join(pieces[at] for at in keep)
    return Block(data, block.line, block.lines, [*block.bad, *bad], spans, blank, block.quoted)


def ragged(count: int, width: int) -> str:
    """Return the reason why a record with another number of cells is set aside."""
    return f"{count} cells instead of {width}"


def raw(record: bytes) -> str:
    """Return a record as text that keeps every byte, its line end left out."""
    return record.rstrip(b"\r\n").decode("utf-8", "backslashreplace")


def has_blank(data: bytes) -> bool:
    """Say whether there may be an empty line; searching bytes for two of them is far slower."""
    if data[:1] in (b"\n", b"\r") or b"\r" in data and b"\n\r\n" in data:
        return True
    codes = np.frombuffer(data, np.uint8)
    for at in range(0, len(codes), PIECE):
        feeds = codes[at : at + PIECE + 1] == NEWLINE
        if (feeds[1:] & feeds[:-1]).any():
            return True
    return False


def cut(
    stream: Stream,
    delimiter: str,
    fields: int,
    line: int = 1,
    limit: int = BLOCK,
    size: int = BLOCK,
) -> Iterator[Block]:
    """Yield blocks of whole records of about `size` bytes.

    Cost: a block and a half in memory. Errors: invalid_input, a record above `limit` bytes.
    """
    held = b""
    while True:
        chunk = stream.read(min(size, limit))
        if end := _plain_end(held, chunk):
            data = b"".join((held, memoryview(chunk)[:end]))  # the one copy of a plain block
            block = Block(data, line, _feeds(data))
            held = chunk[end:]
            yield block
            line += block.lines
            continue
        held = held + chunk if held else chunk
        if not held:
            return
        block, used = _take(held, delimiter, fields, line, whole=not chunk, limit=limit)
        if block is not None:
            yield block
            line += block.lines
            held = held[used:]
        elif len(held) > limit:
            raise too_long(line, limit)
        if not chunk:
            return


def _plain_end(held: bytes, chunk: bytes) -> int:
    """Return where the whole lines of a chunk end when it has no quotes to mind, else 0."""
    if b'"' in held or b'"' in chunk or held.endswith(b"\r") or _odd_returns(chunk):
        return 0
    return chunk.rfind(b"\n") + 1 if b"\r" not in held or not _odd_returns(held) else 0


def _feeds(data: bytes) -> int:
    """Count line feeds, piece by piece so that the masks stay in the CPU's cache."""
    codes = np.frombuffer(data, np.uint8)
    pieces = range(0, len(codes), PIECE)
    return sum(int(np.count_nonzero(codes[at : at + PIECE] == NEWLINE)) for at in pieces)


def lines(stream: Stream, limit: int = BLOCK, size: int = BLOCK) -> Iterator[bytes]:
    """Yield blocks of whole lines, for formats without quotes around line ends.

    Errors: invalid_input, a line above `limit` bytes.
    """
    held, line = b"", 1
    while chunk := stream.read(size):
        held += chunk
        used = held.rfind(b"\n") + 1
        if used:
            yield held[:used]
            line += held.count(b"\n", 0, used)
            held = held[used:]
        if len(held) > limit:
            raise too_long(line, limit)
    if held:
        yield held + b"\n"


def too_long(line: int, limit: int) -> InvalidInput:
    """Return the error for a record that is longer than allowed."""
    return InvalidInput(
        f"The record that starts on line {line} is longer than {limit:,} bytes.",
        "Look for a quote that is never closed, or raise 'max_record' when such cells are meant.",
        line=line,
    )


def _take(
    held: bytes, delimiter: str, fields: int, line: int, *, whole: bool, limit: int
) -> tuple[Block | None, int]:
    """Return the whole records at the start and their size; None when more must be read."""
    quotes = np.empty(0, np.int64)
    if b'"' in held:
        quotes = np.flatnonzero(np.frombuffer(held, np.uint8) == QUOTE)
    used = len(held) if whole else _boundary(held, quotes)
    if used:
        data = held[:used]
        codes = np.frombuffer(data, np.uint8)
        inner = quotes[: np.searchsorted(quotes, used)]
        if _fits(codes, inner, delimiter) and not _odd_returns(data):
            return Block(data, line, _feeds(data), quoted=len(inner) > 0), used
    elif len(held) <= limit:
        return None, 0
    found = scan(held, delimiter, fields, whole=whole, give_up=len(held) > limit)
    return (_scanned(held, found, line), found.rest) if found.ends else (None, 0)


def _boundary(held: bytes, quotes: np.ndarray) -> int:
    """Return the end of the last whole record, if parity of quotes is to be believed."""
    end = held.rfind(b"\n") + 1
    while end and len(quotes) and np.searchsorted(quotes, end) % 2:
        opened = int(quotes[np.searchsorted(quotes, end) - 1])
        end = held.rfind(b"\n", 0, opened) + 1
    return end


def _scanned(held: bytes, found: Scan, line: int) -> Block:
    first = line
    bad = set(found.bad)
    good: list[bytes] = []
    lines: list[int] = []
    set_aside: list[Bad] = []
    blank = 0
    for number, (start, end) in enumerate(zip(found.starts, found.ends, strict=True)):
        text = held[start:end]
        if number in bad:
            set_aside.append(Bad(line, UNCLOSED, raw(text)))
        elif text.strip(b"\r\n"):
            good.append(text if text.endswith((b"\n", b"\r")) else text + b"\n")
            lines.append(line)
        else:
            blank += 1
        line += _lines(text)
    ends = np.cumsum([len(text) for text in good], dtype=np.int64)
    spans = (np.append(0, ends)[:-1], ends, np.asarray(lines, np.int64))
    return Block(b"".join(good), first, line - first, set_aside, spans, blank)


def _lines(text: bytes) -> int:
    """Count the line ends of some text."""
    count = text.count(b"\n")
    if b"\r" in text:
        count += text.count(b"\r") - text.count(b"\r\n")
    return count
