"""Decide what each column means and how it is stored, from a sample; widen when later rows ask."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from millrace.core.errors import Conflict, InvalidInput, choices
from millrace.dataset.engine.convert import TOKENS, WANTED, convert, decoded
from millrace.dataset.types import Column, Layout, Options, Plan, Storage, Wider
from millrace.kinds.task import ColumnType

pc: Any = compute  # its functions are made at run time

TOLERATED = 0.01  # share of odd values that are set aside before the type is given up
EARLY = 1000  # rows after which a type that fails too often is given up at once
ID_NAME = re.compile(r"(?i)^(id|uuid|guid|key)$|[_\-\s](id|uuid|guid|key)$|^(id|uuid)[_\-\s]")
ID_CAMEL = re.compile(r"[a-z](Id|ID|Key|Uuid)$")
UUID = r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
CODE = r"^\S*\d\S*$"
DATES: tuple[tuple[Storage, Layout], ...] = (
    ("date32", "iso"),
    ("timestamp", "iso"),
    ("timestamp_utc", "iso"),
    ("date32", "year_first"),
    ("timestamp", "year_first"),
)
# Which of two ambiguous orders is tried first depends on the mark between the parts.
DOTTED: tuple[Layout, ...] = ("day_first", "month_first")
SLASHED: tuple[Layout, ...] = ("month_first", "day_first")
NEXT: dict[Storage, Storage] = {"int64": "float64", "date32": "timestamp"}
SWAPPED: dict[Layout, Layout] = {"day_first": "month_first", "month_first": "day_first"}
DATELIKE = r"^\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}"
BY_STORAGE: dict[Storage, ColumnType] = {
    "int64": "number",
    "float64": "number",
    "bool": "boolean",
    "date32": "date",
    "timestamp": "date",
    "timestamp_utc": "date",
}


@dataclass(frozen=True)
class Sample:
    """The first values of one column as text, and what the source says of them.

    `is_text`: they are text there too. `known`: the source has types, and this is one.
    """

    name: str
    source: str
    values: pa.Array
    is_text: bool = False
    known: Column | None = None


def decide(samples: Sequence[Sample], plan: Plan, options: Options) -> Plan:
    """Return the plan with a type for every column that is wanted.

    Errors: invalid_input, an asked column or type names nothing in the source;
    conflict, rows to append have other columns than the dataset.
    """
    known = {sample.name for sample in samples}
    for name in [*options.columns, *options.types]:
        if name not in known:
            raise InvalidInput(
                f"Column '{name[:80]}' is not in the source.",
                f"Its columns are {choices(list(known))}.",
                column=name[:80],
            )
    wanted = set(options.columns) or known
    plan = plan.model_copy(update={"tokens": any(_has_tokens(sample) for sample in samples)})
    columns = [_column(one, plan, options) for one in samples if one.name in wanted]
    if len(columns) > options.max_columns:
        raise too_many(len(columns), options)
    if options.existing is not None:
        columns = _as_existing(columns, options.existing)
    return plan.model_copy(
        update={
            "columns": columns,
            "skipped": [one.name for one in samples if one.name not in wanted],
            "sampled": max((len(one.values) for one in samples), default=0),
        }
    )


def too_many(count: int, options: Options) -> InvalidInput:
    """Return the error for a source that is wider than allowed."""
    return InvalidInput(
        f"The source has {count:,} columns, and at most {options.max_columns:,} are read.",
        "Choose some with 'columns', or raise 'max_columns'.",
        columns=count,
    )


def _as_existing(columns: list[Column], existing: dict[str, Storage]) -> list[Column]:
    found = {column.name: column for column in columns}
    if set(found) != set(existing):
        missing = choices(sorted(set(existing) - set(found))) or "none"
        extra = choices(sorted(set(found) - set(existing))) or "none"
        raise Conflict(
            f"The columns differ from the dataset's: missing are {missing}; new are {extra}.",
            "Choose columns with 'columns', or use mode 'replace'.",
        )
    return [
        found[name]
        if found[name].storage == storage
        else found[name].model_copy(
            update={
                "storage": storage,
                "type": BY_STORAGE.get(storage, found[name].type),
                "fixed": True,
                "reason": "as in the dataset that rows are added to",
            }
        )
        for name, storage in existing.items()
    ]


def _has_tokens(sample: Sample) -> bool:
    return bool(pc.any(pc.is_in(sample.values, value_set=pa.array(TOKENS))).as_py())


def _column(sample: Sample, plan: Plan, options: Options) -> Column:
    asked = options.types.get(sample.name)
    trial = Column(name=sample.name, source=sample.source, type="text", storage="string")
    if asked is not None:
        return _asked(trial, asked, sample, plan)
    if sample.known is not None:
        return sample.known
    given = _given(sample, trial, plan)
    if not len(given):
        said = "the sample has no values; kept as text"
        return trial.model_copy(update={"reason": said, "confidence": 0.0})
    trial = _typed(sample, given, trial, plan)
    storage, reason = trial.storage, trial.reason
    if storage == "int64" and is_key(sample.name, given):
        return trial.model_copy(
            update={"type": "id", "reason": f"{reason}, all different, and the name says key"}
        )
    if storage in BY_STORAGE:
        return trial.model_copy(update={"type": BY_STORAGE[storage]})
    kind, said = meaning(sample.name, given)
    sure = _sureness(kind, given)
    return trial.model_copy(update={"type": kind, "reason": said, "confidence": sure})


def _at_least(fits: int, count: int) -> float:
    """Return the least share that fits, at 95 % confidence.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    z, share = 1.96, fits / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return round(max(0.0, (middle - spread) / (1 + z * z / count)), 4)


def _sureness(kind: ColumnType, given: pa.Array) -> float:
    """Return how far text is from another meaning: a category repeats, an id and text do not."""
    count = len(given)
    if kind == "id":
        return _at_least(count, count)
    repeats = 1 - int(pc.count_distinct(given).as_py()) / count
    share = repeats if kind == "category" else 1 - repeats
    return round(_at_least(count, count) * (0.5 + share / 2), 4)


def _given(sample: Sample, trial: Column, plan: Plan) -> pa.Array:
    text, _ = convert(sample.values, trial, plan)
    return pc.drop_null(text)


def _asked(trial: Column, asked: ColumnType, sample: Sample, plan: Plan) -> Column:
    storage: Storage = "string"
    layout: Layout = "iso"
    if asked == "number":
        whole = trial.model_copy(update={"storage": "int64"})
        storage = "int64" if _misfits(sample.values, whole, plan) == 0 else "float64"
    elif asked == "boolean":
        storage = "bool"
    elif asked == "date":
        storage, layout = _best_date(sample.values, trial, plan)
    return trial.model_copy(
        update={
            "type": asked,
            "storage": storage,
            "layout": layout,
            "fixed": True,
            "reason": "asked for",
        }
    )


def _best_date(values: pa.Array, trial: Column, plan: Plan) -> tuple[Storage, Layout]:
    options = [*DATES, *_ordered(values)]
    trials = [trial.model_copy(update={"storage": s, "layout": o}) for s, o in options]
    counts = [_misfits(values, one, plan) for one in trials]
    return options[int(np.argmin(counts))]


def _misfits(values: pa.Array, column: Column, plan: Plan) -> int:
    _, bad = convert(values, column, plan)
    return 0 if bad is None else int(bad.sum())


def _typed(sample: Sample, given: pa.Array, trial: Column, plan: Plan) -> Column:
    """Return the column with the narrowest storage that holds (nearly) all given values."""
    plain: list[Storage] = [] if sample.is_text else ["bool", "int64", "float64"]
    if plain and _would_lose_digits(given):
        plain = ["bool"]
    tried: list[tuple[Storage, Layout]] = [(storage, "iso") for storage in plain]
    if pc.any(pc.match_substring_regex(given, DATELIKE)).as_py():
        tried += [*DATES, *_ordered(given)]
    for storage, layout in tried:
        narrow = trial.model_copy(update={"storage": storage, "layout": layout})
        typed, bad = convert(given, narrow, plan)
        missed = 0 if bad is None else int(bad.sum())
        if missed <= TOLERATED * len(given) and typed.null_count < len(typed):
            said = f"{len(given) - missed:,} of {len(given):,} sampled values are each "
            ordered = layout in SWAPPED and _misfits(given, _swapped(narrow), plan) == 0
            sure = _at_least(len(given) - missed, len(given))
            changes = {
                "reason": said + WANTED[storage] + _order(layout),
                "ambiguous": ordered,
                "confidence": sure / 2 if ordered else sure,
            }
            return narrow.model_copy(update=changes)
    return trial


def _ordered(values: pa.Array) -> list[tuple[Storage, Layout]]:
    slashed = bool(pc.any(pc.match_substring(values, "/")).as_py())
    orders = SLASHED if slashed else DOTTED
    return [(storage, order) for order in orders for storage in ("date32", "timestamp")]


def _order(layout: Layout) -> str:
    return f", {layout.replace('_', ' ')}" if layout in SWAPPED else ""


def _swapped(column: Column) -> Column:
    other = SWAPPED[column.layout]
    said = f"{column.reason}; later values needed {other.replace('_', ' ')}"
    return column.model_copy(update={"layout": other, "ambiguous": False, "reason": said})


def _would_lose_digits(given: pa.Array) -> bool:
    """Say whether a number type would drop leading zeros or digits beyond the 18th."""
    found = pc.match_substring_regex(given, r"^\s*[+-]?(0\d+|\d{19,}|0[xX].*|\+\d+)\s*$")
    return bool(pc.any(found).as_py())


def is_key(name: str, given: pa.Array) -> bool:
    """Say whether values are all different under a name that says key."""
    named = bool(ID_NAME.search(name) or ID_CAMEL.search(name))
    return named and len(given) > 1 and pc.count_distinct(given).as_py() == len(given)


def meaning(name: str, given: pa.Array) -> tuple[ColumnType, str]:
    """Say whether text is an id, a category or free text, and why."""
    count, distinct = len(given), int(pc.count_distinct(given).as_py())
    length = float(pc.mean(pc.utf8_length(given)).as_py())
    words = 1 + float(pc.mean(pc.count_substring(pc.utf8_trim_whitespace(given), " ")).as_py())
    said = f"{distinct:,} different values in {count:,}"
    if distinct == count and count > 1 and words < 1.05 and _like_codes(name, given):
        return "id", f"{said}, each a code without spaces"
    share = distinct / count
    prose = words > 6 or length > 60
    if prose and not (share < 0.05 and length <= 100):
        return "text", f"{said}, {words:.0f} words each on average"
    if share <= 0.5 or distinct == 1 or (distinct <= 50 and words <= 2 and length <= 20):
        return "category", said
    return "text", f"{said}, {words:.0f} words each on average"


def _like_codes(name: str, given: pa.Array) -> bool:
    if is_key(name, given) or pc.all(pc.match_substring_regex(given, UUID)).as_py():
        return True
    if len(given) < 20:
        return False
    sizes = pc.min_max(pc.utf8_length(given)).as_py()
    coded = pc.sum(pc.match_substring_regex(given, CODE)).as_py() or 0
    return sizes["max"] - sizes["min"] <= 2 < sizes["min"] or coded >= 0.9 * len(given)


def widen(plan: Plan, arrays: Sequence[pa.Array], bad: dict[str, np.ndarray]) -> None:
    """Raise `Wider` when a column should hold what did not fit."""
    for column, values in zip(plan.columns, arrays, strict=True):
        if column.name not in bad:
            continue
        odd = values.filter(pa.array(bad[column.name]))
        wide = widened(column, pc.drop_null(decoded(odd)[0]), plan)
        if wide is not None:
            raise Wider(plan.with_column(wide, f"Column '{column.name}': {wide.reason}."))


def widened(column: Column, values: pa.Array, plan: Plan) -> Column | None:
    """Return a wider column that holds values (as text) the column does not, if there is one.

    Whole numbers become numbers, dates become dates with times, an order of day and month
    that only fitted the sample gives way to the other; anything else is left to `given_up`.
    """
    if column.fixed or not len(values):
        return None
    for trial in _wider(column):
        if _misfits(values, trial, plan) < len(values):
            return trial
    return None


def _wider(column: Column) -> list[Column]:
    found: list[Column] = []
    if column.storage in NEXT:
        wide = NEXT[column.storage]
        said = f"{column.reason}; later values needed {WANTED[wide]}"
        found.append(column.model_copy(update={"storage": wide, "reason": said}))
    if column.ambiguous:
        found.append(_swapped(column))
    return found


def given_up(column: Column, missed: int, rows: int, *, final: bool) -> Column | None:
    """Return the column as text when too many rows did not fit its type, else None."""
    if (
        column.storage == "string"
        or column.fixed
        or (rows < EARLY and not final)
        or missed <= TOLERATED * rows
    ):
        return None
    said = f"{column.reason}; but {missed:,} of {rows:,} values were not {WANTED[column.storage]}"
    kind: ColumnType = "id" if column.type == "id" else "text"
    return column.model_copy(update={"storage": "string", "type": kind, "reason": said})
