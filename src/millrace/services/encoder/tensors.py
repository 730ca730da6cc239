"""Read safetensors files: an 8-byte length, a JSON header, raw little-endian values."""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput

DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "F64": np.dtype("<f8")}
BF16 = np.dtype("<u2")
HEADER_LIMIT = 100 * 2**20


class Tensors(Mapping[str, NDArray[np.float32]]):
    """The tensors of one file by name, each read as float32 when asked for.

    The file is mapped, not loaded. Errors: invalid_input, the file is cut off or its header
    points outside of it, or holds no floats.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw = np.memmap(path, dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise self._broken(str(error)) from error
        self._start, self._header = self._read_header()

    def __iter__(self) -> Iterator[str]:
        return iter(self._header)

    def __len__(self) -> int:
        return len(self._header)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        entry = self._header[name]
        kind = entry.get("dtype")
        dtype = BF16 if kind == "BF16" else DTYPES.get(str(kind))
        if dtype is None:
            raise self._broken(f"tensor '{name[:80]}' has the type '{str(kind)[:20]}'")
        shape, first, last = self._place(name, entry, dtype.itemsize)
        values = np.frombuffer(self._raw[first:last].tobytes(), dtype)
        if kind == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32, copy=False).reshape(shape)

    def _place(self, name: str, entry: dict[str, Any], width: int) -> tuple[list[int], int, int]:
        try:
            shape = [int(size) for size in entry["shape"]]
            first, last = (self._start + int(at) for at in entry["data_offsets"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._broken(f"tensor '{name[:80]}' is not described") from error
        fits = self._start <= first <= last <= self._raw.size and min(shape, default=0) >= 0
        if not fits or math.prod(shape) * width != last - first:
            raise self._broken(f"tensor '{name[:80]}' lies outside of the file")
        return shape, first, last

    def _read_header(self) -> tuple[int, dict[str, dict[str, Any]]]:
        if self._raw.size < 8:
            raise self._broken("it is shorter than a header")
        (size,) = struct.unpack("<Q", self._raw[:8].tobytes())
        if size > min(HEADER_LIMIT, self._raw.size - 8):
            raise self._broken("its header is longer than the file")
        try:
            header = json.loads(self._raw[8 : 8 + size].tobytes())
        except ValueError as error:
            raise self._broken("its header is not JSON") from error
        if not isinstance(header, dict) or not all(isinstance(v, dict) for v in header.values()):
            raise self._broken("its header is not a table of tensors")
        header.pop("__metadata__", None)
        return 8 + size, header

    def _broken(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"'{self.path}' is not a readable safetensors file: {why}.",
            "Fetch the file again, or name another folder in the setting 'encoder_path'.",
            field="encoder_path",
        )
