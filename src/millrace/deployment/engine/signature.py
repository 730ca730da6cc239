"""What a served model takes and gives: named columns with protocol datatypes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import msgspec

from millrace.deployment.engine import wire

Family = Literal["number", "boolean", "text"]

INTEGERS: dict[str, tuple[int, int]] = {
    "INT8": (-(2**7), 2**7 - 1),
    "INT16": (-(2**15), 2**15 - 1),
    "INT32": (-(2**31), 2**31 - 1),
    "INT64": (-(2**63), 2**63 - 1),
    "UINT8": (0, 2**8 - 1),
    "UINT16": (0, 2**16 - 1),
    "UINT32": (0, 2**32 - 1),
    "UINT64": (0, 2**64 - 1),
}
DATATYPES: dict[str, Family] = {
    "BOOL": "boolean",
    **dict.fromkeys(INTEGERS, "number"),
    "FP32": "number",
    "FP64": "number",
    "BYTES": "text",
}
Read = Callable[[msgspec.Raw], list[Any]]
QUICK: dict[Family, dict[str, Read]] = {
    "number": {"FP64": wire.floats, "FP32": wire.floats},
    "text": {"BYTES": wire.texts},
    "boolean": {"BOOL": wire.booleans},
}


@dataclass(frozen=True)
class Field:
    """One input column: its name and the datatype it is declared with."""

    name: str
    datatype: str

    @property
    def family(self) -> Family:
        """Return what kind of values the column holds."""
        return DATATYPES[self.datatype]


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of one model version."""

    model: str
    version: str
    inputs: tuple[Field, ...]
    classes: tuple[Any, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Return the input columns by name."""
        return {column.name: column for column in self.inputs}

    @cached_property
    def quick(self) -> dict[str, dict[str, Read]]:
        """Return, by input and datatype, what reads values that are plainly right."""
        return {column.name: QUICK[column.family] for column in self.inputs}

    @cached_property
    def is_numeric(self) -> bool:
        """Say whether all inputs are numbers."""
        return all(column.family == "number" for column in self.inputs)

    @cached_property
    def matrix(self) -> int:
        """Return the width of the one 2-D tensor that can hold all inputs, 0 if none can."""
        return len(self.inputs) if self.is_numeric else 0

    @cached_property
    def label_datatype(self) -> str:
        """Return the datatype of the classes."""
        found = {type(value) for value in self.classes or ()}
        if found == {bool}:
            return "BOOL"
        if found == {int}:
            return "INT64"
        return "FP64" if found == {float} else "BYTES"

    @cached_property
    def form(self) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes, bytes]]:
        """Return an answer's JSON, cut where rows and data are filled in."""
        name, version = msgspec.json.encode(self.model), msgspec.json.encode(self.version)
        start = b'{"model_name":%b,"model_version":%b,"outputs":[' % (name, version)
        if self.classes is None:
            return (start + b'{"name":"value","shape":[', b'],"datatype":"FP64","data":'), (
                b"",
                b"",
                b"",
            )
        labels = b'],"datatype":"%b","data":' % self.label_datatype.encode()
        classes = msgspec.json.encode(list(self.classes))
        return (start + b'{"name":"label","shape":[', labels), (
            b'},{"name":"probabilities","shape":[',
            b',%d],"datatype":"FP64","data":' % len(self.classes),
            b',"parameters":{"classes":%b}}' % classes,
        )

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the outputs."""
        return ("label", "probabilities") if self.classes else ("value",)


class Answer(msgspec.Struct, gc=False):
    """What a model said: one value a row and, for classes, their probabilities (n, k)."""

    values: Any
    proba: Any = None


class Model(Protocol):
    """Anything that can be served; called from one thread at a time."""

    @property
    def signature(self) -> Signature:
        """Return what the model takes and gives."""
        ...

    def predict(self, columns: dict[str, Any], rows: int) -> Answer:
        """Answer `rows` rows; `columns` holds a list or an array (n,) for each input."""
        ...


def metadata(signature: Signature, name: str, ref: str) -> dict[str, Any]:
    """Return what the protocol says of a model that is served under a name."""
    k = len(signature.classes or ())
    shapes = {
        "label": (signature.label_datatype, [-1]),
        "probabilities": ("FP64", [-1, k]),
        "value": ("FP64", [-1]),
    }
    outputs = [
        {"name": output, "datatype": shapes[output][0], "shape": shapes[output][1]}
        for output in signature.outputs
    ]
    inputs = [{"name": c.name, "datatype": c.datatype, "shape": [-1]} for c in signature.inputs]
    facts: dict[str, Any] = {"ref": ref, **signature.extra}
    if signature.classes is not None:
        facts["classes"] = list(signature.classes)
    return {
        "name": name,
        "versions": [signature.version],
        "platform": "millrace",
        "inputs": inputs,
        "outputs": outputs,
        "parameters": facts,
    }
