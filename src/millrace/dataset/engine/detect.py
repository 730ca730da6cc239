"""Decide encoding, delimiter and header of a delimited file from its first bytes."""

import codecs
import re
from collections import Counter
from typing import Literal

from millrace.core.errors import InvalidInput, choices
from millrace.dataset.engine.blocks import record_ends, scan, split

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "latin-1")
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
NO_DELIMITER = "\x1f"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED = 200  # records
NUMBER = re.compile(r"\s*[-+]?(\d[\d.,]*|[.,]\d+)([eE][-+]?\d+)?%?\s*")
DATE = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T]\d.*)?\s*")
RESERVED = frozenset({"_id", "_rowid", "_rowaddr", "_distance", "_score", "_relevance_score"})

Decision = tuple[str, str]


def encoding(head: bytes, asked: str | None = None) -> Decision:
    """Return (encoding, reason) of the first bytes of a text file."""
    if asked is not None:
        return _known(asked), "asked for"
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, f"the file begins with the byte-order mark of {name}"
    half = _utf16(head)
    if half is not None:
        return half, "every other byte is zero"
    bad, good = _utf8_sequences(head)
    if bad == 0:
        said = "every byte is ASCII" if good == 0 else f"all {good} multi-byte letters are valid"
        return "utf-8", said
    if good > 20 * bad:
        return "utf-8", f"{good} multi-byte letters are valid and {bad} places are not"
    return _single_byte(head, bad)


def _known(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise InvalidInput(
            f"There is no text encoding '{name[:40]}'.",
            f"Common ones are {choices(list(ENCODINGS))}.",
            field="encoding",
        ) from error
    return name.lower()


def _utf16(head: bytes) -> str | None:
    sample = head[:4096]
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _utf8_sequences(head: bytes) -> tuple[int, int]:
    """Return (bad places, valid multi-byte letters); a letter cut by the end is neither."""
    if head.isascii():
        return 0, 0
    text = head.decode("utf-8", "replace")
    broken = re.findall("\ufffd+", text.rstrip("\ufffd") if len(text) > 4 else text)
    return len(broken), len(re.findall(r"[^\x00-\x7f\ufffd]", text))


def _single_byte(head: bytes, bad: int) -> Decision:
    high = re.findall(rb"[\x80-\xff]+", head)
    joined = sum(len(run) for run in high if len(run) > 1)
    total = sum(len(run) for run in high)
    said = f"not UTF-8 ({bad} places), and {joined} of {total} non-ASCII bytes stand together"
    if joined > 0.6 * total:
        return "cp1251", f"{said}, as letters of Cyrillic words do"
    return "latin-1", f"{said}, as accented letters do"


def delimiter(head: bytes, asked: str | None = None, suffix: str = "") -> Decision:
    """Return (delimiter, reason) from whole records of UTF-8; NO_DELIMITER: one column.

    The rarer a character is in prose, the earlier it is preferred.
    """
    if asked is not None:
        return (asked or NO_DELIMITER), "asked for"
    shares: dict[str, tuple[float, int]] = {}
    for mark in DELIMITERS:
        counts = [len(cells) for cells in rows(head, mark)]
        if not counts:
            continue
        width, same = Counter(counts).most_common(1)[0]
        if width > 1 and counts[0] > 1:
            shares[mark] = (same / len(counts), width)
    if suffix == ".tsv" and "\t" in shares:
        return "\t", "the file name ends in .tsv"
    for least in (0.95, 0.8, 0.5):
        for mark, (share, width) in shares.items():
            if share >= least:
                return mark, f"{share:.0%} of the first records have {width} cells by it"
    if shares and "," in shares:
        return ",", "no delimiter gives equal records; the first one has commas"
    return NO_DELIMITER, "no delimiter divides the first record, so there is one column"


def rows(head: bytes, mark: str, limit: int = LOOKED) -> list[list[str]]:
    """Return the cells of the first records that are not blank."""
    found = scan(head, mark, limit=limit)
    spans = zip(found.starts, found.ends, strict=True)
    return [split(head[a:b], mark) for a, b in spans if head[a:b].strip(b"\r\n")]


def whole(head: bytes, *, final: bool) -> bytes:
    """Return the records of `head` that are whole, judging by quotes where that works."""
    if final:
        return head
    ends = record_ends(head)
    ends = ends[ends < len(head)]
    cut = int(ends[-1]) if len(ends) else 0
    return head[: max(cut, head.rfind(b"\n") + 1 if cut == 0 else 0)]


def decimal(body: list[list[str]], mark: str, asked: str | None = None) -> Literal[".", ","]:
    """Return the decimal mark.

    A comma only where in some column most numbers look like 3,14 and none looks like 3.14:
    a few such cells among whole numbers are lists, as in `4,27`.
    """
    if asked is not None:
        return "," if asked == "," else "."
    if mark == "," or not body:
        return "."
    comma, point = re.compile(r"\s*-?\d+,\d+\s*"), re.compile(r"\s*-?\d+\.\d+\s*")
    found = False
    for at in range(len(body[0])):
        cells = [row[at] for row in body if at < len(row) and NUMBER.fullmatch(row[at])]
        if any(point.fullmatch(cell) for cell in cells):
            return "."
        commas = sum(1 for cell in cells if comma.fullmatch(cell))
        found = found or commas > 0.5 * len(cells) > 0
    return "," if found else "."


def header(found: list[list[str]], asked: bool | None = None) -> tuple[bool, str]:
    """Return whether the first record names the columns, and why."""
    if asked is not None:
        return asked, "asked for"
    first, body = found[0], found[1:]
    values = [cell for cell in first if _is_value(cell)]
    if values:
        return False, f"{len(values)} of {len(first)} cells of the first record are values"
    if not body:
        return True, "the only record holds no numbers or dates"
    if len(set(first)) < len([cell for cell in first if cell]):
        return False, "the first record repeats a cell"
    columns = [[row[at] for row in body if at < len(row)] for at in range(len(first))]
    typed = sum(1 for column in columns if _mostly_values(column))
    if typed:
        return True, f"{typed} columns hold numbers or dates below a first record that does not"
    named = [_like_name(cell, column) for cell, column in zip(first, columns, strict=True)]
    if all(named):
        return True, "the cells of the first record look like names and do not occur below"
    return False, "the first record looks like the others"


def _is_value(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell) or DATE.fullmatch(cell))


def _mostly_values(column: list[str]) -> bool:
    given = [cell for cell in column if cell.strip()]
    return bool(given) and sum(map(_is_value, given)) >= 0.9 * len(given)


def _like_name(cell: str, column: list[str]) -> bool:
    given = [text for text in column if text.strip()]
    if not cell.strip():
        return True
    if len(cell) > 60 or cell.count(" ") > 4 or cell.rstrip()[-1] in ".!?;,":
        return False
    if cell in given:
        return False
    if re.fullmatch(r"[A-Za-z_][\w.\- ]*", cell) and cell == cell.lower():
        return True
    lengths = sorted(len(text) for text in given)
    return not lengths or len(cell) <= max(lengths[len(lengths) // 2], 20)


def names(cells: list[str]) -> tuple[list[str], list[str]]:
    """Return usable, distinct column names, and a note for each that had to change."""
    taken: set[str] = set()
    found: list[str] = []
    notes: list[str] = []
    for number, cell in enumerate(cells, 1):
        plain = (
            " ".join(cell.replace(".", "_").replace("`", "'").split())[:120] or f"column_{number}"
        )
        plain = "id_original" if plain == "_id" else plain
        plain = f"{plain}_" if plain in RESERVED else plain
        name, again = plain, 1
        while name in taken:
            again += 1
            name = f"{plain}_{again}"
        taken.add(name)
        found.append(name)
        if name != cell:
            notes.append(f"Column {number} '{cell[:60]}' is called '{name}'.")
    return found, notes
