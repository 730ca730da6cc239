"""Values of one tensor: counted, checked against the datatype, read from JSON or bytes."""

import struct
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from millrace.core.errors import BadRequest, choices
from millrace.deployment.engine.signature import DATATYPES, INTEGERS, Family
from millrace.deployment.engine.wire import Tensor

_DTYPES = {
    "BOOL": "?",
    "FP32": "<f4",
    "FP64": "<f8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
}
_ALLOWED: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool}),
    "FP32": frozenset({int, float}),
    "FP64": frozenset({int, float}),
    "BYTES": frozenset({str}),
    **{name: frozenset({int}) for name in INTEGERS},
}
_SAID = {
    bool: "a boolean",
    int: "a whole number",
    float: "a fraction",
    str: "text",
    dict: "an object",
}
_FAMILY_NEEDS: dict[Family, str] = {
    "number": "a number type such as FP64 or INT64",
    "boolean": "BOOL",
    "text": "BYTES",
}
_NONE = type(None)


def check_datatype(name: str, datatype: str, family: Family) -> None:
    """Raise BadRequest unless a tensor of this datatype may feed the column."""
    found = DATATYPES.get(datatype)
    if found == family:
        return
    if found is None:
        raise BadRequest(
            f"Input '{name[:80]}' has datatype '{datatype[:40]}', which is not served.",
            f"The datatypes are {choices(list(DATATYPES), 20)}.",
            input=name[:80],
        )
    raise BadRequest(
        f"Input '{name[:80]}' has datatype '{datatype}', and the model needs "
        f"{_FAMILY_NEEDS[family]}.",
        "See the datatypes in the model's metadata.",
        input=name[:80],
    )


def rows_of(name: str, shape: list[int]) -> int:
    """Return n of a shape [n] or [n, 1]."""
    fits = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    if not fits or shape[0] < 1:
        raise BadRequest(
            f"Input '{name[:80]}' has shape {shape[:8]}, and one column needs [n] or [n, 1] "
            "with n >= 1.",
            "Send one tensor for each column, or one [n, d] tensor when all columns are numbers.",
            input=name[:80],
        )
    return shape[0]


def flat(name: str, data: list[Any], shape: list[int]) -> list[Any]:
    """Return the values of a tensor row by row, whether sent flat or nested."""
    if data and type(data[0]) is list:
        width = shape[1] if len(shape) > 1 else -1
        if any(type(row) is not list or len(row) != width for row in data):
            raise BadRequest(
                f"Input '{name[:80]}' is nested unlike its shape {shape[:8]}.",
                "Send the values flat, row by row, or nested as the shape says.",
                input=name[:80],
            )
        data = list(chain.from_iterable(data))
    if len(data) != prod(shape):
        raise BadRequest(
            f"Input '{name[:80]}' has shape {shape[:8]}, so {prod(shape)} values were expected, "
            f"and {len(data)} came.",
            "Send as many values as the shape says.",
            input=name[:80],
        )
    return data


def checked(name: str, values: list[Any], datatype: str) -> list[Any]:
    """Return JSON values that fit the datatype; null is a missing value.

    Errors: BadRequest (400), a value of another type or out of the datatype's range; the
    message names the position and never the value.
    """
    kinds = set(map(type, values))
    odd = kinds - _ALLOWED[datatype]
    missing = _NONE in odd
    if odd and odd != {_NONE}:
        _refuse(name, values, datatype, odd - {_NONE})
    bounds = INTEGERS.get(datatype)
    if bounds is not None:
        _in_range(name, values, datatype, bounds)
    if missing and DATATYPES[datatype] == "number":
        nan = float("nan")
        return [nan if value is None else value for value in values]
    return values


def _refuse(name: str, values: list[Any], datatype: str, odd: set[type]) -> None:
    at = next(i for i, value in enumerate(values) if type(value) in odd)
    said = _SAID.get(type(values[at]), "a list")
    raise BadRequest(
        f"Input '{name[:80]}' has {said} at position {at}, which does not fit {datatype}.",
        "Change the value or the datatype; null means a missing value.",
        input=name[:80],
        position=at,
    )


def _in_range(name: str, values: list[Any], datatype: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    for at, value in enumerate(values):
        if value is not None and not low <= value <= high:
            raise BadRequest(
                f"Input '{name[:80]}' has a number at position {at} outside {datatype}.",
                f"{datatype} holds {low} to {high}.",
                input=name[:80],
                position=at,
            )


def from_bytes(tensor: Tensor, raw: memoryview, count: int) -> Any:
    """Return `count` values of a tensor sent in binary: an array, or a list of text.

    Errors: BadRequest (400), the bytes do not fill the shape exactly.
    """
    if tensor.datatype == "BYTES":
        return _texts(tensor.name, raw, count)
    dtype = np.dtype(_DTYPES[tensor.datatype])
    if len(raw) != count * dtype.itemsize:
        raise BadRequest(
            f"Input '{tensor.name[:80]}' has {len(raw)} bytes, and shape {tensor.shape[:8]} of "
            f"{tensor.datatype} needs {count * dtype.itemsize}.",
            "Send the values little-endian, row by row.",
            input=tensor.name[:80],
        )
    return np.frombuffer(raw, dtype)


def _texts(name: str, raw: memoryview, count: int) -> list[str]:
    found: list[str] = []
    at, end = 0, len(raw)
    try:
        while at < end:
            size = int.from_bytes(raw[at : at + 4], "little")
            if at + 4 + size > end:
                break
            found.append(str(raw[at + 4 : at + 4 + size], "utf-8"))
            at += 4 + size
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"Input '{name[:80]}' has text at position {len(found)} that is not UTF-8.",
            "Encode text as UTF-8.",
            input=name[:80],
        ) from error
    if at != end or len(found) != count:
        raise BadRequest(
            f"Input '{name[:80]}' does not hold {count} texts, each after its length in 4 bytes.",
            "Write the length little-endian before each text.",
            input=name[:80],
        )
    return found


def to_bytes(values: Sequence[Any], datatype: str) -> bytes:
    """Return values in the protocol's binary form."""
    if datatype == "BYTES":
        texts = [str(value).encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return np.asarray(values, dtype=_DTYPES[datatype]).tobytes()
