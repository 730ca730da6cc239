"""A study of importances, one column at a time."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.explanation.engine.loss import choose, losses, metric_of, read_truth
from millrace.explanation.engine.permutation import alike, effect, losses_without, orders
from millrace.explanation.types import ImportanceParams
from millrace.services.predictor.predictor import Predictor
from millrace.services.predictor.views import Views
from millrace.services.report.importance import ColumnImportance, Importance

Array = NDArray[Any]


class Study:
    """Rows read once, and the columns measured so far."""

    def __init__(
        self,
        predictor: Predictor,
        table: pa.Table,
        target: str,
        params: ImportanceParams,
        seed: int,
    ) -> None:
        y, kept = read_truth(table.column(target), predictor.classes)
        self.predictor = predictor
        self.target = target
        self.params = params
        self.seed = seed
        self.metric = choose(params.metric, predictor.manifest.task)
        self.y = y[kept]
        self.columns = predictor.views(table.take(pa.array(kept))).columns
        answer = predictor.answer(self._views())
        self.before = losses(self.metric, self.y, answer)
        self.lines: list[ColumnImportance] = []
        self.notes: list[str] = []
        if len(kept) < table.num_rows:
            missing = table.num_rows - len(kept)
            self.notes.append(f"{missing} rows without a value of '{target}' were left out.")

    def _views(self) -> Views:

        return Views(self.predictor.preprocessor, self.columns)

    def step(self, name: str) -> ColumnImportance:
        """Shuffle one column and measure; the same seed gives the same shuffles."""
        place = self.predictor.features.index(name)
        random = np.random.default_rng([self.seed, place])
        order = orders(len(self.y), self.params.repeats, random)
        after = losses_without(self.predictor, self.columns, name, self.y, self.metric, order)
        found = effect(self.metric, self.before, after, self.params.confidence, random)
        line = ColumnImportance(
            column=name,
            type=self.predictor.manifest.features[place].type,
            value=found.value,
            low=found.low,
            high=found.high,
            matters=found.low > 0,
        )
        self.lines.append(line)
        return line

    def result(self, model: str, dataset: str, notes: list[str]) -> Importance:
        """Sum up, the most important first."""
        pairs = [
            f"'{a}' and '{b}' go together (rank correlation {size:.2f}), so they share importance."
            for a, b, size in alike(self.columns)[:5]
        ]
        return Importance(
            model=model,
            dataset=dataset,
            target=self.target,
            metric=self.metric,
            baseline=float(metric_of(self.metric, float(self.before.mean()))),
            rows=len(self.y),
            repeats=self.params.repeats,
            confidence=self.params.confidence,
            columns=sorted(self.lines, key=lambda line: (-line.value, line.column)),
            notes=[*self.notes, *pairs, *notes],
        )
