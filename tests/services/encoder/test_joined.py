"""Encoders side by side."""

import numpy as np

from millrace.core.context import Context
from millrace.services.encoder import Encoders


def test_joined_vectors_are_both_and_of_unit_length(ctx: Context) -> None:
    encoders = ctx.use(Encoders)
    joined = encoders.get("hashed-1024+hashed-1024")
    alone = encoders.get("hashed-1024")
    texts = ["where is my parcel", "", "где посылка"]
    found = joined.encode(texts)
    assert found.shape == (3, joined.dim)
    assert joined.dim == 2 * alone.dim
    np.testing.assert_allclose(found[:, : alone.dim] * np.sqrt(2), alone.encode(texts), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[[0, 2]], axis=1), 1.0, atol=1e-5)
    assert joined.fingerprint != alone.fingerprint
    assert encoders.get(joined.name).fingerprint == joined.fingerprint
    assert joined.speaks("ru")
