"""Turn text into vectors: one interface for every text encoder, without torch.

`ctx.use(Encoders).get()` gives the workspace's encoder, `.get("bge-small-en-v1.5")` another one,
`.get(precision="int8")` its faster form. An `Encoder` has `encode(texts, kind="document" |
"query") -> float32 (n, dim)` of unit rows, and `name` (give it to `get` to have the same encoder
again), `dim`, `fingerprint` (equal fingerprints mean comparable vectors), `notice` (show it with
every result when it is not empty: the vectors are not what was asked for), `is_semantic`,
`languages` and `speaks(language)`. Nothing heavy is imported before `get`.
"""

from millrace.services.encoder.service import Encoders
from millrace.services.encoder.spec import Kind, Precision, Spec

__all__ = ["Encoders", "Kind", "Precision", "Spec"]
