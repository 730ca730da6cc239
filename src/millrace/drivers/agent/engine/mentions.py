"""What a text names: artifacts, files, numbers, spans of time."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from millrace.drivers.agent.engine.words import STOP, Said, Word

How = Literal["name", "near_name"]
REF = re.compile(
    r"\b(dataset|model|labelset|deployment|index|pipeline|report|watch|alert)"
    r":([a-z0-9][a-z0-9._-]{0,63})(?:@(\d{1,9}(?!\d)|[a-z][a-z0-9._-]{0,63}))?"
)
FILE = re.compile(
    r"(?:[~/.]|[A-Za-z]:\\)?[^\s\"'«»`]{0,200}?\.(?:csv|tsv|parquet|jsonl|ndjson|json|xlsx|xls|zip|gz|feather|arrow|html)\b",
    re.IGNORECASE,
)
JOB = re.compile(r"\bjob-[0-9a-f]{8,40}\b")
NUMBER = re.compile(r"(?<![\w.@-])-?\d+(?:[ ,_]\d{3})*(?:\.\d+)?(?![\w@])(?:\s*%)?")
VERSION = re.compile(r"^\s*(?:version|v\.?|версия|версии|верс\.)\s*(\d{1,9})\b", re.IGNORECASE)
SPANS: dict[str, float] = {
    "s|sec|second|сек|с$": 1,
    "min|minut|мин": 60,
    "h$|hr|hour|час": 3600,
    "d$|day|day's|ден|дня|дней|день|сут": 86_400,
    "week|недел": 604_800,
    "month|меся": 2_592_000,
}
SPAN = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|min|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|months?"
    r"|сек\w*|с|мин\w*|час\w*|дн\w*|день|дня|сут\w*|недел\w*|месяц\w*)(?!\w)",
    re.IGNORECASE,
)
COLUMN_OF = re.compile(
    r"\b(?:predict\w*|target|columns?|by|предска\w*|целев\w*|столб\w*|колонк\w*|по)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
ALIASES = {"champion": "чемпион", "challenger": "претендент"}
NEAR = 0.84
MOST_TRIES = 60_000


@dataclass(frozen=True)
class Mention:
    """A thing the text names."""

    kind: str
    ref: str
    said: str
    start: int
    end: int
    how: How = "name"
    sure: float = 1.0


@dataclass(frozen=True)
class Number:
    """A number or a span of time in seconds."""

    value: float
    start: int
    end: int
    unit: Literal["", "s", "%"] = ""


@dataclass(frozen=True)
class Names:
    """What there is: kind -> name -> newest version, and aliases by (kind, name)."""

    names: dict[str, dict[str, int]]
    aliases: dict[tuple[str, str], dict[str, int]]


def artifacts(said: Said, names: Names) -> list[Mention]:
    """Return every artifact the text names, in order; a name of several kinds counts for each."""
    found = _explicit(said, names)
    taken = [(one.start, one.end) for one in found]
    quoted = [(quote.start, quote.end) for quote in said.quotes]
    files_at = [(one.start, one.end) for one in files(said)]
    table: dict[str, list[tuple[str, str]]] = {}
    for kind, known in names.names.items():
        for name in known:
            table.setdefault(_plain(name), []).append((kind, name))
    free = [word for word in said.words if not _inside(word.start, [*taken, *files_at])]
    tries = MOST_TRIES
    for at, word in enumerate(free):
        width = next(
            (
                n
                for n in (3, 2, 1)
                if _plain(_joined(free, at, n)) in table and _joined(free, at, n)
            ),
            0,
        )
        if width:
            last = free[at + width - 1]
            if _inside(word.start, taken):
                continue
            taken.append((word.start, last.end))
            for kind, name in table[_plain(_joined(free, at, width))]:
                found.append(_mention(said, names, (kind, name), (word.start, last.end), "name"))
            continue
        if _inside(word.start, [*taken, *quoted]) or tries <= 0:
            continue
        near, spent = _near(word, table)
        tries -= spent
        for kind, name, sure in near:
            span = (word.start, word.end)
            found.append(_mention(said, names, (kind, name), span, "near_name", sure))
    return sorted(found, key=lambda one: one.start)


def things(said: Said, found: list[Mention], columns: set[str]) -> list[Mention]:
    """Leave out names that mean a column: "predict intent", where a model has that name too."""
    return [
        one
        for one in found
        if one.said not in columns
        or not COLUMN_OF.search(said.text[max(0, one.start - 30) : one.start])
    ]


def _explicit(said: Said, names: Names) -> list[Mention]:
    return [
        Mention(
            hit[1],
            f"{hit[1]}:{hit[2]}" + (f"@{hit[3].rstrip('.')}" if hit[3] else ""),
            hit.group(),
            *hit.span(),
            sure=1.0 if hit[2] in names.names.get(hit[1], {}) else 0.7,
        )
        for hit in REF.finditer(said.text)
    ]


def _joined(words: list[Word], at: int, count: int) -> str:
    part = words[at : at + count]
    return "-".join(word.text.partition("@")[0] for word in part) if len(part) == count else ""


def _plain(name: str) -> str:
    return re.sub(r"[-_. ]+", "-", name.casefold())


def _near(
    word: Word, table: dict[str, list[tuple[str, str]]]
) -> tuple[list[tuple[str, str, float]], int]:
    """Return names that differ by a slip of the pen, and how many were tried."""
    low = _plain(word.text.partition("@")[0])
    if len(low) < 4 or low in STOP or low.isdigit():
        return [], 0
    best: tuple[float, str] = (NEAR, "")
    tried = 0
    for name in table:
        if name[:1] != low[:1] or abs(len(name) - len(low)) > 2:
            continue
        tried += 1
        if low in (f"{name}s", f"{name}es") or name == f"{low}s":
            ratio = 0.97
        else:
            ratio = SequenceMatcher(None, low, name, autojunk=False).ratio()
        best = max(best, (ratio, name))
    return [(kind, name, round(best[0], 3)) for kind, name in table.get(best[1], [])], tried


def _mention(
    said: Said,
    names: Names,
    thing: tuple[str, str],
    span: tuple[int, int],
    how: How,
    sure: float = 1.0,
) -> Mention:
    kind, name = thing
    version = _version(said, names, thing, span)
    return Mention(
        kind, f"{kind}:{name}{version}", said.text[span[0] : span[1]], *span, how=how, sure=sure
    )


def _version(said: Said, names: Names, thing: tuple[str, str], span: tuple[int, int]) -> str:
    """Return `@3` or `@champion` where the text says which version it means."""
    head, mark, tail = said.text[span[0] : span[1]].partition("@")
    del head
    known = names.aliases.get(thing, {})
    if mark and (re.fullmatch(r"\d{1,9}", tail, re.ASCII) or tail in known):
        return f"@{tail}"
    after = VERSION.match(said.text[span[1] : span[1] + 30])
    if after:
        return f"@{after[1]}"
    before = said.text[max(0, span[0] - 30) : span[0]].casefold()
    close = re.search(
        r"(?:version|версии|версию|версия)\s+(\d{1,9})\s+(?:of\s+)?(?:\w+\s+)?$", before
    )
    if close:
        return f"@{close[1]}"
    around = before + said.text[span[1] : span[1] + 15].casefold()
    for alias in known:
        if alias in around or (alias in ALIASES and ALIASES[alias] in around):
            return f"@{alias}"
    return ""


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def files(said: Said) -> list[Mention]:
    """Return every file the text names by its ending; a quoted path may hold spaces."""
    found = [
        Mention("file", quote.text, quote.text, quote.start, quote.end)
        for quote in said.quotes
        if FILE.fullmatch(quote.text.replace(" ", "_"))
    ]
    spans = [(one.start, one.end) for one in found]
    for hit in FILE.finditer(said.text):
        if not _inside(hit.start(), spans):
            found.append(Mention("file", hit.group(), hit.group(), *hit.span()))
    return found


def jobs(said: Said) -> list[Mention]:
    """Return every job id."""
    return [Mention("job", h.group(), h.group(), *h.span()) for h in JOB.finditer(said.text)]


def numbers(said: Said) -> list[Number]:
    """Return numbers, shares of a hundred and spans of time, in order."""
    spans = [Number(_seconds(hit), *hit.span(), unit="s") for hit in SPAN.finditer(said.text)]
    taken = [(one.start, one.end) for one in spans]
    found = list(spans)
    for hit in NUMBER.finditer(said.text):
        if _inside(hit.start(), taken):
            continue
        text = re.sub(r"[ ,_](?=\d{3})", "", hit.group())
        share = text.endswith("%")
        value = float(text.rstrip("% "))
        found.append(Number(value, *hit.span(), unit="%" if share else ""))
    return sorted(found, key=lambda one: one.start)


def _seconds(hit: re.Match[str]) -> float:
    unit = hit[2].casefold()
    for names, seconds in SPANS.items():
        for name in names.split("|"):
            if unit == name.rstrip("$") or (not name.endswith("$") and unit.startswith(name)):
                # 'm' of month and min share a letter, but each is written out here.
                return float(hit[1]) * seconds
    return float(hit[1]) * (86_400 if unit.startswith("дн") else 1)
