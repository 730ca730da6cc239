"""Who judges the labels: a model of the texts or of the other columns, out of fold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from millrace.quality.engine import labels, outoffold
from millrace.quality.engine.finding import Found
from millrace.quality.engine.profile import Column

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

MOST_CLASSES = 1_000
MOST_CLASSES_OF_TREES = 50
MOST_LEVELS = 254  # of a category that the trees tell apart
LEAST_ROWS = 50  # fewer say nothing about label errors
FOREIGN = 0.05
LEAST_SKILL = 0.1  # better than the most frequent class by this much, or the doubts are noise

Codes = NDArray[np.int64]
Floats = NDArray[np.floating]
Encode = Callable[[list[str]], tuple[Floats, str]]


@dataclass(frozen=True)
class Judge:
    """What a label is judged by: text, other columns, and which rows are copies of each other."""

    features: list[Column]
    text: Column | None
    groups: Codes
    seed: int
    encode: Encode | None

    def errors(self, target: str, codes: Codes, names: list[str]) -> tuple[list[Found], str]:
        """Return likely label errors, or none and why they were not looked for.

        Shapes: codes (n,), -1 for no label; names (k,).
        """
        counts = np.bincount(codes[codes >= 0], minlength=1)
        usable = np.flatnonzero((codes >= 0) & (counts[np.maximum(codes, 0)] >= labels.FEW))
        present = np.unique(codes[usable])
        if usable.size < LEAST_ROWS or present.size < 2:
            return [], f"fewer than {LEAST_ROWS} rows in classes of {labels.FEW} and more"
        if present.size > MOST_CLASSES:
            return [], f"more than {MOST_CLASSES} classes"
        given = np.searchsorted(present, codes[usable]).astype(np.int64)
        judged = self.judge(given, usable)
        if judged is None or judged.skill < LEAST_SKILL:
            return [], "the other columns say too little about the target"
        kept = [names[code] for code in present]
        return labels.errors(target, kept, given, judged, usable), ""

    def judge(self, given: Codes, usable: Codes) -> labels.Judged | None:
        """Return the out-of-fold probabilities with the smaller log loss; None without features.

        Shapes: given (u,) codes from 0 to k - 1 of the rows at `usable` (u,).
        """
        parts = outoffold.folds(given, self.seed, self.groups[usable])
        judges: list[labels.Judged] = []
        if self.text is not None:
            features, source = self._vectors(self.text, usable)
            said, head = outoffold.text_head(features, given, parts)
            said = outoffold.fair(said, given, parts)
            judges.append(labels.Judged.of(given, said, f"{head} on {source}"))
        matrix, categories = self._matrix(usable)
        few = self.text is None or given.max() < MOST_CLASSES_OF_TREES
        if matrix.shape[1] >= 1 and few:
            said = outoffold.trees(matrix, categories, given, parts, self.seed)
            said = outoffold.fair(said, given, parts)
            judges.append(labels.Judged.of(given, said, "boosted trees on the other columns"))
        return min(judges, key=lambda judge: judge.loss(given)) if judges else None

    def _vectors(self, text: Column, usable: Codes) -> tuple[Floats, str]:
        texts = pc.fill_null(text.strings, "").take(pa.array(usable)).to_pylist()
        if self.encode is None:
            return outoffold.hashed(texts), f"hashed n-grams of characters of '{text.name}'"
        vectors, source = self.encode(texts)
        if _foreign(texts) < FOREIGN:
            return vectors, source
        # Small encoders know Latin scripts only; spelling helps with the others.
        return np.hstack([vectors, outoffold.hashed(texts)]), f"{source} and hashed n-grams"

    def _matrix(self, usable: Codes) -> tuple[Floats, list[int]]:
        measures, levels = ("number", "date"), ("category", "boolean")
        kept = [one for one in self.features if one.kind in measures + levels]
        if not kept:
            return np.empty((usable.size, 0)), []
        parts = [
            one.numbers if one.kind in measures else np.minimum(one.codes, MOST_LEVELS)
            for one in kept
        ]
        places = [at for at, one in enumerate(kept) if one.kind in levels]
        return np.column_stack(parts)[usable].astype(np.float64), places


def _foreign(texts: list[str]) -> float:
    """Return the share of texts that hold letters of other scripts than the Latin one."""
    found = pc.match_substring_regex(pa.array(texts, pa.string()), r"[^\P{L}\p{Latin}]")
    return float(pc.mean(pc.cast(found, pa.float64())).as_py() or 0.0)
