"""The bodies of the protocol as typed structs, read and written by msgspec."""

from typing import Any

import msgspec

from millrace.core.errors import BadRequest


class Tensor(msgspec.Struct, gc=False):
    """One input as it came: values in `data`, not read yet, or bytes behind the JSON head."""

    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw = msgspec.Raw()
    parameters: dict[str, Any] | None = None


class Wanted(msgspec.Struct, gc=False):
    """One output that the caller asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class Request(msgspec.Struct, gc=False):
    """An inference request."""

    inputs: list[Tensor]
    id: str | None = None
    outputs: list[Wanted] | None = None
    parameters: dict[str, Any] | None = None


class Output(msgspec.Struct, gc=False, omit_defaults=True):
    """One output tensor."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any] | None = None
    parameters: dict[str, Any] | None = None


class Response(msgspec.Struct, gc=False, omit_defaults=True):
    """An inference response."""

    model_name: str
    model_version: str
    outputs: list[Output]
    id: str | None = None


def _plain(value: Any) -> Any:
    """Turn a numpy scalar into the Python value it stands for."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is not JSON")


_DECODER = msgspec.json.Decoder(Request)
_ENCODER = msgspec.json.Encoder(enc_hook=_plain)

encode = _ENCODER.encode
decode = _DECODER.decode
floats = msgspec.json.Decoder(list[float]).decode
texts = msgspec.json.Decoder(list[str]).decode
booleans = msgspec.json.Decoder(list[bool]).decode
anything = msgspec.json.Decoder().decode
Unreadable = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def unreadable(error: Exception) -> BadRequest:
    """Say why `decode` failed: not JSON, or not a request of the protocol."""
    if isinstance(error, msgspec.ValidationError):
        return BadRequest(
            f"The body is not an inference request: {error}.",
            'It needs {"inputs": [{"name", "shape", "datatype", "data"}]}.',
        )
    if isinstance(error, RecursionError):
        return BadRequest("The JSON is nested too deeply.", "Send flat tensors.")
    return BadRequest(f"The body is not valid JSON: {error}.", "Send one JSON object in UTF-8.")


def error_body(message: str) -> bytes:
    """Return the error object of the protocol."""
    return encode({"error": message})
