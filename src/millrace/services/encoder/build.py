"""Build encoder graphs once and keep them: `~/.cache/millrace/encoders/<fingerprint>/`."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from logging import getLogger
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from millrace.core.errors import InvalidInput
from millrace.core.ids import digest
from millrace.services.encoder import graph
from millrace.services.encoder.runtime import Broken, Runtime, open_session, open_tokenizer
from millrace.services.encoder.sample import SAMPLE
from millrace.services.encoder.spec import Precision, Spec
from millrace.services.encoder.tensors import Tensors
from millrace.services.encoder.weights import CONFIG, MODEL, TOKENIZER, Weights, sha256

LOG = getLogger("millrace.encoder")
COSINE_FLOOR = 0.99
GRAPH = "model.onnx"


def shared_home() -> Path:
    """Return the folder that every workspace of this user shares."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "millrace" / "encoders"


def fingerprint(spec: Spec, weights: Weights, weights_sha: str, precision: Precision) -> str:
    """Return what the vectors depend on; equal fingerprints give comparable vectors."""
    return digest(
        {
            "weights": weights_sha,
            "tokenizer": sha256(weights.path(TOKENIZER)),
            "config": sha256(weights.path(CONFIG)),
            "graph": graph.VERSION,
            "precision": precision,
            "pooling": spec.pooling,
            "normalize": spec.normalize,
            "max_len": spec.max_len,
            "prompts": [spec.prompt_query, spec.prompt_doc],
        }
    )


def load(
    spec: Spec,
    weights: Weights,
    found: str,
    precision: Precision,
    homes: Sequence[Path],
    threads: int,
) -> Runtime:
    """Return the encoder with fingerprint `found`, building its graph when no home has it.

    Homes are tried in order; where none can be written to, the graph lives in memory only.
    Cost: at first about 1 CPU-s for each 100 MB of weights, later the time to load the graph.
    Errors: invalid_input, files that do not fit together, or int8 loses too much.
    """
    shape = graph.read_shape(weights.read(CONFIG))
    if spec.dim != shape.hidden:
        raise InvalidInput(
            f"The weights in '{weights.folder}' have {shape.hidden} dimensions, and encoder "
            f"'{spec.name}' has {spec.dim}.",
            "Set encoder to 'local' to use these weights as they are.",
            field="encoder_path",
        )
    tokenizer = open_tokenizer(weights.path(TOKENIZER), min(spec.max_len, shape.positions))
    for home in homes:
        path = home / found / GRAPH
        if path.is_file():
            try:
                return Runtime(_session(path, threads), tokenizer, spec.dim)
            except Broken as error:
                LOG.warning("'%s' is built again: %s", path, error)
    model = _build(spec, weights, shape, precision)
    data = _gated(spec, weights, shape, model) if precision == "int8" else _bytes(model)
    for home in homes:
        path = home / found / GRAPH
        if _keep(path, data):
            return Runtime(_session(path, threads), tokenizer, spec.dim)
    LOG.warning("no folder for encoder graphs can be written to; '%s' stays in memory", spec.name)
    return Runtime(open_session(data, threads), tokenizer, spec.dim)


def _build(
    spec: Spec, weights: Weights, shape: graph.Shape, precision: Precision
) -> onnx.ModelProto:
    tensors = Tensors(weights.path(MODEL))
    return graph.build(shape, tensors, spec.pooling, spec.normalize, precision)


def _bytes(model: onnx.ModelProto) -> bytes:
    return model.SerializeToString(deterministic=True)


def _gated(spec: Spec, weights: Weights, shape: graph.Shape, model: onnx.ModelProto) -> bytes:
    """Return the int8 graph when its vectors are close to the fp32 ones, else refuse."""
    tokenizer = open_tokenizer(weights.path(TOKENIZER), min(spec.max_len, shape.positions))
    pair = [
        Runtime(open_session(_bytes(one), 1), tokenizer, spec.dim).embed(SAMPLE)
        for one in (_build(spec, weights, shape, "fp32"), model)
    ]
    lengths = np.linalg.norm(pair[0], axis=1) * np.linalg.norm(pair[1], axis=1)
    cosine = (pair[0] * pair[1]).sum(axis=1) / np.maximum(lengths, 1e-12)
    mean, least = float(cosine.mean()), float(cosine.min())
    LOG.info("int8 of '%s': cosine to fp32 mean %.4f, least %.4f", spec.name, mean, least)
    if not mean >= COSINE_FLOOR:
        raise InvalidInput(
            f"The encoder '{spec.name}' loses too much at int8: the mean cosine to its fp32 "
            f"vectors is {mean:.4f}, and at least {COSINE_FLOOR} is needed.",
            "Use precision 'fp32'.",
            field="precision",
            cosine_mean=mean,
            cosine_min=least,
        )
    helper.set_model_props(model, {"cosine_mean": f"{mean:.6f}", "cosine_min": f"{least:.6f}"})
    return _bytes(model)


def _keep(path: Path, data: bytes) -> bool:
    """Write a graph so that no reader, and no second builder, ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        LOG.info("'%s' cannot be written: %s", path, error)
        with suppress(OSError):
            draft.unlink()
        return False
    return True


def _session(path: Path, threads: int) -> object:
    try:
        facts = path.stat()
    except OSError as error:
        raise Broken(str(error)) from error
    return _opened(path, threads, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=2)
def _opened(path: Path, threads: int, changed: int, size: int) -> object:
    """Return one session for all workspaces of this process; a changed file is loaded anew."""
    del changed, size
    return open_session(path, threads)
