"""Run an encoder's graph with ONNX Runtime: tokens, length-sorted batches, providers."""

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from logging import getLogger
from pathlib import Path
from typing import Any

# From 1.29 on ONNX Runtime reports to its maker unless told not to before it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from millrace.core.errors import Internal, InvalidInput

LOG = getLogger("millrace.encoder")
Floats = NDArray[np.float32]
# Measured on two cores: 256 to 512 tokens a batch cost least; from 1,024 on, 10 % more.
TOKEN_BUDGET = 512
LADDER = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")
# Every class of the library, so that none passes untranslated; they have no base of their own.
ERRORS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


class Broken(Exception):
    """A graph that ONNX Runtime does not load."""


def open_session(graph: Path | bytes, threads: int, ladder: Sequence[str] = LADDER) -> Any:
    """Load a graph on the first provider that takes it, saying so when it is not the first.

    Threads do not spin while they wait: that costs CPU time that others need.
    Errors: Broken, not even the last provider takes it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    known = onnxruntime.get_available_providers()
    rungs = [name for name in ladder if name in known]
    source = graph if isinstance(graph, bytes) else str(graph)
    why: Exception | None = None
    for rung in rungs:
        try:
            session = onnxruntime.InferenceSession(source, options, providers=[rung])
        except ERRORS as error:
            LOG.warning("ONNX Runtime does not run on %s: %s", rung, error)
            why = error
            continue
        if rung not in session.get_providers():
            LOG.warning("ONNX Runtime fell back from %s to %s", rung, session.get_providers())
        LOG.info("encoder runs on %s with %d threads", session.get_providers()[0], threads)
        return session
    raise Broken(f"none of {', '.join(rungs)} loads the graph") from why


def open_tokenizer(path: Path, max_len: int) -> Tokenizer:
    """Load a tokenizer.json that cuts at `max_len` tokens and does not pad.

    Errors: invalid_input, the file cannot be read.
    """
    try:
        # The library raises plain Exception with the reason, and only from this call.
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:
        raise InvalidInput(
            f"'{path}' is not a readable tokenizer: {error}.",
            "Fetch the encoder's files again.",
            field="encoder_path",
        ) from error
    tokenizer.enable_truncation(max_length=max_len)
    tokenizer.no_padding()
    return tokenizer


def batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Yield positions in order of length, as many as fit into `budget` tokens with padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    batch: list[int] = []
    for at in order:
        if batch and (len(batch) + 1) * lengths[at] > budget:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


class Runtime:
    """A loaded graph with its tokenizer: texts in, vectors out."""

    def __init__(self, session: Any, tokenizer: Tokenizer, dim: int) -> None:
        self.session = session
        self.tokenizer = tokenizer
        self.dim = dim

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector a text, (n, dim); memory is that of the tokens of `texts`."""
        # One by one: encode_batch costs the same and starts a thread pool of its own.
        tokens = [self.tokenizer.encode(text).ids for text in texts]
        found = np.empty((len(texts), self.dim), np.float32)
        for batch in batches([len(ids) for ids in tokens]):
            found[batch] = self._run([tokens[at] for at in batch])
        return found

    def _run(self, tokens: list[list[int]]) -> Floats:
        longest = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        try:
            (found,) = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
        except ERRORS as error:
            raise Internal(
                f"ONNX Runtime failed on {len(tokens)} texts of up to {longest} tokens: {error}.",
                "Check that tokenizer.json and model.safetensors belong together.",
            ) from error
        if not np.isfinite(found).all():
            raise Internal(
                "The encoder gave values that are not numbers.", "Fetch its weights again."
            )
        return found
