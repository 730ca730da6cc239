"""Declared rules: what a column may hold, checked value by value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import re2
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput
from millrace.quality.engine.finding import Found
from millrace.quality.engine.profile import Column

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see


@dataclass(frozen=True)
class Limits:
    """What values of one column must satisfy."""

    column: str
    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    allowed: Sequence[str] | None = None
    required: bool = False
    unique: bool = False


def broken(column: Column, limits: Limits) -> list[Found]:
    """Find the rows in which a declared rule is broken; each rule is a finding of its own.

    Errors: invalid_input, a pattern that is no regular expression or a range on text.
    """
    checks: list[tuple[str, NDArray[np.bool_]]] = []
    filled = ~column.missing
    if limits.least is not None or limits.most is not None:
        checks += _range(column, limits)
    if limits.pattern is not None:
        checks.append((f"matches '{limits.pattern}'", _unmatched(column, limits.pattern)))
    if limits.allowed is not None:
        known = pc.is_in(column.strings, pa.array(list(limits.allowed), pa.string()))
        checks.append(("is one of the allowed values", filled & ~_bools(known)))
    if limits.required:
        checks.append(("is there", column.missing))
    if limits.unique:
        codes = column.codes
        repeated = np.bincount(codes[filled], minlength=1)[np.maximum(codes, 0)] > 1
        checks.append(("stands once", filled & repeated))
    return [_found(column, f"{said}", wrong) for said, wrong in checks if wrong.any()]


def _found(column: Column, said: str, wrong: NDArray[np.bool_]) -> Found:
    rows = np.flatnonzero(wrong)
    share = rows.size / wrong.size
    return Found(
        check="rule",
        part="validity",
        severity="error",
        column=column.name,
        says=f"'{column.name}' breaks the rule that it {said} in {rows.size} rows.",
        count=int(rows.size),
        share=share,
        loss=min(1.0, 0.05 + 10 * share),
        rows=rows.tolist(),
    )


def _range(column: Column, limits: Limits) -> list[tuple[str, NDArray[np.bool_]]]:
    if column.kind not in ("number", "identifier") or pa.types.is_string(column.values.type):
        raise InvalidInput(
            f"Column '{column.name}' holds no numbers, so 'min' and 'max' do not apply.",
            "Give it a 'regex' or 'allowed' rule, or import it as a number.",
            column=column.name,
        )
    found: list[tuple[str, NDArray[np.bool_]]] = []
    # A comparison with NaN is false, so missing values break no range.
    if limits.least is not None:
        found.append((f"is at least {limits.least:g}", column.numbers < limits.least))
    if limits.most is not None:
        found.append((f"is at most {limits.most:g}", column.numbers > limits.most))
    return found


def _unmatched(column: Column, pattern: str) -> NDArray[np.bool_]:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        # RE2 runs in linear time whatever the pattern, so a user's pattern cannot hang us.
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        raise InvalidInput(
            f"The regex of '{column.name}' is not valid: '{pattern[:80]}'.",
            "Write it in RE2 syntax: no look-around and no back-references.",
            column=column.name,
        ) from error
    levels = column.strings.combine_chunks().dictionary_encode()
    bad = np.array(
        [not compiled.fullmatch(text) for text in levels.dictionary.to_pylist()] or [False]
    )
    places = pc.fill_null(levels.indices, 0).to_numpy(zero_copy_only=False)
    return ~column.missing & bad[places]


def _bools(values: pa.ChunkedArray) -> NDArray[np.bool_]:
    return values.combine_chunks().to_numpy(zero_copy_only=False).astype(bool)
