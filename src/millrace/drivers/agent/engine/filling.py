"""A form filled from what a text names; what is not said is left open."""

import re
from typing import Any

from millrace.drivers.agent.engine import phrases
from millrace.drivers.agent.engine.form import Fill, Heard, Slot
from millrace.drivers.agent.engine.mentions import Mention, Number
from millrace.drivers.agent.engine.words import Quote, stem

HINTS: dict[str, str] = phrases.words("hints")
UNITS: dict[str, str] = phrases.words("units")
NAMED = rf"(?:{phrases.words('before')['name']})"
ABOUT = rf"\b(?:{phrases.words('before')['text']})\b"
SHARE = re.compile(r"\[0\.\.1\]")
SECONDS = re.compile(r"\[s\]")
NO = re.compile(r"\b(?:without|no|don't|not|без|не)\s+(?:\w+\s+){0,1}$", re.IGNORECASE)


def fill(slots: list[Slot], heard: Heard, columns: dict[str, list[str]]) -> list[Fill]:
    """Return values for the fields of one form.

    `columns` are the columns of every artifact that may be named. Fields written as
    `field=value` come first, then references, then what stands beside a telling word.
    """
    found = _written(slots, heard)
    used: set[int] = {fill_at for _, fill_at in found}
    fills = [one for one, _ in found]
    fills += _refs([slot for slot in slots if not _done(slot, fills)], heard)
    known = _columns(fills, columns)
    for slot in slots:
        if _done(slot, fills):
            continue
        made = _one(slot, heard, known, used, fills)
        if made is not None:
            fills.append(made)
    return fills


def _done(slot: Slot, fills: list[Fill]) -> bool:
    return any(one.field == slot.name for one in fills)


def _columns(fills: list[Fill], columns: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    for one in fills:
        if isinstance(one.value, str):
            found += columns.get(one.value.partition("@")[0], [])
    return list(dict.fromkeys(found))


def _written(slots: list[Slot], heard: Heard) -> list[tuple[Fill, int]]:
    """Read `field=value` and `--field value`."""
    found: list[tuple[Fill, int]] = []
    for slot in slots:
        name = re.escape(slot.name).replace("_", "[-_]")
        hit = re.search(
            rf"(?:--{name}[ =]|(?<![\w-]){name}\s?=\s?)(\"[^\"]*\"|'[^']*'|[^\s,;]+)",
            heard.said.text,
            re.IGNORECASE,
        )
        if hit is None:
            continue
        value = _typed(slot, hit[1].strip("\"'"))
        if value is not None:
            found.append((Fill(slot.name, value, hit.group(), "written"), hit.start(1)))
    return found


def _typed(slot: Slot, text: str) -> Any:
    if slot.many:
        parts = [_typed_one(slot, part.strip()) for part in text.split(",") if part.strip()]
        return parts if parts and None not in parts else None
    return _typed_one(slot, text)


def _typed_one(slot: Slot, text: str) -> Any:
    if slot.choices:
        return next((one for one in slot.choices if str(one).casefold() == text.casefold()), None)
    if slot.type == "boolean":
        low = text.casefold()
        return True if low in ("true", "yes", "да", "1") else False if low in _NAY else None
    if slot.type in ("integer", "number"):
        try:
            return int(text) if slot.type == "integer" else float(text)
        except ValueError:
            return None
    return text if slot.type == "string" else None


_NAY = ("false", "no", "нет", "0")


def _refs(slots: list[Slot], heard: Heard) -> list[Fill]:
    """Give each reference field a thing of its kind: by the word before it, then in order."""
    fills: list[Fill] = []
    taken: set[tuple[str, int]] = set()
    asked = [slot for slot in slots if slot.port and not slot.many]
    # A field that some mention's preposition points at chooses first, then the required ones.
    for hinted in (True, False):
        for slot in sorted(asked, key=lambda one: not one.required):
            if _done(slot, fills):
                continue
            options = [
                one
                for one in _of_kind(slot.port, heard)
                if (one.kind, one.start) not in taken and (not hinted or _hinted(slot, one, heard))
            ]
            if hinted and len(_of_kind(slot.port, heard)) < 2:
                continue
            # An optional field takes what is left only when something points at it.
            if not options or (not hinted and not slot.required and not _wants(slot, asked, heard)):
                continue
            best = max(options, key=lambda one: one.sure) if not hinted else options[-1]
            taken.add((best.kind, best.start))
            fills.append(Fill(slot.name, best.ref, best.said, best.how, best.sure))
    for slot in asked:
        if _done(slot, fills):
            continue
        if (
            heard.about
            and heard.about.startswith(f"{slot.port}:")
            and not any(one.value == heard.about for one in fills)
        ):
            fills.append(Fill(slot.name, heard.about, heard.about, "about", 0.9))
        elif (
            slot.required
            and slot.port in heard.only
            and not any(one.value == heard.only[slot.port] for one in fills)
        ):
            fills.append(Fill(slot.name, heard.only[slot.port], "", "only_one", 0.5))
    return fills


def _of_kind(port: str, heard: Heard) -> list[Mention]:
    if port == "job":
        return heard.jobs
    if port in ("any", "ref"):
        return heard.mentions
    return [one for one in heard.mentions if one.kind == port]


def _wants(slot: Slot, asked: list[Slot], heard: Heard) -> bool:
    """Say whether an optional reference is the natural place of a thing named."""
    rivals = [one for one in asked if one.port == slot.port and one.required]
    return not rivals or len(_of_kind(slot.port, heard)) > len(rivals)


def _hinted(slot: Slot, one: Mention, heard: Heard) -> bool:
    hint = HINTS.get(slot.name)
    if hint is None:
        return False
    before = heard.said.before(one.start, 2)
    return any(re.fullmatch(hint, word) for word in before)


def _one(
    slot: Slot, heard: Heard, columns: list[str], used: set[int], fills: list[Fill]
) -> Fill | None:
    if slot.port:
        return None
    if slot.choices:
        return _choice(slot, heard)
    if slot.type == "boolean":
        return _switch(slot, heard)
    if slot.type in ("integer", "number"):
        return _number(slot, heard, used)
    if slot.name in ("path", "file"):
        return _path(slot, heard)
    if slot.is_column:
        return _column(slot, heard, columns, fills)
    if slot.type == "string" and not slot.many:
        return _text(slot, heard, used, fills)
    return None


def _choice(slot: Slot, heard: Heard) -> Fill | None:
    """Take a value of the list that stands in the text as a word of its own."""
    for value in slot.choices:
        plain = str(value).casefold()
        if len(plain) < 3 or plain in ("auto", "none", "all"):
            continue
        form = re.escape(plain).replace("_", "[-_ ]").replace("\\-", "[-_ ]")
        if re.search(rf"(?<![\w@]){form}(?![\w@])", heard.said.text.casefold()):
            made = [value] if slot.many else value
            return Fill(slot.name, made, str(value), "choice", 0.9)
    return None


def _switch(slot: Slot, heard: Heard) -> Fill | None:
    words = slot.name.split("_")
    form = r"[-_ ]".join(re.escape(word) + r"\w{0,3}" for word in words)
    hit = re.search(rf"(?<!\w){form}(?!\w)", heard.said.text, re.IGNORECASE)
    if hit is None or len(slot.name) < 4:
        return None
    negated = NO.search(heard.said.text[: hit.start()]) is not None
    return Fill(slot.name, not negated, hit.group(), "switch", 0.8)


def _number(slot: Slot, heard: Heard, used: set[int]) -> Fill | None:
    free = [one for one in heard.numbers if one.start not in used]
    free = [one for one in free if not _in_mention(one, heard)]
    for one in free:
        if _fits(slot, one, heard):
            value = one.value / 100 if one.unit == "%" else one.value
            if slot.type == "integer":
                if value != int(value):
                    continue
                value = int(value)
            used.add(one.start)
            said = heard.said.text[one.start : one.end]
            return Fill(slot.name, value, said, "duration" if one.unit == "s" else "number", 0.9)
    return None


def _in_mention(one: Number, heard: Heard) -> bool:
    spans = [*heard.mentions, *heard.files, *heard.jobs]
    before = heard.said.before(one.start, 1)
    if before and before[-1] in ("version", "версии", "версия", "версию"):
        return True
    return any(span.start <= one.start < span.end for span in spans)


def _fits(slot: Slot, one: Number, heard: Heard) -> bool:
    """Say whether the words beside a number speak of this field."""
    if one.unit == "s":
        near = bool(SECONDS.search(slot.description))
        rivals = slot.name in ("budget", "last", "window", "timeout", "every")
        return near and rivals
    if one.unit == "%" and not SHARE.search(slot.description):
        return False
    words = [word for word in heard.said.words if word.start >= one.end][:1]
    beside = [word.text.casefold() for word in words] + heard.said.before(one.start, 2)
    names = {stem(part) for part in slot.name.split("_") if len(part) > 2} | {slot.name}
    if any(stem(word) in names for word in beside):
        return True
    unit = UNITS.get(slot.name)
    if unit is None:
        return False
    return any(word.startswith(part) for word in beside for part in unit.split("|"))


def _path(slot: Slot, heard: Heard) -> Fill | None:
    if not heard.files:
        return None
    one = heard.files[0]
    return Fill(slot.name, one.ref, one.said, "file", 1.0)


def _column(slot: Slot, heard: Heard, columns: list[str], fills: list[Fill]) -> Fill | None:
    """Take columns the text names: one that a telling word points at, or the only one."""
    named = _named_columns(heard, columns)
    taken = {
        value
        for one in fills
        for value in (one.value if isinstance(one.value, list) else [one.value])
        if isinstance(value, str)
    }
    hint = HINTS.get(slot.name, rf"{re.escape(stem(slot.name))}\w*")
    pointed = [(name, at) for name, at in named if _pointed(hint, at, heard)]
    if slot.many:
        if not pointed:
            return None
        first = pointed[0][1]
        listed = [name for name, at in named if at >= first and name not in taken]
        return Fill(slot.name, listed, ", ".join(listed), "column", 0.8) if listed else None
    if pointed:
        return Fill(slot.name, pointed[-1][0], pointed[-1][0], "column", 0.95)
    free = [name for name, _ in named if name not in taken]
    if len(free) == 1 and slot.required:
        return Fill(slot.name, free[0], free[0], "column", 0.8)
    if slot.name == "target" and slot.required:
        return _unknown_target(heard)
    return None


def _unknown_target(heard: Heard) -> Fill | None:
    """Take the word after 'predict' where no column is known: the dry run will say."""
    hit = re.search(
        r"\b(?:predict|predicting|forecast|предсказ\w*|прогноз\w*)\s+(?:the\s+|column\s+|столбец\s+|колонку\s+)?"
        r"([A-Za-z_]\w{1,60})",
        heard.said.text,
        re.IGNORECASE,
    )
    if hit is None or any(one.start <= hit.start(1) < one.end for one in heard.mentions):
        return None
    return Fill("target", hit[1], hit[1], "column", 0.5)


def _named_columns(heard: Heard, columns: list[str]) -> list[tuple[str, int]]:
    low = heard.said.text.casefold()
    spans = [(one.start, one.end) for one in (*heard.files,)]
    found: list[tuple[str, int]] = []
    for name in columns[:500]:
        if name == "_id":
            continue
        form = re.escape(name.casefold()).replace("_", "[-_ ]")
        for hit in re.finditer(rf"(?<![\w.@]){form}(?![\w@])", low):
            if not any(start <= hit.start() < end for start, end in spans):
                found.append((name, hit.start()))
                break
    return sorted(found, key=lambda one: one[1])


def _pointed(hint: str, at: int, heard: Heard) -> bool:
    before = heard.said.before(at, 3)
    return any(re.fullmatch(hint, word) for word in before)


def _text(slot: Slot, heard: Heard, used: set[int], fills: list[Fill]) -> Fill | None:
    if slot.name == "name":
        return _name(slot, heard, fills)
    if slot.name in ("output", "report"):
        return None
    quote = _quote(heard, used)
    if slot.name in ("text", "search", "contains", "value", "note", "about", "tag", "alias"):
        if quote is not None:
            used.add(quote.start)
            return Fill(slot.name, quote.text, quote.text, "quoted", 0.95)
        if slot.required or slot.name in ("text", "search"):
            return _rest(slot, heard)
        return None
    if slot.required and quote is not None:
        used.add(quote.start)
        return Fill(slot.name, quote.text, quote.text, "quoted", 0.6)
    return None


def _quote(heard: Heard, used: set[int]) -> Quote | None:
    files = {one.start for one in heard.files}
    taken = {one.start for one in heard.mentions}
    return next(
        (
            quote
            for quote in heard.said.quotes
            if quote.start not in used
            and quote.start not in files
            and not any(quote.start <= at < quote.end for at in taken)
        ),
        None,
    )


def _name(slot: Slot, heard: Heard, fills: list[Fill]) -> Fill | None:
    hit = re.search(
        rf"\b{NAMED}\s+[\"'«“`]?([a-z0-9][a-z0-9._-]{{0,63}})", heard.said.text, re.IGNORECASE
    )
    if hit is not None and hit[1].casefold() not in ("a", "the", "an", "it", "my", "champion"):
        return Fill(slot.name, hit[1].casefold().rstrip("."), hit[1], "name", 0.9)
    if not slot.required:
        return None
    # A model or dataset by its bare name, where the op works on the name and not a version.
    kind = (
        "dataset"
        if "dataset" in slot.description
        else "model"
        if "model" in slot.description
        else ""
    )
    taken = {one.said for one in fills}
    for one in heard.mentions:
        if one.kind == kind and one.said not in taken:
            bare = one.ref.partition(":")[2].partition("@")[0]
            return Fill(slot.name, bare, one.said, one.how, one.sure)
    return None


def _rest(slot: Slot, heard: Heard) -> Fill | None:
    """Take what follows 'for', 'about' and the like as the text to look for."""
    hit = re.search(ABOUT + r"\s+(.+)$", heard.said.text, re.IGNORECASE)
    if hit is None:
        return None
    rest = hit[1]
    for one in heard.mentions:  # a thing named at the end says where, not what
        at = one.start - hit.start(1)
        if at > 0:
            rest = re.sub(
                r"\s+(?:in|on|among|within|from|в|во|на|среди|из)(?:\s+\w+)?\s*$", "", rest[:at]
            )
            break
    rest = rest.strip(" .?!,")
    return Fill(slot.name, rest, rest, "rest", 0.7) if len(rest) >= 2 else None
