"""The tour as one HTML page with plots."""

from typing import Any

from millrace.core.context import Context
from millrace.evaluation import ops as evaluation
from millrace.evaluation.types import ShowParams
from millrace.flows.types import TourResult
from millrace.services.report import evaluation as evaluated
from millrace.services.report import importance
from millrace.services.report.document import (
    Block,
    Code,
    Document,
    Grid,
    Note,
    Plot,
    Section,
    Text,
    Tile,
    Tiles,
)
from millrace.services.report.html import to_html
from millrace.services.report.plots import charts

FINDINGS = 12


def page(result: TourResult, results: dict[str, Any], ctx: Context) -> str:
    """Return the report as HTML, self-contained."""
    sections = [
        _first(result),
        _stations(result),
        _quality(results["quality"]),
        _training(results["automl"]),
    ]
    report = results["evaluation"].report
    if report:
        whole = ctx.call(evaluation.show, ShowParams(report=report))
        sections += evaluated.sections(whole)
    sections.append(importance.section(results["explanation"]))
    sections.append(_drift(results["drift"]))
    if results.get("search"):
        sections.append(_search(results["search"]))
    sections.append(_next(result))
    return to_html(
        Document(
            title=f"{result.target} from {result.dataset}",
            lead=f"{result.task.capitalize()}: {result.target} was chosen because {result.why}.",
            sections=sections,
            footer=f"Millrace tour, {result.cpu:.0f} CPU-s.",
        )
    )


def _first(result: TourResult) -> Section:
    judged = result.evaluation
    interval = (
        f"95 %: {judged.interval[0]:.4g} to {judged.interval[1]:.4g}" if judged.interval else ""
    )
    blocks: list[Block] = [
        Tiles(
            [
                Tile(judged.metric, f"{judged.value:.4g}", interval),
                Tile("data quality", f"{result.quality:.0f}", "of 100"),
                Tile("model", result.model.removeprefix("model:")),
            ]
        ),
        *(Note(note) for note in result.notes),
    ]
    return Section("At a glance", blocks)


def _stations(result: TourResult) -> Section:
    rows = [[station.name, station.says, station.ref] for station in result.stations]
    return Section("Round the loop", [Grid(["station", "what it said", "what it left"], rows)])


def _quality(found: Any) -> Section:
    parts = [charts.Bar(part.part, part.score, note=part.meaning) for part in found.parts]
    axes = charts.Axes("Parts of the quality score", x_label="score [0..100]", x_range=(0, 100))
    rows = [
        [finding.severity, finding.column or "", finding.says, finding.count]
        for finding in found.findings[:FINDINGS]
    ]
    blocks: list[Block] = [Text(found.verdict), Plot(charts.bars(parts, axes))]
    if rows:
        blocks.append(Grid(["severity", "column", "finding", "rows"], rows, digits=0))
    return Section("Quality of the data", blocks)


def _training(made: Any) -> Section:
    values = [(at, t.value) for at, t in enumerate(made.trials, 1) if t.value is not None]
    series = charts.Series(
        "trials", [float(at) for at, _ in values], [float(value) for _, value in values]
    )
    axes = charts.Axes(
        f"Every configuration tried ({made.metric})", x_label="trial", y_label=made.metric
    )
    rows = [
        [member.name, member.learner, member.weight, member.value, member.latency_ms]
        for member in made.members
    ]
    return Section(
        "Training",
        [
            Text(f"{made.tried} configurations in {made.cpu:.0f} CPU-s; {made.why}"),
            Plot(charts.scatter([series], axes)),
            Grid(["member", "learner", "weight", made.metric, "ms a row"], rows),
        ],
    )


def _drift(found: Any) -> Section:
    rows = [
        [column.column, column.kind, column.drifted, column.effect, column.effect_name, column.says]
        for column in found.columns
    ]
    head = ["column", "kind", "drifted", "effect", "unit", "what changed"]
    return Section("Holdout against training rows", [Text(found.verdict), Grid(head, rows)])


def _search(found: Any) -> Section:
    rows = [[hit.id, hit.score, hit.snippet] for hit in found.hits]
    weights = ", ".join(f"{leg} {weight:g}" for leg, weight in found.weights.items())
    blocks: list[Block] = [
        Text(f"Weights of the legs: {weights}."),
        Grid(["row", "score", "text"], rows),
    ]
    return Section("Search", [*blocks, *(Note(notice) for notice in found.notices)])


def _next(result: TourResult) -> Section:
    name = result.model.removeprefix("model:").split("@")[0]
    lines = [
        f"millrace model show {name}",
        f"millrace dataset rows {result.holdout.removeprefix('dataset:')}",
        "millrace up",
    ]
    labelset = next((s.ref for s in result.stations if s.name == "label" and s.ref), "")
    if labelset:
        lines.insert(0, f"millrace label next {labelset.removeprefix('labelset:').split('@')[0]}")
    return Section("What to do next", [Code("\n".join(lines), "sh")])
