"""The stations of the tour: each calls one or two ops and says what came of it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from millrace.automl import ops as automl
from millrace.automl.types import TrainParams, TrainResult
from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.ids import digest, parse_ref
from millrace.dataset import ops as dataset
from millrace.dataset.params import DescribeParams, ImportParams, SplitParams
from millrace.deployment import ops as deployment
from millrace.drift import ops as drift
from millrace.drift.types import TestParams
from millrace.evaluation import ops as evaluation
from millrace.evaluation.types import RunParams
from millrace.explanation import ops as explanation
from millrace.explanation.types import ImportanceParams
from millrace.flows import guess as guessing
from millrace.flows.reviewing import doubting
from millrace.flows.types import Before, Findings, Judged, TourParams, TourResult
from millrace.model import ops as model
from millrace.model.types import CardParams, PromoteParams
from millrace.monitor import ops as monitor
from millrace.monitor.types import SummaryParams
from millrace.quality import ops as quality
from millrace.quality.types import CheckParams
from millrace.search import ops as search
from millrace.search.types import BuildParams, QueryParams
from millrace.services.report import shelf
from millrace.stores.artifacts import Artifact, Artifacts

MAIN = {"classification": ("accuracy", "roc_auc"), "regression": ("rmse", "mae")}
REVIEWED = 200
SHOWN = 3
VISITED = 100
LONGEST = 52  # of a name, so that what others put behind it fits too [characters]


@dataclass
class Tour:
    """Where the tour stands."""

    params: TourParams
    ctx: Context
    found: Findings = field(default_factory=Findings)
    name: str = ""
    whole: str = ""
    train: str = ""
    holdout: str = ""
    model: str = ""
    guess: guessing.Guess | None = None
    before: Before = field(default_factory=Before)

    def call(self, function: Any, params: Any) -> Any:
        """Run an op as a child of this job."""
        return self.ctx.call(function, params)

    @property
    def chosen(self) -> guessing.Guess:
        """Return the target, once it is chosen."""
        assert self.guess is not None
        return self.guess


def read(tour: Tour) -> None:
    """Import the file and choose what to predict."""
    made = tour.call(
        dataset.import_file, ImportParams(path=tour.params.file, name=tour.params.name)
    )
    tour.whole, tour.name = made.dataset, _joined(parse_ref(made.dataset, "dataset").name)
    facts = tour.call(dataset.describe, DescribeParams(dataset=made.dataset, examples=0))
    columns = [
        guessing.Facts(c.name, c.type, facts.rows, c.missing, c.distinct)
        for c in facts.columns
        if c.name != "_id"
    ]
    tour.guess = guessing.guess(columns, tour.params.target, tour.params.text)
    types = ", ".join(f"{column.name} {column.type}" for column in columns[:8])
    more = f" and {len(columns) - 8} more" if len(columns) > 8 else ""
    bad = (
        f"; {made.quarantined} bad rows set aside in {made.quarantine}" if made.quarantined else ""
    )
    tour.found.add("dataset", f"{made.rows} rows: {types}{more}{bad}", made, made.dataset)
    tour.found.notes += made.notes


def look(tour: Tour, step: object) -> bool:
    """Note what stands under the names that a step uses; say whether that was not known.

    A model of the same name that predicts another column keeps its name, and so does what is
    deployed of it.
    """
    before, target = tour.before, tour.chosen.target if tour.guess else ""
    if step is check and not before.model:
        there = _newest(tour, "model", tour.name)
        other = there is not None and there.meta.get("target") not in (None, target)
        before.model = _joined(tour.name, target) if other else tour.name
        before.labelset = _joined(tour.name, target)
    elif step is review and before.labels is None:
        labels = _newest(tour, "labelset", before.labelset)
        before.labels = labels.version if labels else 0
    elif step is serve and before.deployed is None:
        before.deployed = _newest(tour, "deployment", before.model) is not None
    else:
        return False
    return True


def _newest(tour: Tour, kind: str, name: str) -> Artifact | None:
    try:
        return tour.ctx.use(Artifacts).get(name, kind, tour.ctx.project)
    except NotFound:
        return None


def _joined(*parts: str) -> str:
    """Return a name made of several; letters that no name has become '-' and a fingerprint."""
    plain = "-".join(parts).lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", plain)
    if plain.isascii() and len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9].rstrip('-')}-{digest(plain)[:8]}"


def check(tour: Tour) -> None:
    """Check the data before anything is learnt from it."""
    found = tour.call(
        quality.check,
        CheckParams(dataset=tour.whole, target=tour.chosen.target, task=tour.chosen.task),
    )
    worst = [finding.says.rstrip(".") for finding in found.findings if finding.points > 0][:2]
    says = f"score {found.score:.0f} of 100; " + ("; ".join(worst) if worst else "nothing to mend")
    name = parse_ref(tour.whole, "dataset").name
    meta = {"type": "quality", "score": found.score, "dataset": tour.whole}
    ref = shelf.keep(tour.ctx, shelf.title(name, "quality"), meta, [tour.whole])
    tour.found.add("quality", says, found, ref)


def divide(tour: Tour) -> None:
    """Set rows aside that the model never sees, or import those the user named."""
    if tour.params.holdout is not None:
        made = tour.call(
            dataset.import_file,
            ImportParams(path=tour.params.holdout, name=_joined(tour.name, "holdout")),
        )
        tour.train, tour.holdout = tour.whole, made.dataset
        tour.found.add("split", f"judged on {made.rows} rows of a file of their own", made)
        return
    stratified = tour.chosen.task == "classification"
    made = tour.call(
        dataset.split,
        SplitParams(
            dataset=tour.whole,
            method="stratified" if stratified else "random",
            by=tour.chosen.target if stratified else None,
        ),
    )
    tour.train = part(tour, made.dataset, "train")
    tour.holdout = part(tour, made.dataset, "test", "holdout")
    twice = sum(made.leaks.texts.values())
    copies = f"; {twice} texts stand on both sides" if twice else ""
    says = f"{made.parts['train']} rows to learn from, {made.parts['test']} to judge on{copies}"
    tour.found.add("split", says, made)


def part(tour: Tour, ref: str, name: str, called: str = "") -> str:
    """Write the rows of one part as a dataset of its own."""
    from millrace.stores.datasets import Datasets

    datasets = tour.ctx.use(Datasets)
    rows = datasets.read(ref, filter=f"split = '{name}'", project=tour.ctx.project)
    return datasets.write(
        tour.ctx, _joined(tour.name, called or name), rows.drop_columns(["split"]), parents=[ref]
    )


def review(tour: Tour) -> None:
    """Put rows whose label looks wrong into the queue of people, with suggestions."""
    suspects = [
        row
        for finding in tour.found.results["quality"].findings
        if finding.part == "labels" and finding.rows
        for row in finding.rows
    ][:REVIEWED]
    if tour.chosen.task != "classification" or tour.chosen.text is None or not suspects:
        tour.found.add("label", "no label looks wrong, so nothing waits for people")
        return
    from millrace.stores.datasets import Datasets

    unique = list(dict.fromkeys(suspects))
    waiting = doubting.line_up(
        doubting.Doubted(
            source=tour.whole,
            rows=tour.ctx.use(Datasets).take(tour.whole, unique, project=tour.ctx.project),
            target=tour.chosen.target,
            text=tour.chosen.text,
            labelset=tour.before.labelset,
            dataset=_joined(tour.name, "review"),
            before=tour.before.labels or None,
        ),
        tour.ctx,
    )
    tour.found.add("label", waiting.says, waiting.suggested, waiting.labelset)


def train(tour: Tour) -> None:
    """Train within the budget."""
    made: TrainResult = tour.call(
        automl.train,
        TrainParams(
            dataset=tour.train,
            target=tour.chosen.target,
            task=tour.chosen.task,
            name=tour.before.model,
            budget=tour.params.budget,
            types={tour.chosen.text: "text"} if tour.params.text and tour.chosen.text else {},
        ),
    )
    tour.model = made.model
    says = (
        f"{made.tried} configuration{'s' * (made.tried != 1)} in {made.cpu:.0f} CPU-s; "
        f"{made.chosen} kept, "
        f"{made.metric} {made.value:.4g} out of fold"
    )
    tour.found.add("automl", says, made, made.model)
    tour.found.notes += made.notes


def judge(tour: Tour) -> Judged:
    """Judge the model on rows it never saw."""
    made = tour.call(evaluation.run, RunParams(model=tour.model, dataset=tour.holdout))
    known = {metric.name: metric for metric in made.metrics}
    main = next(known[name] for name in MAIN[tour.chosen.task] if name in known)
    others = ", ".join(f"{m.name} {m.value:.3g}" for m in made.metrics if m is not main)
    tour.found.add("evaluation", f"{main.name} {main.value:.4g}; {others}", made, made.report)
    interval = None if main.low is None or main.high is None else (main.low, main.high)
    return Judged(metric=main.name, value=main.value, interval=interval)


def explain(tour: Tour) -> None:
    """Say which columns the model rests on."""
    made = tour.call(
        explanation.importance,
        ImportanceParams(model=tour.model, dataset=tour.holdout, rows=1000),
    )
    best = sorted(made.columns, key=lambda column: -column.value)[:SHOWN]
    says = ", ".join(f"{column.column} {column.value or 0.0:.3g}" for column in best)
    tour.found.add("explanation", f"most important: {says}", made, made.report)


def promote(tour: Tour) -> None:
    """Make it the champion and write its card."""
    made = tour.call(model.promote, PromoteParams(model=tour.model))
    card = tour.call(model.card, CardParams(model=tour.model))
    instead = f" instead of {made.previous}" if made.previous else ""
    says = f"{made.model} is the champion{instead}; its card is {card.report}"
    tour.found.add("model", says, card, made.model)


def serve(tour: Tour) -> None:
    """Deploy the champion and ask it about rows of the holdout."""
    from millrace.stores.datasets import Datasets

    name = tour.before.model
    model = f"model:{name}@champion"
    made = (
        tour.call(deployment.update, deployment.UpdateParams(deployment=name, model=model))
        if tour.before.deployed
        else tour.call(deployment.create, deployment.CreateParams(name=name, model=model))
    )
    columns = list(tour.found.results["automl"].features)
    rows = tour.ctx.use(Datasets).read(tour.holdout, columns, limit=SHOWN, project=tour.ctx.project)
    plain = [{key: _plain(value) for key, value in row.items()} for row in rows.to_pylist()]
    said = tour.call(deployment.predict, deployment.PredictParams(deployment=name, rows=plain))
    values = ", ".join(str(answer.value) for answer in said.predictions)
    sent = visit(tour, columns)
    says = f"{made.path} answers: {values}; asked about {sent} rows of the holdout"
    tour.found.add("deployment", says, made, made.ref)


def visit(tour: Tour, columns: list[str]) -> int:
    """Ask the deployment about rows of the holdout as clients do, one a request, and log it.

    The model answers each row once and its time is that of the answer; only the network is
    missing. A tour that goes on finds the log it wrote.
    """
    from millrace.flows import visiting
    from millrace.stores.datasets import Datasets

    table = tour.ctx.use(Datasets).read(
        tour.holdout, columns, limit=VISITED, project=tour.ctx.project
    )
    rows = [{key: _plain(value) for key, value in row.items()} for row in table.to_pylist()]
    return visiting.visit(tour.ctx, tour.before.model, rows)


def find(tour: Tour) -> None:
    """Index the texts and ask for the first one of the holdout."""
    if tour.chosen.text is None:
        tour.found.add("search", "no column of texts, so no index was built")
        return
    from millrace.stores.datasets import Datasets

    judge_by = tour.chosen.target if tour.chosen.task == "classification" else None
    made = tour.call(
        search.build,
        BuildParams(dataset=tour.train, text=[tour.chosen.text], judge=judge_by, name=tour.name),
    )
    table = tour.ctx.use(Datasets).read(
        tour.holdout, [tour.chosen.text], limit=1, project=tour.ctx.project
    )
    text = str(table.column(0)[0].as_py() or "")
    hits = tour.call(search.query, QueryParams(index=made.index, text=text[:1000], k=SHOWN))
    near = f"'{_short(hits.hits[0].snippet)}'" if hits.hits else "nothing"
    says = f"'{_short(text)}' finds {near}"
    tour.found.add("search", says, hits, made.index)
    tour.found.notes += [note for note in made.notices if note not in tour.found.notes]


def watch(tour: Tour) -> None:
    """Compare the holdout with what the model learnt from, and look at the traffic."""
    moved = tour.call(drift.test, TestParams(reference=tour.train, current=tour.holdout))
    tour.found.add("drift", moved.verdict, moved)
    traffic = tour.call(monitor.summary, SummaryParams(deployment=tour.before.model))
    tour.found.add("monitor", traffic.verdict, traffic)


def told(tour: Tour, judged: Judged, spent: tuple[float, float]) -> TourResult:
    """Return what the tour found; `spent` is CPU and wall time [s]."""
    return TourResult(
        dataset=tour.whole,
        train=tour.train,
        holdout=tour.holdout,
        target=tour.chosen.target,
        task=tour.chosen.task,
        why=tour.chosen.reason,
        model=tour.model,
        evaluation=judged,
        quality=tour.found.results["quality"].score,
        stations=tour.found.stations,
        notes=list(dict.fromkeys(tour.found.notes)),
        report=str(report_path(tour)),
        cpu=spent[0],
        wall=spent[1],
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: dates as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _short(text: str, room: int = 50) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= room else flat[: room - 1] + "…"


def check_report(path: str | None, ctx: Context) -> None:
    """Refuse a report that may not or cannot be written, before anything is done.

    It may lie where every export may.
    """
    if path is not None:
        place = policy.path_of(path, "report")
        policy.check_write(ctx.actor, "flows.tour", place, ctx.workspace.root)
    if path is not None and not Path(path).expanduser().absolute().parent.is_dir():
        raise InvalidInput(
            f"The folder of the report '{path[:200]}' does not exist.",
            "Name a file in one that does.",
            field="report",
        )


def report_path(tour: Tour) -> Path:
    """Return where the report goes."""
    if tour.params.report is None:
        project = tour.ctx.project  # another may have a tour of the same name
        name = tour.name if project == "default" else f"{project}~{tour.name}"
        return tour.ctx.workspace.folder("reports") / f"tour-{name}.html"
    return Path(tour.params.report).expanduser().absolute()
