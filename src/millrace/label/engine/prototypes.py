"""One vector a label, found from its name, its examples and the unlabelled texts together.

Constants were chosen on the train part of banking77 and on clinc150 (whole, cut to few classes,
and with classes made rarer at random); the test part of banking77 had no say.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from millrace.label.engine.ratings import Ints

Vectors = NDArray[np.float32]
SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-/|.\s]+")
TEMPERATURE = 0.04  # of the soft assignment while fitting; lower is harder
PULL = 1.0  # weight of a label's share of the unlabelled texts, relative to its name
STEPS = 10
ANCHOR = 10  # imagined texts at the labels' mean, so that the mean of few texts is sane


@dataclass(frozen=True)
class Space:
    """Where texts and labels are compared: each centred on its own mean, of length one.

    Encoders give all sentences a common part, which tells nothing; taking it away costs nothing.
    """

    text_mean: Vectors
    name_mean: Vectors

    def texts(self, vectors: Vectors) -> Vectors:
        """Return centred texts, (n, d)."""
        return unit(vectors - self.text_mean)

    def names(self, vectors: Vectors) -> Vectors:
        """Return centred labels, (k, d)."""
        return unit(vectors - self.name_mean)


def space(texts: Vectors, names: Vectors) -> Space:
    """Find the two means. Shapes: texts (n, d), names (k, d)."""
    names_mean = names.mean(0)
    total = texts.sum(0, dtype=np.float64) + ANCHOR * names_mean
    return Space((total / (len(texts) + ANCHOR)).astype(np.float32), names_mean)


def prototypes(
    texts: Vectors, names: Vectors, labelled: Vectors, codes: Ints, steps: int = STEPS
) -> Vectors:
    """Find one unit vector a label by soft k-means that starts from, and is held by, the names.

    A label's vector is the sum of its name, its labelled examples and (PULL times its share of)
    the mean of the unlabelled texts that lean to it.
    Shapes: texts (n, d), names (k, d), labelled (l, d), codes (l,), all centred; returns (k, d).
    Random: none. Cost: O(steps * n * k * d) time, O(n k) memory.
    """
    k, n = len(names), len(texts)
    held = names.copy()
    np.add.at(held, codes, labelled)
    found = unit(held)
    for _ in range(steps if n else 0):
        lean = softmax(texts @ found.T / np.float32(TEMPERATURE))
        share = lean.sum(0) * (k / n)
        found = unit(held + np.float32(PULL) * share[:, None] * unit(lean.T @ texts))
    return found


def unit(vectors: Vectors) -> Vectors:
    """Return rows of length one; a zero row stays zero."""
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(size, 1e-9)).astype(np.float32)


def softmax(scores: Vectors) -> Vectors:
    """Return rows that sum to one."""
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def spoken(name: str) -> str:
    """Return a label's name as words: `Refund_not_showing_up?` is `Refund not showing up`.

    Example:
        >>> spoken("pinBlocked")
        'pin Blocked'
    """
    words = " ".join(part for part in SPLIT.split(name) if part).strip(" ?!:;,")
    return words or name


def prompts(name: str, description: str = "") -> list[str]:
    """Return the sentences whose mean vector stands for a label."""
    words, described = spoken(name), " ".join(description.split())
    if not described:
        return [words, f"{words}?"]
    return [words, described, f"{words}: {described}"]
