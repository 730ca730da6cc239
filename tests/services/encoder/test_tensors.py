import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from millrace.core.errors import InvalidInput
from millrace.services.encoder.tensors import Tensors
from tests.services.encoder.reference import tiny

FLOATS = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements=st.floats(-1000, 1000, width=16),
)


@given(st.dictionaries(st.text(max_size=8), FLOATS, max_size=4), st.sampled_from(["F32", "F16"]))
@settings(max_examples=50, deadline=None)
def test_what_was_written_is_read(tmp_path_factory, tensors, dtype):
    tensors.pop("__metadata__", None)
    path = tmp_path_factory.mktemp("tensors") / "model.safetensors"
    tiny.write_safetensors(path, tensors, dtype)
    found = Tensors(path)
    assert sorted(found) == sorted(tensors)
    assert len(found) == len(tensors)
    for name, values in tensors.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], values)


def test_bfloat16_is_widened(tmp_path):
    values = np.array([1.0, -2.5, 0.0], np.float32)
    tiny.write_safetensors(tmp_path / "m", {"x": values}, "BF16")
    np.testing.assert_array_equal(Tensors(tmp_path / "m")["x"], values)


def _file(header: object, body: bytes = b"\0" * 16) -> bytes:
    head = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(head)) + head + body


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a readable"),
        (b"abc", "shorter than a header"),
        (struct.pack("<Q", 2**63) + b"{}", "longer than the file"),
        (_file(b"{oops"), "not JSON"),
        (_file(b"\xff\xfe"), "not JSON"),
        (_file([1]), "not a table"),
        (_file({"x": 3}), "not a table"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, content, why):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=why):
        Tensors(path)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"dtype": "F32", "shape": [4], "data_offsets": [0, 99]}, "outside"),
        ({"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}, "outside"),
        ({"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 16]}, "outside"),
        ({"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}, "outside"),
        ({"dtype": "F32", "shape": [4]}, "not described"),
        ({"dtype": "F32", "shape": "four", "data_offsets": [0, 16]}, "not described"),
        ({"dtype": "I64", "shape": [2], "data_offsets": [0, 16]}, "type 'I64'"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, entry, why):
    path = tmp_path / "model.safetensors"
    path.write_bytes(_file({"x": entry}))
    with pytest.raises(InvalidInput, match=why):
        Tensors(path)["x"]


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="No such file"):
        Tensors(tmp_path / "absent")
