"""Tiny encoders with invented weights, the same wherever numpy runs: no download, 40 KB each."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = ["a", "the", "red", "blue", "fox", "dog", "runs", "sleeps", "under", "over", "tree"]
WORDS += ["house", "fast", "slowly", ".", "?", "!"]
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
VOCABULARY = {word: at for at, word in enumerate([*SPECIAL, *WORDS, *LETTERS[1:]])}
HIDDEN, HEADS, LAYERS, WIDE, POSITIONS = 32, 4, 2, 64, 40
TEXTS = [
    "The red fox runs over a blue house.",
    "dog",
    "",
    "A dog sleeps slowly under the tree! Why? " * 20,
]
# One for each branch of the graph: model type, pooling, activation, prefix, stored type.
KINDS: dict[str, dict[str, Any]] = {
    "bert": {"model_type": "bert", "hidden_act": "gelu", "pooling": "mean", "dtype": "F32"},
    "roberta": {"model_type": "roberta", "hidden_act": "gelu", "pooling": "cls", "dtype": "F32"},
    "tanh": {"model_type": "bert", "hidden_act": "gelu_new", "pooling": "mean", "dtype": "F16"},
    "relu": {"model_type": "bert", "hidden_act": "relu", "pooling": "cls", "dtype": "BF16"},
}


def weights(seed: int = 7) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of one encoder by name."""
    rng = np.random.Generator(np.random.PCG64(seed))

    def draw(*shape: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * 0.3).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": draw(len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": draw(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": draw(2, HIDDEN),
    }
    layers: list[tuple[str, int, int]] = []
    norms = ["embeddings.LayerNorm"]
    for number in range(LAYERS):
        start = f"encoder.layer.{number}"
        layers += [(f"{start}.attention.self.{n}", HIDDEN, HIDDEN) for n in ("query", "key")]
        layers += [(f"{start}.attention.self.value", HIDDEN, HIDDEN)]
        layers += [(f"{start}.attention.output.dense", HIDDEN, HIDDEN)]
        layers += [(f"{start}.intermediate.dense", WIDE, HIDDEN)]
        layers += [(f"{start}.output.dense", HIDDEN, WIDE)]
        norms += [f"{start}.attention.output.LayerNorm", f"{start}.output.LayerNorm"]
    for name, rows, columns in layers:
        found |= {f"{name}.weight": draw(rows, columns), f"{name}.bias": draw(rows)}
    for name in norms:
        found |= {f"{name}.weight": 1 + draw(HIDDEN), f"{name}.bias": draw(HIDDEN)}
    return found


def write_safetensors(
    path: Path, tensors: dict[str, NDArray[np.float32]], dtype: str = "F32"
) -> None:
    """Write tensors as one safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in tensors.items():
        if dtype == "BF16":
            raw = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
        else:
            raw = values.astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()
        place = [len(body), len(body) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": place}
        body += raw
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)


def write_tokenizer(path: Path) -> None:
    """Write a WordPiece tokenizer over a few words and all letters."""
    tokenizer = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path))


def write(folder: Path, kind: str = "bert", **changes: Any) -> Path:
    """Write one tiny encoder as a folder; `changes` go into its config.json."""
    said = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    config = {
        "model_type": said["model_type"],
        "hidden_act": said["hidden_act"],
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": WIDE,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": POSITIONS,
        "vocab_size": len(VOCABULARY),
        "type_vocab_size": 2,
        "pad_token_id": 1 if said["model_type"] == "roberta" else 0,
    }
    pooling = {
        "pooling_mode_cls_token": said["pooling"] == "cls",
        "pooling_mode_mean_tokens": said["pooling"] == "mean",
        "word_embedding_dimension": HIDDEN,
    }
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    start = "roberta." if kind == "roberta" else ""
    tensors = {start + name: values for name, values in weights().items()}
    write_safetensors(folder / "model.safetensors", tensors, said["dtype"])
    write_tokenizer(folder / "tokenizer.json")
    return folder
