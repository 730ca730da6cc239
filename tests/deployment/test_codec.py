"""Bodies to columns and answers to bodies, wrong ones included."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.deployment.engine import codec
from millrace.deployment.engine.signature import INTEGERS, Answer, Field, Signature
from millrace.deployment.engine.tensors import to_bytes

MIXED = Signature(
    "m", "1", (Field("age", "FP64"), Field("city", "BYTES"), Field("member", "BOOL")), ("no", "yes")
)
NUMBERS = Signature("n", "2", (Field("a", "FP64"), Field("b", "FP64"), Field("c", "FP64")))
ONE = Signature("o", "1", (Field("a", "FP64"),))


def tensor(name: str, datatype: str, data: list[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [len(data)], "data": data, **more}


def read(inputs: list[dict[str, Any]], signature: Signature = MIXED, **more: Any) -> codec.Call:
    return codec.read(json.dumps({"inputs": inputs, **more}).encode(), signature)


GOOD = [
    tensor("age", "FP64", [31.5, 47]),
    tensor("city", "BYTES", ["Oslo", "Рим"]),
    tensor("member", "BOOL", [True, False]),
]


def test_named_columns_in_any_order_and_shape() -> None:
    nested = {"name": "age", "datatype": "INT32", "shape": [2, 1], "data": [[31], [47]]}
    call = read([GOOD[2], nested, GOOD[1]], id="x")
    assert call.rows == 2
    assert call.id == "x"
    assert call.columns == {
        "member": [True, False],
        "age": [31, 47],
        "city": ["Oslo", "Рим"],
    }


def test_null_is_a_missing_value() -> None:
    call = read(
        [
            tensor("age", "FP64", [None]),
            tensor("city", "BYTES", [None]),
            tensor("member", "BOOL", [None]),
        ]
    )
    assert np.isnan(call.columns["age"][0])
    assert call.columns["city"] == [None]
    assert call.columns["member"] == [None]


def but(at: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**part, **(changes if place == at else {})} for place, part in enumerate(GOOD)]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (GOOD[:2], "Input 'member' is missing"),
        ([*GOOD, tensor("agee", "FP64", [1, 2])], "no input 'agee'"),
        ([*GOOD, GOOD[0]], "'age' came twice"),
        (but(0, datatype="BYTES"), "'age' has datatype 'BYTES', and the model needs a number"),
        (but(1, datatype="FP64"), "'city' has datatype 'FP64', and the model needs BYTES"),
        (but(2, datatype="INT8"), "'member' has datatype 'INT8', and the model needs BOOL"),
        (but(0, datatype="FP16"), "'FP16', which is not served"),
        (but(0, data=["31", 47]), "'age' has text at position 0"),
        (but(0, data=[31.0, True]), "'age' has a boolean at position 1"),
        (but(0, data=[31.0, {}]), "'age' has an object at position 1"),
        (but(0, data=[31.0, [1]]), "'age' has a list at position 1"),
        (but(0, data=[[1], [2, 3]]), "nested unlike its shape"),
        (but(0, datatype="INT64", data=[1.5, 2]), "'age' has a fraction at position 0"),
        (but(0, datatype="UINT8", data=[1, 256]), "position 1 outside UINT8"),
        (but(1, data=["a", 2]), "'city' has a whole number at position 1"),
        (but(0, shape=[3]), "so 3 values were expected, and 2 came"),
        (but(0, shape=[2, 2]), "one column needs [n] or [n, 1]"),
        (but(0, shape=[]), "one column needs [n] or [n, 1]"),
        (but(0, shape=[-2]), "one column needs [n] or [n, 1]"),
        (but(0, shape=[1], data=[1.0]), "has 2 rows, and the first input has 1"),
        (but(0, data=None), "'age' has no data"),
        (but(0, data=7), "data of input 'age' is not a list"),
        ([{k: v for k, v in GOOD[0].items() if k != "data"}, *GOOD[1:]], "'age' has no data"),
        (but(0, shape=[10**15]), "1000000000000000 values were expected"),
        ([{"name": "x", "datatype": "FP64", "shape": [1, 3], "data": [1, 2, 3]}], "city, member"),
    ],
)
def test_wrong_tensors_are_named(inputs: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(inputs)
    assert said in str(caught.value)
    assert caught.value.http == 400


@pytest.mark.parametrize(
    ("shape", "data", "said"),
    [
        ([2, 2], [1, 2, 3, 4], "has 2 columns, and the model has 3 inputs"),
        ([1, 3], [1, 2], "so 3 values were expected, and 2 came"),
        ([0, 3], [], "Send at least one row"),
        ([1, 3], [1, "2", 3], "text at position 1"),
        ([1, 3, 1], [1, 2, 3], "no input 'x'"),
    ],
)
def test_wrong_matrices_are_told(shape: list[int], data: list[Any], said: str) -> None:
    with pytest.raises(InvalidInput, match="x|row") as caught:
        read([{"name": "x", "datatype": "FP64", "shape": shape, "data": data}], NUMBERS)
    assert said in str(caught.value)


def test_values_never_stand_in_a_message() -> None:
    with pytest.raises(InvalidInput) as caught:
        read(but(0, data=["secret-4711", 1]))
    assert "4711" not in str(caught.value)


def test_one_column_takes_its_own_name_or_a_matrix() -> None:
    named = read([{"name": "a", "datatype": "FP64", "shape": [2, 1], "data": [1, 2]}], ONE)
    other = read([{"name": "x", "datatype": "FP64", "shape": [2, 1], "data": [[1], [2]]}], ONE)
    assert named.columns == other.columns == {"a": [1, 2]}


@given(
    st.lists(
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=1, max_size=9
    )
)
def test_matrix_names_and_bytes_mean_the_same(table: list[tuple[float, ...]]) -> None:
    columns = list(zip(*table, strict=True))
    n = len(table)
    whole = {"name": "x", "datatype": "FP64", "shape": [n, 3], "data": [list(r) for r in table]}
    matrix = read([whole], NUMBERS)
    parts = [struct.pack(f"<{n}d", *column) for column in columns]
    inputs = [
        {"name": name, "datatype": "FP64", "shape": [n], "parameters": {"binary_data_size": 8 * n}}
        for name in "abc"
    ]
    head = json.dumps({"inputs": inputs}).encode()
    binary = codec.read(head + b"".join(parts), NUMBERS, len(head))
    named = read(
        [tensor(name, "FP64", list(c)) for name, c in zip("abc", columns, strict=True)], NUMBERS
    )
    assert matrix.columns == named.columns
    assert {name: found.tolist() for name, found in binary.columns.items()} == named.columns


@pytest.mark.parametrize(
    ("datatype", "data"),
    [*((name, list(bounds)) for name, bounds in INTEGERS.items()), ("FP32", [0.5, -2.0])],
)
def test_every_number_type_in_binary(datatype: str, data: list[Any]) -> None:
    raw = to_bytes(data, datatype)
    inputs = [
        {
            "name": "a",
            "datatype": datatype,
            "shape": [2],
            "parameters": {"binary_data_size": len(raw)},
        }
    ]
    head = json.dumps({"inputs": inputs}).encode()
    assert codec.read(head + raw, ONE, len(head)).columns["a"].tolist() == data
    assert read([tensor("a", datatype, data)], ONE).columns["a"] == data


def test_texts_in_binary() -> None:
    texts = ["", "Рим", "x" * 300]
    signature = Signature("t", "1", (Field("city", "BYTES"),))
    raw = to_bytes(texts, "BYTES")
    inputs = [
        {
            "name": "city",
            "datatype": "BYTES",
            "shape": [3],
            "parameters": {"binary_data_size": len(raw)},
        }
    ]
    head = json.dumps({"inputs": inputs}).encode()
    assert codec.read(head + raw, signature, len(head)).columns["city"] == texts


@pytest.mark.parametrize(
    ("size", "tail", "said"),
    [
        (8, struct.pack("<2d", 1, 2), "8 bytes that no input announces"),
        (24, struct.pack("<2d", 1, 2), "announces a binary_data_size"),
        (-1, b"", "announces a binary_data_size"),
        (12, b"x" * 12, "has 12 bytes, and shape [2] of FP64 needs 16"),
        (None, b"x", "1 bytes that no input announces"),
    ],
)
def test_wrong_binary_parts(size: Any, tail: bytes, said: str) -> None:
    part = {"name": "a", "datatype": "FP64", "shape": [2]}
    if size is not None:
        part["parameters"] = {"binary_data_size": size}
    head = json.dumps({"inputs": [part]}).encode()
    with pytest.raises(InvalidInput) as caught:
        codec.read(head + tail, ONE, len(head))
    assert said in str(caught.value)


@pytest.mark.parametrize("raw", [b"\x05\x00\x00\x00abc", b"\x01\x00\x00\x00\xff", b"\x01\x00"])
def test_broken_texts_in_binary(raw: bytes) -> None:
    signature = Signature("t", "1", (Field("city", "BYTES"),))
    inputs = [
        {
            "name": "city",
            "datatype": "BYTES",
            "shape": [1],
            "parameters": {"binary_data_size": len(raw)},
        }
    ]
    head = json.dumps({"inputs": inputs}).encode()
    with pytest.raises(InvalidInput, match="'city'"):
        codec.read(head + raw, signature, len(head))


def answer_of(call: codec.Call, answer: Answer, signature: Signature) -> dict[str, Any]:
    return json.loads(codec.write(call, answer, signature)[0])


def test_classes_and_probabilities_are_written() -> None:
    answer = Answer(np.array(["yes", "no"], object), np.array([[0.25, 0.75], [1, 0]]))
    found = answer_of(read(GOOD, id="7"), answer, MIXED)
    assert found["id"] == "7"
    assert found["outputs"] == [
        {"name": "label", "shape": [2], "datatype": "BYTES", "data": ["yes", "no"]},
        {
            "name": "probabilities",
            "shape": [2, 2],
            "datatype": "FP64",
            "data": [0.25, 0.75, 1, 0],
            "parameters": {"classes": ["no", "yes"]},
        },
    ]


def test_only_the_outputs_asked_for_are_written() -> None:
    call = read(GOOD, outputs=[{"name": "label"}])
    answer = Answer(np.array(["yes", "no"], object), np.array([[0.25, 0.75], [1, 0]]))
    assert [output["name"] for output in answer_of(call, answer, MIXED)["outputs"]] == ["label"]
    with pytest.raises(InvalidInput, match="no output 'scores'"):
        read(GOOD, outputs=[{"name": "scores"}])


@pytest.mark.parametrize(
    ("classes", "datatype"),
    [((0, 1), "INT64"), ((False, True), "BOOL"), ((0.5, 1.5), "FP64"), (("a", 1), "BYTES")],
)
def test_labels_keep_their_type(classes: tuple[Any, ...], datatype: str) -> None:
    signature = Signature("c", "1", (Field("a", "FP64"),), classes)
    call = read([tensor("a", "FP64", [1.0])], signature)
    found = answer_of(call, Answer(np.array([classes[1]], object)), signature)["outputs"][0]
    assert found["datatype"] == datatype
    assert found["data"] == [classes[1] if datatype != "BYTES" else str(classes[1])]


def test_rows_become_columns() -> None:
    call = codec.from_rows([{"age": 3, "city": "Rome", "member": True}, {"age": None}], MIXED)
    assert call.rows == 2
    assert call.columns["city"] == ["Rome", None]
    assert np.isnan(call.columns["age"][1])
    with pytest.raises(InvalidInput, match="'member' is missing"):
        codec.from_rows([{"age": 3, "city": "Rome"}], MIXED)
    with pytest.raises(InvalidInput, match="'age' has text at position 0"):
        codec.from_rows([{"age": "3", "city": "Rome", "member": True}], MIXED)
    with pytest.raises(InvalidInput, match="no rows"):
        codec.from_rows([], MIXED)
