"""From one look to the stations of the loop."""

from typing import Any

from millrace.flows.home import store
from millrace.flows.home.store import Look
from millrace.flows.home.types import (
    DatasetsStation,
    DeploymentsStation,
    DriftStation,
    EvaluationsStation,
    IndexesStation,
    LabelsStation,
    Made,
    ModelsStation,
    QualityStation,
    RunsStation,
    TrafficLine,
    Wheel,
)
from millrace.quality.types import Newest
from millrace.services.report.evaluation import REPORT_TYPE

QUALITY = "quality"
BUSIEST = 20
LEADING = ("accuracy", "rmse")


def ref_of(row: Any) -> str:
    """Return `kind:name@version`."""
    return f"{row.kind}:{row.name}@{row.version}"


def wheel(found: Look, checked: Newest | None = None) -> Wheel:
    """Return every station; `checked` is the last quality check, which leaves no artifact."""
    return Wheel(
        datasets=_datasets(found),
        quality=_quality(found, checked),
        labels=_labels(found),
        runs=_runs(found),
        models=_models(found),
        evaluations=_evaluations(found),
        deployments=_deployments(found),
        indexes=IndexesStation(count=len(found.of("index")), stale=len(stale(found))),
        drift=_drift(found),
    )


def newest(rows: list[Any]) -> Any:
    """Return the row made last; None without rows."""
    return max(rows, key=lambda row: (row.created_at, row.name), default=None)


def traffic(found: Look) -> list[TrafficLine]:
    """Return what each deployment was asked, the busiest first."""
    logs = {row.name: int(row.meta.get("rows", 0)) for row in found.of("dataset")}
    lines = [
        TrafficLine(
            deployment=ref_of(row),
            requests_day=max(0, logs[name] - found.old_logs.get(name, 0)) if name in logs else 0,
            requests_all=logs.get(name, 0),
        )
        for row in found.of("deployment")
        for name in [store.LOG + row.name]
    ]
    return sorted(lines, key=lambda line: (-line.requests_day, line.deployment))


def recent(found: Look) -> list[Made]:
    """Return what was made last."""
    marks: dict[tuple[str, str, int], list[str]] = {}
    for row in found.aliases:
        marks.setdefault((row.kind, row.name, row.version), []).append(row.alias)
    return [
        Made(
            ref=ref_of(row),
            kind=row.kind,
            name=row.name,
            version=row.version,
            at=row.created_at,
            actor=row.actor,
            job=row.job,
            op=row.op,
            aliases=sorted(marks.get((row.kind, row.name, row.version), [])),
        )
        for row in found.recent
    ]


def stale(found: Look) -> list[tuple[Any, str]]:
    """Return indexes whose dataset has a newer version, with that version."""
    now = {row.name: ref_of(row) for row in found.of("dataset")}
    behind: list[tuple[Any, str]] = []
    for row in found.of("index"):
        built = str(row.meta.get("dataset", ""))
        name = built.removeprefix("dataset:").partition("@")[0]
        if name in now and now[name] != built:
            behind.append((row, now[name]))
    return behind


def _datasets(found: Look) -> DatasetsStation:
    rows = found.of("dataset")
    last = newest(rows)
    return DatasetsStation(
        count=len(rows),
        rows=sum(int(row.meta.get("rows", 0)) for row in rows),
        newest=ref_of(last) if last else None,
        at=last.created_at if last else None,
    )


def _reports(found: Look, kind: str) -> list[Any]:
    return [row for row in found.of("report") if row.meta.get("type") == kind]


def _quality(found: Look, checked: Newest | None) -> QualityStation:
    last = newest(_reports(found, QUALITY))
    if checked is not None and (last is None or checked.at >= last.created_at):
        return QualityStation(score=checked.score, dataset=checked.dataset, at=checked.at)
    if last is None:
        return QualityStation(score=None, dataset=None, at=None)
    return QualityStation(
        score=last.meta["score"], dataset=last.meta["dataset"], at=last.created_at
    )


def _labels(found: Look) -> LabelsStation:
    there = {row.name for row in found.of("labelset")}
    queues = [row for row in found.queues if row.labelset in there]
    return LabelsStation(
        sets=len(there),
        items=sum(row.items for row in queues),
        done=sum(row.done for row in queues),
        open=sum(row.open for row in queues),
        flagged=sum(row.flagged for row in queues),
        disputed=sum(count for name, count in found.disputed.items() if name in there),
    )


def _runs(found: Look) -> RunsStation:
    def count(*states: str) -> int:
        return sum(found.training.get(state, (0, 0.0))[0] for state in states)

    return RunsStation(
        running=count("running", "pausing", "cancelling"),
        queued=count("queued"),
        paused=count("paused"),
        failed=count("failed"),
        done=count("done"),
    )


def _models(found: Look) -> ModelsStation:
    rows = found.of("model")
    last = newest(rows)
    names = {row.name for row in rows}
    champions = {row.name for row in found.aliases if (row.kind, row.alias) == CHAMPION}
    return ModelsStation(
        count=len(rows),
        versions=found.versions.get("model", 0),
        champions=len(champions & names),
        newest=ref_of(last) if last else None,
        at=last.created_at if last else None,
    )


CHAMPION = ("model", "champion")


def _evaluations(found: Look) -> EvaluationsStation:
    reports = _reports(found, REPORT_TYPE)
    last = newest(reports)
    if last is None:
        return EvaluationsStation(
            count=0, metric=None, value=None, model=None, dataset=None, at=None
        )
    metrics: dict[str, float] = last.meta.get("metrics") or {}
    leading = [name for name in LEADING if name in metrics] or sorted(metrics)
    return EvaluationsStation(
        count=sum(int(row.versions) for row in reports),
        metric=leading[0] if leading else None,
        value=metrics[leading[0]] if leading else None,
        model=last.meta.get("model") or None,
        dataset=last.meta.get("dataset") or None,
        at=last.created_at,
    )


def _deployments(found: Look) -> DeploymentsStation:
    lines = traffic(found)
    total = sum(line.requests_day for line in lines)
    return DeploymentsStation(
        count=len(lines),
        requests_day=total,
        busiest=lines[0].deployment if total else None,
    )


def _drift(found: Look) -> DriftStation:
    last = newest(found.of("check"))
    return DriftStation(
        watches=len(found.of("watch")),
        open_alerts=sum(row.meta.get("state") == "open" for row in found.of("alert")),
        checked_at=last.created_at if last else None,
    )
