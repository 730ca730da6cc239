"""From a body to columns and from an answer to a body."""

from typing import Any

import msgspec
import numpy as np

from millrace.core.errors import BadRequest, choices
from millrace.deployment.engine import wire
from millrace.deployment.engine.signature import QUICK, Answer, Read, Signature
from millrace.deployment.engine.tensors import (
    check_datatype,
    checked,
    flat,
    from_bytes,
    rows_of,
    to_bytes,
)
from millrace.deployment.engine.wire import Output, Request, Response, Tensor

BINARY_HEADER = b"inference-header-content-length"


class Call(msgspec.Struct, gc=False):
    """One request, read and checked: a column of `rows` values for every input."""

    columns: dict[str, Any]
    rows: int
    id: str | None = None
    outputs: dict[str, bool] | None = None
    binary: bool = False


def read(body: bytes, signature: Signature, head: int | None = None) -> Call:
    """Read a request for a model.

    `head` is the length of the JSON part when tensors follow it in binary.
    Errors: BadRequest (400), naming the input, its shape, datatype or position.
    """
    tail: memoryview | None = None
    try:
        if head is None:
            request = wire.decode(body)
        else:
            if not 0 <= head <= len(body):
                raise BadRequest(
                    f"The header says {head} bytes of JSON, and the body has {len(body)}.",
                    "Set Inference-Header-Content-Length to the length of the JSON part.",
                )
            tail = memoryview(body)[head:]
            request = wire.decode(body[:head])
    except wire.Unreadable as error:
        raise wire.unreadable(error) from error
    call = columns_of(request, signature, tail)
    call.id = request.id
    if request.outputs is not None or request.parameters is not None:
        _wishes(call, request, signature)
    return call


def columns_of(request: Request, signature: Signature, tail: memoryview | None = None) -> Call:
    """Turn the tensors of a request into the columns of the model."""
    tensors = request.inputs
    if not tensors:
        raise BadRequest("The request has no inputs.", _inputs_are(signature))
    parts = None if tail is None else _binary_parts(tensors, tail)
    first = tensors[0]
    if len(tensors) == 1 and len(first.shape) == 2:
        width = first.shape[1]
        if (width == signature.matrix and width > 1) or _is_matrix(first, signature):
            return _matrix(first, signature, parts)
    columns: dict[str, Any] = {}
    quick = signature.quick
    rows = first.shape[0] if first.shape else 0
    one, two = [rows], [rows, 1]
    for place, tensor in enumerate(tensors):
        name = tensor.name
        values: Any = None
        if parts is None and name in quick and name not in columns and tensor.shape in (one, two):
            values = _quick(quick[name].get(tensor.datatype), tensor, rows)
        if values is None:
            values = _column(tensor, signature, columns, rows, (parts or {}).get(place))
        columns[name] = values
    if len(columns) < len(quick):
        lost = [name for name in quick if name not in columns]
        raise BadRequest(
            f"Input {choices([repr(name) for name in lost])} is missing.",
            _inputs_are(signature),
            missing=lost[:10],
        )
    return Call(columns, rows)


def _quick(read: Read | None, tensor: Tensor, size: int) -> list[Any] | None:
    """Read values of one type in one go; None when something about them is unusual."""
    if read is None or size < 1:
        return None
    try:
        values = read(tensor.data)
    except msgspec.MsgspecError:
        return None
    return values if len(values) == size else None


def _column(
    tensor: Tensor,
    signature: Signature,
    columns: dict[str, Any],
    rows: int,
    raw: memoryview | None,
) -> Any:
    """Read one named tensor the slow way: every check, each with its message."""
    name = tensor.name
    column = signature.by_name.get(name)
    if column is None:
        raise BadRequest(
            f"The model has no input '{name[:80]}'.", _inputs_are(signature), input=name[:80]
        )
    if name in columns:
        raise BadRequest(f"Input '{name}' came twice.", "Send each once.", input=name)
    check_datatype(name, tensor.datatype, column.family)
    count = rows_of(name, tensor.shape)
    if count != rows:
        raise BadRequest(
            f"Input '{name}' has {count} rows, and the first input has {rows}.",
            "Every input of a request has the same number of rows.",
            input=name,
        )
    return _values(tensor, raw)


def from_rows(rows: list[dict[str, Any]], signature: Signature) -> Call:
    """Turn rows of named values into the columns of the model; an absent value is missing.

    Errors: BadRequest, no rows, a column that no row has, or a value of another kind.
    """
    if not rows:
        raise BadRequest("There are no rows.", "Give at least one.")
    columns: dict[str, Any] = {}
    lost = [c.name for c in signature.inputs if not any(c.name in row for row in rows)]
    if lost:
        raise BadRequest(
            f"Input {choices([repr(name) for name in lost])} is missing.",
            _inputs_are(signature),
            missing=lost[:10],
        )
    for column in signature.inputs:
        values = [row.get(column.name) for row in rows]
        columns[column.name] = checked(column.name, values, column.datatype)
    return Call(columns, len(rows))


def _is_matrix(tensor: Tensor, signature: Signature) -> bool:
    width = tensor.shape[1]
    if width == 1 and tensor.name in signature.by_name:
        return False
    if signature.is_numeric and width == len(signature.inputs):
        return True
    if width == 1 or tensor.name in signature.by_name:
        return False
    if not signature.is_numeric:
        text = [column.name for column in signature.inputs if column.family != "number"]
        raise BadRequest(
            f"One [n, d] tensor cannot hold the inputs: {choices(text)} are not numbers.",
            "Send one tensor for each column.",
        )
    raise BadRequest(
        f"Input '{tensor.name[:80]}' has {width} columns, and the model has "
        f"{len(signature.inputs)} inputs.",
        _inputs_are(signature),
        input=tensor.name[:80],
    )


def _matrix(tensor: Tensor, signature: Signature, parts: dict[int, memoryview] | None) -> Call:
    rows, width = tensor.shape
    values: Any = None
    if parts is None:
        values = _quick(QUICK["number"].get(tensor.datatype), tensor, rows * width)
    if values is None:
        if rows < 1:
            raise BadRequest(
                f"Input '{tensor.name[:80]}' has shape {tensor.shape}.", "Send at least one row."
            )
        check_datatype(tensor.name, tensor.datatype, "number")
        values = _values(tensor, None if parts is None else parts.get(0))
    if rows == 1:
        return Call({n: [value] for n, value in zip(signature.quick, values, strict=False)}, 1)
    return Call({name: values[i::width] for i, name in enumerate(signature.quick)}, rows)


def _values(tensor: Tensor, raw: memoryview | None) -> Any:
    if raw is not None:
        count = tensor.shape[0] * (tensor.shape[1] if len(tensor.shape) > 1 else 1)
        return from_bytes(tensor, raw, count)
    name, data = tensor.name, _loose(tensor)
    if data is None:
        raise BadRequest(
            f"Input '{name[:80]}' has no data.",
            "Send 'data', or the bytes behind the JSON with 'binary_data_size'.",
            input=name[:80],
        )
    return checked(name, flat(name, data, tensor.shape), tensor.datatype)


def _loose(tensor: Tensor) -> list[Any] | None:
    """Return whatever stands in 'data'."""
    if not memoryview(tensor.data).nbytes:
        return None
    try:
        data = wire.anything(tensor.data)
    except wire.Unreadable as error:
        raise wire.unreadable(error) from error
    if data is None or isinstance(data, list):
        return data
    raise BadRequest(
        f"The data of input '{tensor.name[:80]}' is not a list.",
        "Send a list, even of one value.",
        input=tensor.name[:80],
    )


def _binary_parts(tensors: list[Tensor], tail: memoryview) -> dict[int, memoryview]:
    """Cut the bytes behind the JSON into the tensors that announce a size, in order."""
    found: dict[int, memoryview] = {}
    at = 0
    for place, tensor in enumerate(tensors):
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            continue
        if type(size) is not int or size < 0 or at + size > len(tail):
            raise BadRequest(
                f"Input '{tensor.name[:80]}' announces a binary_data_size that the body does "
                "not have.",
                "Send the tensors one after the other, right behind the JSON.",
                input=tensor.name[:80],
            )
        found[place] = tail[at : at + size]
        at += size
    if at != len(tail):
        raise BadRequest(
            f"The body has {len(tail) - at} bytes that no input announces.",
            "Give each binary input its 'binary_data_size'.",
        )
    return found


def _wishes(call: Call, request: Request, signature: Signature) -> None:
    """Read which outputs are wanted, and in which form."""
    everything = bool((request.parameters or {}).get("binary_data_output", False))
    if request.outputs is None:
        call.outputs = dict.fromkeys(signature.outputs, everything)
    else:
        call.outputs = {}
        for wanted in request.outputs:
            if wanted.name not in signature.outputs:
                raise BadRequest(
                    f"The model has no output '{wanted.name[:80]}'.",
                    f"Its outputs are {choices(list(signature.outputs))}.",
                    output=wanted.name[:80],
                )
            form = (wanted.parameters or {}).get("binary_data", everything)
            call.outputs[wanted.name] = bool(form)
    call.binary = any(call.outputs.values())


def _inputs_are(signature: Signature) -> str:
    listed = ", ".join(f"{c.name} ({c.datatype})" for c in signature.inputs[:20])
    more = len(signature.inputs) - 20
    return f"Its inputs are {listed}{f' and {more} more' if more > 0 else ''}."


def cut(answer: Answer, offset: int, rows: int) -> Answer:
    """Return the rows of one request out of the answer to a batch."""
    end = offset + rows
    proba = None if answer.proba is None else answer.proba[offset:end]
    return Answer(answer.values[offset:end], proba)


def write(call: Call, answer: Answer, signature: Signature) -> tuple[bytes, int | None]:
    """Write an answer; the second value is the length of the JSON when bytes follow it."""
    if call.outputs is None:
        return _plain(call, answer, signature), None
    outputs = [o for o in _outputs(answer, signature, call.rows) if o.name in call.outputs]
    tail: list[bytes] = []
    for output in outputs:
        if call.outputs[output.name]:
            raw = to_bytes(output.data or [], output.datatype)
            output.data = None
            output.parameters = {**(output.parameters or {}), "binary_data_size": len(raw)}
            tail.append(raw)
    head = wire.encode(Response(signature.model, signature.version, outputs, call.id))
    return b"".join([head, *tail]), len(head) if call.binary else None


def _plain(call: Call, answer: Answer, signature: Signature) -> bytes:
    """Fill all outputs into the form of the answer, of which only numbers and labels vary."""
    first, second = signature.form
    rows = call.rows
    end = b"]}" if call.id is None else b'],"id":%b}' % wire.encode(call.id)
    if answer.proba is None and type(answer.values) is list and signature.classes is None:
        values = wire.encode(answer.values)
    else:
        values = wire.encode(_values_of(answer, signature))
    if answer.proba is None:
        return b"%b%d%b%b}%b" % (first[0], rows, first[1], values, end)
    scores = wire.encode(np.asarray(answer.proba, dtype=np.float64).ravel().tolist())
    return b"%b%d%b%b%b%d%b%b%b%b" % (
        *(first[0], rows, first[1], values),
        *(second[0], rows, second[1], scores, second[2], end),
    )


def _values_of(answer: Answer, signature: Signature) -> list[Any]:
    values = answer.values
    plain: list[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    if signature.classes is not None and signature.label_datatype == "BYTES":
        return [str(value) for value in plain]
    return plain


def _outputs(answer: Answer, signature: Signature, rows: int) -> list[Output]:
    values = _values_of(answer, signature)
    if signature.classes is None:
        return [Output("value", [rows], "FP64", values)]
    outputs = [Output("label", [rows], signature.label_datatype, values)]
    if answer.proba is not None:
        scores = np.asarray(answer.proba, dtype=np.float64).ravel().tolist()
        shape = [rows, len(signature.classes)]
        facts = {"classes": list(signature.classes)}
        outputs.append(Output("probabilities", shape, "FP64", scores, facts))
    return outputs
