"""Cutting streams into whole records."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.dataset.engine import blocks

CELLS = st.text(alphabet='ab,;"\n\r x', max_size=8)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=30)


def written(rows: list[list[str]], end: str = "\n") -> bytes:
    def cell(text: str) -> str:
        plain = text and not set(text) & set('",\r\n')
        return text if plain else '"' + text.replace('"', '""') + '"'

    return "".join(",".join(map(cell, row)) + end for row in rows).encode()


def read(found: list[blocks.Block]) -> list[list[str]]:
    cells: list[list[str]] = []
    for block in found:
        starts, ends, _ = blocks.records(block)
        cells += [blocks.split(block.data[a:b], ",") for a, b in zip(starts, ends, strict=True)]
    return cells


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(1, 60), st.sampled_from(["\n", "\r\n"]))
def test_any_block_size_gives_the_records_that_were_written(
    rows: list[list[str]], size: int, end: str
) -> None:
    data = written(rows, end)
    found = list(blocks.cut(io.BytesIO(data), ",", 2, limit=10_000, size=size))
    assert [bad for block in found for bad in block.bad] == []
    assert read(found) == rows


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_no_byte_is_lost_whatever_comes(data: bytes, size: int) -> None:
    found = list(blocks.cut(io.BytesIO(data), ",", 2, limit=10_000, size=size))
    kept = b"".join(block.data for block in found)
    aside = "".join(bad.raw for block in found for bad in block.bad).encode()
    letters = bytes(set(range(256)) - set(b"\r\n"))
    total = sum(data.count(bytes([letter])) for letter in letters if letter < 128)
    seen = sum((kept + aside).count(bytes([letter])) for letter in letters if letter < 128)
    assert seen >= total
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
    if b"\r" not in data:
        assert sum(block.lines for block in found) == lines


def test_lines_are_counted_through_quotes_and_blanks() -> None:
    data = b'a,"x\ny"\n\nb,c\r\n\r\nd,"e"\n'
    [block] = blocks.cut(io.BytesIO(data), ",", 2)
    assert blocks.records(block)[2].tolist() == [1, 4, 6]
    assert blocks.has_blank(block.data)


def test_an_open_quote_costs_its_own_line_only() -> None:
    data = b'1,"open\n2,x\n3,"fine\nstill fine"\n4,y\n'
    [block] = blocks.cut(io.BytesIO(data), ",", 2)
    assert [(bad.line, bad.raw) for bad in block.bad] == [(1, '1,"open')]
    assert read([block]) == [["2", "x"], ["3", "fine\nstill fine"], ["4", "y"]]
    assert blocks.records(block)[2].tolist() == [2, 3, 5]


def test_a_quote_inside_a_cell_is_a_letter() -> None:
    [block] = blocks.cut(io.BytesIO(b'1,5" nail\n2,a"b"c\n'), ",", 2)
    assert read([block]) == [["1", '5" nail'], ["2", 'a"b"c']]


def test_too_long_a_record_names_its_line() -> None:
    data = b"a,b\n1," + b"x" * 5000 + b"\n"
    with pytest.raises(InvalidInput, match=r"line 2 is longer than 1,024 bytes"):
        list(blocks.cut(io.BytesIO(data), ",", 2, limit=1024))


def test_a_long_record_within_the_limit_is_whole() -> None:
    data = b'1,"' + b"x\n" * 2000 + b'"\n2,y\n'
    found = list(blocks.cut(io.BytesIO(data), ",", 2, limit=10_000, size=100))
    assert [len(cells[1]) for cells in read(found)] == [4000, 1]


def test_lines_of_other_formats() -> None:
    assert list(blocks.lines(io.BytesIO(b"a\nb\nc"), size=2)) == [b"a\n", b"b\n", b"c\n"]
    with pytest.raises(InvalidInput, match="line 2 is longer"):
        list(blocks.lines(io.BytesIO(b"a\n" + b"b" * 100), limit=50, size=10))


def test_scan_stops_at_its_limit() -> None:
    found = blocks.scan(b"a\nb\nc\n", ",", limit=2)
    assert (found.ends, found.rest) == ([2, 4], 4)


def test_parity_of_quotes_tells_where_records_end() -> None:
    assert blocks.record_ends(b'"a\nb"\nc\nd').tolist() == [6, 8, 9]
    assert np.array_equal(blocks.record_ends(b""), np.empty(0, int))
