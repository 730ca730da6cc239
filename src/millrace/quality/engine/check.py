"""All checks of one table, one after another, each as soon as it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from millrace.quality.engine import copies, labels, leaks, rules, unusual, values
from millrace.quality.engine.finding import COLUMNS, Found, Part
from millrace.quality.engine.judge import Codes, Encode, Judge
from millrace.quality.engine.profile import Column, profile


@dataclass(frozen=True)
class Plan:
    """What to check and how."""

    target: str | None = None
    split: str | None = None
    classes: bool | None = None
    near: float = 0.75
    limits: Sequence[rules.Limits] = ()
    seed: int = 0
    encode: Encode | None = None


@dataclass(frozen=True)
class Step:
    """One check that is done: what it found, or why it was not made."""

    name: str
    part: Part
    found: list[Found] = field(default_factory=list[Found])
    skipped: str = ""


class Checker:
    """One table with what the checks share: its columns and its copies."""

    count = 12  # steps

    def __init__(self, table: pa.Table, plan: Plan) -> None:
        self.plan = plan
        self.rows = table.num_rows
        self.columns = profile(table)
        self.by_name = {column.name: column for column in self.columns}
        self.target = self.by_name.get(plan.target or "")
        self.split = self.by_name.get(plan.split or "")
        self.features = [one for one in self.columns if one.name not in (plan.target, plan.split)]
        self.texts = [one for one in self.features if one.kind == "text"]
        self.exact = copies.Copies([], {})
        self.near = copies.Copies([], {})
        self.keys = np.arange(self.rows)

    def steps(self) -> Iterator[Step]:
        """Make every check in turn, the cheap ones first."""
        yield Step("missing values", "completeness", values.missing(self.columns))
        yield Step("constant columns", "completeness", values.constant(self.columns))
        odd = values.mixed_types(self.columns) + values.spellings(self.columns)
        odd += values.infinite(self.columns)
        yield Step("types and spelling", "validity", odd)
        yield Step("declared rules", "validity", self._rules())
        yield Step("outliers", "outliers", values.outliers(self._measures()))
        yield Step("equal rows", "uniqueness", self._equal())
        yield Step("nearly equal rows", "uniqueness", self._nearly_equal())
        yield Step("unusual rows", "outliers", unusual.rows(self._measures(), self.plan.seed))
        yield self._splits()
        yield self._telling()
        yield self._classes()
        yield self._label_errors()

    def _measures(self) -> list[Column]:
        return [one for one in self.columns if one.name != self.plan.split]

    def _rules(self) -> list[Found]:
        found: list[Found] = []
        for limits in self.plan.limits:
            found += rules.broken(self.by_name[limits.column], limits)
        return found

    def _equal(self) -> list[Found]:
        repeats = copies.equal_rows(self.columns)
        found = self._copied("duplicate_rows", "equal", repeats.of, 3.0, self.columns)
        if self.texts:
            self.keys, _ = copies.text_keys(self._joined_text())
            self.exact = copies.exact(self.keys)
            more = {row: to for row, to in self.exact.of.items() if row not in repeats.of}
            return found + self._copied("duplicate_texts", "equal in text", more, 2.0, self.texts)
        self.exact = copies.equal_rows(self.features)
        self.keys[list(self.exact.of)] = list(self.exact.of.values())
        return found

    def _nearly_equal(self) -> list[Found]:
        if self.texts:
            self.near = copies.near_texts(self._joined_text(), self.plan.near)
        else:
            self.near = copies.near_rows(self.columns, self.plan.near)
        return self._copied(
            "near_duplicates", "nearly equal", self.near.of, 1.0, self.texts or self.columns
        )

    def _joined_text(self) -> Column:
        joined = copies.joined(self.texts)
        if joined is None or len(self.texts) == 1:
            return self.texts[0]
        return Column(" + ".join(one.name for one in self.texts), "text", joined)

    def _copied(
        self, check: str, word: str, of: dict[int, int], weight: float, columns: Sequence[Column]
    ) -> list[Found]:
        if not of:
            return []
        share = len(of) / self.rows
        said = f"{len(of)} rows are {word} to an earlier row."
        return [
            Found(
                check,
                "uniqueness",
                "warning" if share > 0.01 else "info",
                said,
                len(of),
                share,
                min(1.0, weight * share),
                rows=sorted(of),
                related=of,
                columns=[one.name for one in columns][:COLUMNS],
            )
        ]

    def _splits(self) -> Step:
        if self.split is None:
            return Step("leaks between splits", "leaks", skipped="there is no split column")
        found = leaks.across_splits(self.split, self.exact.of, "split_copies")
        near = {row: to for row, to in self.near.of.items() if row not in self.exact.of}
        found += leaks.across_splits(self.split, near, "split_near_copies")
        return Step("leaks between splits", "leaks", found)

    def _telling(self) -> Step:
        name = "features that tell the target"
        if self.target is None:
            return Step(name, "leaks", skipped="no target was named")
        found = leaks.telling(self.features, self.target, self._is_classes(self.target))
        return Step(name, "leaks", found)

    def _is_classes(self, target: Column) -> bool:
        if self.plan.classes is not None:
            return self.plan.classes
        if target.kind not in ("number", "date"):
            return True
        whole = pa.types.is_integer(target.values.type)
        return whole and int(target.codes.max()) + 1 <= min(50, max(2, self.rows // 20))

    def _named_classes(self, target: Column) -> tuple[Codes, list[str]]:
        levels = target.strings.combine_chunks().dictionary_encode()
        names = [str(name) for name in levels.dictionary.to_pylist()]
        codes = levels.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        codes[target.missing] = -1
        return codes, names

    def _classes(self) -> Step:
        name = "labels"
        if self.target is None:
            return Step(name, "labels", skipped="no target was named")
        found = self._unlabelled(self.target)
        if self._is_classes(self.target):
            codes, names = self._named_classes(self.target)
            if (codes >= 0).any():
                found += labels.imbalance(self.target.name, names, codes[codes >= 0])
                found += labels.contradictions(self.target.name, self.keys, codes, names)
        return Step(name, "labels", found)

    def _unlabelled(self, target: Column) -> list[Found]:
        rows = np.flatnonzero(target.missing)
        if not rows.size:
            return []
        share = rows.size / self.rows
        said = f"{rows.size} rows have no '{target.name}'."
        return [
            Found(
                "unlabelled",
                "labels",
                "warning",
                said,
                int(rows.size),
                share,
                share / 2,
                target.name,
                rows.tolist(),
            )
        ]

    def _label_errors(self) -> Step:
        if self.target is None:
            return Step("label errors", "labels", skipped="no target was named")
        if not self._is_classes(self.target):
            return Step("label errors", "labels", skipped="the target is a number, not a class")
        codes, names = self._named_classes(self.target)
        text = self._joined_text() if self.texts else None
        judge = Judge(self.features, text, self._groups(), self.plan.seed, self.plan.encode)
        found, why = judge.errors(self.target.name, codes, names)
        return Step("label errors", "labels", found, why)

    def _groups(self) -> Codes:
        """Return a number per row, the same for copies and near copies."""
        if not self.keys.size:
            return self.keys
        known = np.arange(int(self.keys.max()) + 2)
        for row, to in self.near.of.items():
            known[self.keys[row]] = known[self.keys[to]]
        # Rows without a text are a group each.
        return np.where(self.keys >= 0, known[self.keys], -1 - np.arange(self.rows))
