"""The full-text leg: an SQLite FTS5 file, built once and opened read-only."""

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Without these an OR query reads nearly every row (7 CPU-ms a query against under 1).
_STOP = (
    "a an and are as at be been but by can could did do does for from had has have he her his how "
    "i if in into is it its me my no not of on or our she so than that the their them then there "
    "these they this to was we were what when where which who why will with would you your "
    "а без бы был была были было в вам вас весь во вот все вы где да для до его ее если есть еще "
    "же за и из или им их к как ко когда кто ли мне мой моя мы на нам нас не него нет ни но о об "
    "он она они от по под при с со так там то тоже только ты у уже что чтобы эта эти это я"
)
STOP = frozenset(_STOP.split())
MAX_TERMS = 64
WORD = re.compile(r"\w+", re.UNICODE)
OPENING, CLOSING = "\x02", "\x03"


@dataclass(frozen=True)
class Snippet:
    """The part of a text that matched: the text cut, and [start, end) of each match in it."""

    text: str
    marks: list[tuple[int, int]]


def build(path: Path, rows: Iterable[Sequence[tuple[int, str]]]) -> int:
    """Write an index of (id, text) batches; return how many rows it holds.

    Words are folded to lower case without accents; English ones are stemmed (Porter), words
    of other alphabets are kept whole. The texts themselves are not stored.
    Cost: one pass, about 15 CPU-us a short row.
    """
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode=off")
    database.execute("pragma synchronous=off")
    database.execute(
        "create virtual table words using fts5(text, content='', "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    count = 0
    for batch in rows:
        database.executemany("insert into words(rowid, text) values (?, ?)", batch)
        count += len(batch)
    database.execute("insert into words(words) values ('optimize')")
    database.commit()
    database.close()
    return count


def open_index(path: Path) -> sqlite3.Connection:
    """Open an index that nobody writes any more; usable from several threads in turn."""
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def terms(query: str) -> list[str]:
    """Return the words of a query that say something, at most 64, each once.

    Accents that come as characters of their own are joined to their letters, else they would
    part the word.
    """
    joined = unicodedata.normalize("NFC", query).lower()
    words = list(dict.fromkeys(WORD.findall(joined)))
    telling = [word for word in words if word not in STOP]
    return (telling or words)[:MAX_TERMS]


def expression(words: Sequence[str]) -> str:
    """Return an FTS5 expression for any of the words; each is quoted, so none is syntax."""
    return " OR ".join(f'"{word}"' for word in words)


def find(
    database: sqlite3.Connection,
    words: Sequence[str],
    k: int,
    allowed: Sequence[int] | None = None,
) -> list[tuple[int, float]]:
    """Return (id, score) of the best rows by BM25, higher is better.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009 (k1 1.2, b .75).
    """
    if not words or k < 1:
        return []
    query = "select rowid, -bm25(words) from words where words match ?"
    if allowed is not None:
        database.execute("create temp table if not exists allowed(id integer primary key)")
        database.execute("delete from allowed")
        database.executemany("insert into allowed values (?)", ((int(row),) for row in allowed))
        query += " and rowid in (select id from allowed)"
    rows = database.execute(f"{query} order by rank limit ?", (expression(words), k))
    return [(int(row), float(score)) for row, score in rows]


def snippets(texts: Sequence[str], words: Sequence[str], room: int = 40) -> list[Snippet]:
    """Return where each text matches, with the same rules as the index, cut to ~`room` words."""
    if not words or not texts:
        return [Snippet(text[:300], []) for text in texts]
    database = sqlite3.connect(":memory:")
    database.execute(
        "create virtual table hits using fts5(text, "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    clean = [text.replace(OPENING, " ").replace(CLOSING, " ") for text in texts]
    database.executemany("insert into hits(rowid, text) values (?, ?)", enumerate(clean))
    rows = dict(
        database.execute(
            "select rowid, snippet(hits, 0, ?, ?, '…', ?) from hits where hits match ?",
            (OPENING, CLOSING, min(room, 64), expression(words)),
        ).fetchall()
    )
    database.close()
    return [_marked(rows.get(at, text[:300])) for at, text in enumerate(clean)]


def _marked(text: str) -> Snippet:
    plain: list[str] = []
    marks: list[tuple[int, int]] = []
    at = start = 0
    for part in re.split(f"([{OPENING}{CLOSING}])", text):
        if part == OPENING:
            start = at
        elif part == CLOSING:
            marks.append((start, at))
        else:
            plain.append(part)
            at += len(part)
    return Snippet("".join(plain), marks)
