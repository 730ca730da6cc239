"""Record reference vectors with torch, transformers and sentence-transformers.

How `vectors.npz` was made, in an environment of its own (torch 2.13.0, transformers 5.23.0,
sentence-transformers 6.2.0):

    python -m venv /tmp/reference && /tmp/reference/bin/pip install torch==2.13.0
    /tmp/reference/bin/pip install sentence-transformers
    PYTHONPATH=. /tmp/reference/bin/python tests/services/encoder/reference/make.py FOLDER

FOLDER holds the official all-MiniLM-L6-v2. Its vectors are sentence-transformers' own; those of
the tiny encoders are the last hidden state of transformers' model, pooled here.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoModel

from tests.services.encoder.reference import tiny

TEXTS = [
    "Where is my parcel?",
    "i still have not received my new card, i ordered over a week ago",
    "The quick brown fox jumps over the lazy dog.",
    "",
    "?!",
    "Das Paket ist gestern angekommen, aber der Karton war leer.",
    "Где мой заказ? Он должен был прийти вчера.",
    "naïve café — “quoted”, 3.14 € & 100 %",
    "tabs\tand\nnew lines\r\nand\u00a0odd\u2003spaces",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "def area(radius):\n    return 3.14159 * radius ** 2",
    "The train was late and nobody knew why. " * 60,
]


def tiny_vectors(kind: str) -> np.ndarray:
    """Return the unit vectors of one tiny encoder, one text at a time, without padding."""
    with tempfile.TemporaryDirectory() as folder:
        path = tiny.write(Path(folder), kind)
        model = AutoModel.from_pretrained(path, dtype=torch.float32).eval()
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    offset = 2 if kind == "roberta" else 0
    tokenizer.enable_truncation(tiny.POSITIONS - offset)
    found: list[np.ndarray] = []
    for text in tiny.TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        places = torch.arange(offset, offset + ids.shape[1])[None]
        with torch.no_grad():
            out = model(
                ids, attention_mask=torch.ones_like(ids), position_ids=places
            ).last_hidden_state
        pooled = out[0, 0] if tiny.KINDS[kind]["pooling"] == "cls" else out[0].mean(0)
        found.append((pooled / pooled.norm()).numpy())
    return np.array(found)


if __name__ == "__main__":
    minilm = SentenceTransformer(sys.argv[1], device="cpu")
    vectors = {kind: tiny_vectors(kind) for kind in tiny.KINDS}
    vectors["minilm"] = minilm.encode(TEXTS, batch_size=1, normalize_embeddings=True)
    np.savez_compressed(Path(__file__).parent / "vectors.npz", texts=np.array(TEXTS), **vectors)
