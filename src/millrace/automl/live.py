"""What MLflow is told while a search runs, so that its clients see curves and not only an end."""

import sys
import time
from dataclasses import dataclass, field
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import MillraceError
from millrace.stores.tracking import Point, Tracking

# Importing MLflow takes 1.4 CPU-s: a smaller budget hears of it at its end.
WORTH = 20.0


@dataclass
class Live:
    """The series of one training: kept here until they can be sent."""

    ctx: Context
    name: str
    dataset: str
    params: dict[str, Any]
    budget: float
    points: list[Point] = field(default_factory=list[Point])
    begun: bool = False
    lost: bool = False

    def add(self, step: int, metrics: dict[str, float | None]) -> None:
        """Note values of one step; missing ones are left out."""
        at = int(time.time() * 1000)
        self.points += [
            (name, float(value), step, at)
            for name, value in metrics.items()
            if value is not None and value == value
        ]

    def send(self, *, last: bool = False) -> None:
        """Send what was noted; when MLflow does not answer, say so once and go on training.

        Without a job, or where the budget is small, nothing is sent before the last time.
        """
        early = self.ctx.job is not None and (self.budget >= WORTH or "mlflow" in sys.modules)
        if self.lost or not (last or early):
            return
        try:
            self._send()
        except MillraceError as error:
            self.lost = True
            self.ctx.emit("warning", text=f"Live metrics are not in MLflow: {error.problem}")

    def _send(self) -> None:
        tracking = self.ctx.use(Tracking)
        run = tracking.run(self.ctx, self.name)
        if not self.begun:
            tracking.write(run, params=self.params)
            tracking.reads(run, self.dataset)
            self.begun = True
        tracking.write(run, self.points)
        self.points = []
