"""Two encoders side by side: `all-minilm-l6-v2+hashed-1024` reads meaning and spelling."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from millrace.core.ids import digest
from millrace.services.encoder.encoder import Encoder, Floats
from millrace.services.encoder.spec import Kind


class Joined(Encoder):
    """The vectors of several encoders, joined and of unit length.

    Measured on banking77 with a logistic head: .9305 by meaning alone, .940 joined; spelling
    also serves the languages that the first encoder was not trained for.
    """

    def __init__(self, parts: Sequence[Encoder]) -> None:
        name = "+".join(part.name for part in parts)
        spec = replace(
            parts[0].spec, name=name, dim=sum(part.dim for part in parts), languages=("*",)
        )
        print_ = digest([part.fingerprint for part in parts])
        super().__init__(spec, _Nothing(), print_, name=name, notice=parts[0].notice)
        self.parts = list(parts)

    def encode(
        self,
        texts: Sequence[str | None],
        kind: Kind = "document",
        progress: Callable[[int, int], object] | None = None,
    ) -> Floats:
        """Return one vector a text, float32 (n, dim), each of length 1."""
        found = [part.encode(texts, kind, progress) for part in self.parts]
        return np.concatenate(found, axis=1) / np.sqrt(np.float32(len(found)))


class _Nothing:
    """Stands where a single encoder has its engine; never asked."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """Refuse."""
        raise TypeError("a joined encoder has no engine of its own")
