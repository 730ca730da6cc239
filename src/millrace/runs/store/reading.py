"""What reads runs: one interface, two ways."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from millrace.runs.types import InputLine, Keys, ListParams, RunLine, Source
from millrace.stores.tracking import DATASET_TAG, JOB_TAG, MODEL_TAG, OP_TAG

OURS = ("mlflow.", "millrace.")
Points = list[tuple[int, float, float | None]]


@dataclass
class Page:
    """Some of the runs that fit, and how many fit."""

    lines: list[RunLine]
    total: int
    notes: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Details:
    """What only a look at one run shows."""

    line: RunLine
    experiment_id: str
    artifact_uri: str
    inputs: list[InputLine]
    system_tags: dict[str, str]


class Reader(Protocol):
    """Reads the runs of one project."""

    @property
    def source(self) -> Source:
        """Return where the answers come from."""
        ...

    def page(self, params: ListParams) -> Page:
        """Return the runs that fit, in order."""
        ...

    def keys(self) -> Keys:
        """Return every metric, param and tag of the project's runs."""
        ...

    def lines(self, runs: Sequence[str], metrics: Sequence[str] | None) -> list[RunLine]:
        """Return these runs in this order.

        Errors: not_found, the project has no such run.
        """
        ...

    def details(self, run: str) -> Details:
        """Return everything about one run.

        Errors: not_found, the project has no such run.
        """
        ...

    def history(
        self, runs: Sequence[str], metrics: Sequence[str] | None
    ) -> dict[tuple[str, str], Points]:
        """Return (step, time [s], value) of each run's metrics, by step and time."""
        ...


def described(facts: dict[str, Any], tags: dict[str, str]) -> RunLine:
    """Return a run's line from its facts and all its tags."""
    start, end = facts["start_time"], facts["end_time"]
    return RunLine(
        run=facts["run_id"],
        name=facts["name"] or tags.get("mlflow.runName", ""),
        experiment=facts["experiment"],
        state=str(facts["status"]).lower(),  # pyright: ignore[reportArgumentType]  # validated
        started_at=None if start is None else start / 1000,
        ended_at=None if end is None else end / 1000,
        duration=None if start is None or end is None else (end - start) / 1000,
        user=tags.get("mlflow.user", ""),
        op=tags.get(OP_TAG, ""),
        job=tags.get(JOB_TAG, ""),
        dataset=tags.get(DATASET_TAG, ""),
        model=tags.get(MODEL_TAG, ""),
        deleted=facts["deleted"],
        metrics={},
        params={},
        tags={key: text for key, text in sorted(tags.items()) if not key.startswith(OURS)},
    )
