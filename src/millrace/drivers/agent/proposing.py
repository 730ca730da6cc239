"""From a text to proposals: rank the ops, fill their forms, say what is missing."""

import math
import re
import shlex
from dataclasses import replace
from functools import cache
from typing import Any

from millrace.core import catalog, policy
from millrace.core.context import Context
from millrace.core.errors import MillraceError
from millrace.core.registry import Op
from millrace.drivers.agent import store
from millrace.drivers.agent.engine import filling, mentions, words
from millrace.drivers.agent.engine.form import Fill, Heard, Slot
from millrace.drivers.agent.engine.ranking import Doc, Hit, Ranking
from millrace.drivers.agent.types import Candidate, Filled, ProposeParams, ProposeResult, Question
from millrace.kinds.dry import dry_run

LEAST = 1.1  # below this score nothing was understood
SHARPNESS = 1.6
CHOICES = 20
WHICH = {
    "en": {"dataset": "Which dataset?", "model": "Which model?", "file": "Which file?"},
    "ru": {
        "dataset": "Какой набор данных?",
        "model": "Какая модель?",
        "file": "Какой файл?",
        "labelset": "Какой набор меток?",
        "deployment": "Какое развёртывание?",
        "index": "Какой индекс?",
        "job": "Какое задание?",
    },
}

SPOKEN = {
    "model": ("model", "модель"),
    "labelset": ("labels", "метки"),
    "deployment": ("deployment", "развертывание"),
    "index": ("index", "индекс"),
}


def propose(params: ProposeParams, ctx: Context) -> ProposeResult:
    """Return the likeliest ops with their forms; nothing is run."""
    said = words.read(params.text)
    known = store.names(ctx)
    heard = _hear(said, known, params.about)
    refs = [one.ref for one in heard.mentions] + ([heard.about] if heard.about else [])
    columns = store.columns(ctx, [*refs, *heard.only.values()])
    of_data = {name for ref, there in columns.items() if ref[:8] == "dataset:" for name in there}
    heard = replace(heard, mentions=mentions.things(said, heard.mentions, of_data))
    ops = catalog.load_all()
    ranking = _ranking(tuple(ops))
    kinds = frozenset(
        [*(one.kind for one in heard.mentions), *(["file"] if heard.files else [])]
        + (["job"] if heard.jobs else [])
    )
    hits = ranking.rank(said, _telling(heard), kinds)
    shown = hits[: params.limit]
    total = sum(math.exp(SHARPNESS * (hit.score - shown[0].score)) for hit in shown)
    notes = list(said.notes)
    return ProposeResult(
        text=said.text,
        language="ru" if said.language == "ru" else "en",
        understood=bool(shown) and shown[0].score >= LEAST,
        candidates=[
            _candidate(
                ops[hit.name],
                hit,
                math.exp(SHARPNESS * (hit.score - shown[0].score)) / total,
                (heard, columns, known),
                ctx,
            )
            for hit in shown
        ],
        notes=notes,
    )


def _hear(said: words.Said, known: mentions.Names, about: str | None) -> Heard:
    only: dict[str, str] = {}
    for kind, there in known.names.items():
        plain = [name for name in there if not name.startswith("requests-")]
        if len(plain) == 1:
            only[kind] = f"{kind}:{plain[0]}"
    return Heard(
        said=said,
        mentions=mentions.artifacts(said, known),
        files=mentions.files(said),
        jobs=mentions.jobs(said),
        numbers=mentions.numbers(said),
        about=about,
        only=only,
    )


def _telling(heard: Heard) -> list[words.Word]:
    """Return the words that name no thing; a file's ending still says what it is."""
    spans = [
        *((one.start, one.end) for one in heard.mentions if one.how == "name"),
        *((one.start, one.end) for one in heard.jobs),
        *((quote.start, quote.end) for quote in heard.said.quotes),
    ]
    files = [(one.start, one.end) for one in heard.files]
    free = [
        word
        for word in heard.said.words
        if not any(start <= word.start < end for start, end in [*spans, *files])
    ]
    for one in heard.files:
        ending = one.ref.rpartition(".")[2].casefold()
        free.append(words.Word(ending, ending, one.end - len(ending), one.end))
    free += _kinds(heard)
    # A thing may have the name of an everyday word; what is left must still say something.
    return free or list(heard.said.words)


def _kinds(heard: Heard) -> list[words.Word]:
    """Return a word for the kind of each thing named: "judge churn" speaks of a model."""
    at: dict[int, set[str]] = {}
    for one in heard.mentions:
        if one.how == "name":
            at.setdefault(one.start, set()).add(one.kind)
    said: list[words.Word] = []
    for start, kinds in at.items():
        # A watch is named after its deployment, which is what people speak of.
        kind = "deployment" if "deployment" in kinds else next(iter(kinds))
        if len(kinds) == 1 or kind == "deployment":
            said += [words.Word(w, words.stem(w), start, start + 1) for w in SPOKEN.get(kind, ())]
    return said


@cache
def _ranking(names: tuple[str, ...]) -> Ranking:
    return Ranking([_doc(catalog.find(name)) for name in names])


def _doc(op: Op) -> Doc:
    slots = slots_of(op)
    ports = {slot.port for slot in slots if slot.port}
    needs = {slot.port for slot in slots if slot.port and slot.required}
    if any(slot.name in ("path", "file") for slot in slots):
        ports.add("file")
    if any(slot.name in ("path", "file") and slot.required for slot in slots):
        needs.add("file")
    fields = " ".join(f"{slot.name} {slot.description}" for slot in slots)
    body = op.doc.partition("\n")[2]
    return Doc(op.name, op.summary, body, fields, frozenset(ports), frozenset(needs))


def slots_of(op: Op) -> list[Slot]:
    """Return the fields of an op's form, read from its JSON Schema."""
    schema = op.params.model_json_schema()
    required = set(schema.get("required", []))
    return [
        _slot(name, found, name in required, schema.get("$defs", {}))
        for name, found in schema.get("properties", {}).items()
    ]


def _slot(name: str, found: dict[str, Any], required: bool, shared: dict[str, Any]) -> Slot:
    kind = _kind(found, shared)
    many = kind.get("type") == "array"
    item = _kind(kind.get("items", {}), shared) if many else kind
    return Slot(
        name=name,
        type=str(item.get("type", "object")),
        required=required,
        description=str(found.get("description", "")),
        port=str(found.get("port", kind.get("port", ""))),
        choices=tuple(item.get("enum", [])),
        many=many,
        positional=bool(found.get("positional", kind.get("positional", False))),
    )


def _kind(found: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in found:
        return shared.get(str(found["$ref"]).rpartition("/")[2], {})
    kinds = [one for one in found.get("anyOf", []) if one.get("type") != "null"]
    return _kind(kinds[0], shared) if len(kinds) == 1 else found


Known = tuple[Heard, dict[str, list[str]], mentions.Names]


def _candidate(op: Op, hit: Hit, share: float, known: Known, ctx: Context) -> Candidate:
    heard, columns, names = known
    slots = slots_of(op)
    fills = filling.fill(slots, heard, columns)
    params = {one.field: one.value for one in fills}
    open_ones = [slot for slot in slots if slot.required and slot.name not in params]
    allowed = ctx.actor.role in op.also or op.effect in policy.ROLES.get(
        ctx.actor.role, frozenset()
    )
    tried, problem = None, None
    if not open_ones:
        try:
            tried = dry_run(op, params, ctx.actor)
        except MillraceError as error:
            problem = error.problem
    language = heard.said.language
    return Candidate(
        op=op.name,
        summary=op.summary,
        effect=op.effect,
        needs_approval=op.effect != "read",
        allowed=allowed,
        score=round(share, 4),
        why=[*hit.why, *(_named_as(one, language) for one in _named(fills))],
        params=params,
        filled=[Filled(**vars(one)) for one in fills],
        questions=[_question(slot, language, names, params, columns) for slot in open_ones],
        dry_run=tried,
        problem=problem,
        cli=command(op, slots, params),
    )


def _named(fills: list[Fill]) -> list[Fill]:
    return [one for one in fills if one.how in ("name", "near_name") and one.said]


def _named_as(fill: Fill, language: str) -> str:
    if language == "ru":
        return f"'{fill.said}' — это {fill.value}"
    return f"'{fill.said}' is {fill.field} {fill.value}"


def _question(
    slot: Slot,
    language: str,
    names: mentions.Names,
    params: dict[str, Any],
    columns: dict[str, list[str]],
) -> Question:
    kind = slot.port or ("file" if slot.name in ("path", "file") else "")
    if slot.is_column:
        kind = "column"
    plain = re.sub(r"\s*\[[^\]]*\]$", "", slot.description)
    ask = WHICH[language].get(kind) or (
        f"Что указать в '{slot.name}'?" if language == "ru" else f"What is '{slot.name}'?"
    )
    return Question(
        field=slot.name,
        question=f"{ask} ({plain})",
        type=f"list of {slot.type}" if slot.many else slot.type,
        choices=_choices(slot, names, params, columns),
    )


def _choices(
    slot: Slot, names: mentions.Names, params: dict[str, Any], columns: dict[str, list[str]]
) -> list[str]:
    if slot.port:
        return [f"{slot.port}:{name}" for name in names.names.get(slot.port, {})][:CHOICES]
    if slot.choices:
        return [str(one) for one in slot.choices][:CHOICES]
    if not slot.is_column:
        return []
    refs = [str(value).partition("@")[0] for value in params.values() if isinstance(value, str)]
    found = [name for ref in refs for name in columns.get(ref, []) if name != "_id"]
    return list(dict.fromkeys(found))[:CHOICES]


def command(op: Op, slots: list[Slot], params: dict[str, Any]) -> str:
    """Return the command line of a call; values are quoted for the shell."""
    parts = ["millrace", op.group, op.verb.replace("_", "-")]
    for slot in slots:
        if slot.positional and slot.name in params:
            parts.append(shlex.quote(str(params[slot.name])))
        elif slot.positional and slot.required:
            parts.append(slot.name.upper())
    for slot in slots:
        if slot.positional:
            continue
        flag = f"--{slot.name.replace('_', '-')}"
        if slot.name not in params:
            parts += [flag, slot.name.upper()] if slot.required else []
        elif slot.type == "boolean":
            parts.append(flag if params[slot.name] else f"--no-{flag[2:]}")
        else:
            value = params[slot.name]
            for one in value if isinstance(value, list) else [value]:
                parts += [flag, shlex.quote(str(one))]
    return " ".join(parts)
