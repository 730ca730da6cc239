"""Drives a search for `automl.train`: events, checkpoints, and what is kept at the end."""

import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace.automl import store
from millrace.automl.engine import search as engine
from millrace.automl.engine import session
from millrace.automl.engine.budget import Budget
from millrace.automl.engine.final import artifact
from millrace.automl.engine.final import finish as final
from millrace.automl.engine.trial import Trial
from millrace.automl.live import Live
from millrace.automl.types import MemberRecord, TrainParams, TrainResult, TrialRecord
from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event, Progress
from millrace.services.encoder import Encoders
from millrace.services.encoder.spec import HASHED as SPELLING
from millrace.stores.datasets import Datasets
from millrace.stores.objects import Objects

if TYPE_CHECKING:
    from millrace.services.predictor.views import TextEncoder

EVERY = 1.0
TAIL = 2.0  # reading the model back, timing it and entering it in MLflow [CPU s]
TAIL_SHARE = 0.1
SHOWN = 50
LIVE = 10


@dataclass
class Work:
    """One training job on its way."""

    ctx: Context
    params: TrainParams
    dataset: str
    session: session.Session
    history: store.History
    encoder: "TextEncoder"
    live: Live
    step: int = 0
    wrote_at: float = 0.0
    news: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def search(self) -> engine.Search:
        """Return the search itself."""
        return self.session.search


class Fresh:
    """Encoders whose vectors are not looked up, so that latency is what a new text costs."""

    def __init__(self, encoders: Encoders) -> None:
        self._encoders = encoders

    def get(self, name: str | None = None) -> "TextEncoder":
        """Return the encoder without its cache."""
        return self._encoders.get(name, cached=False)


def begin(
    params: TrainParams,
    request: session.Request,
    ctx: Context,
    began: tuple[float, float],
    name: str,
) -> Work:
    """Read the dataset and prepare the search, with the trials of an earlier attempt.

    `began` is the process's CPU time and the clock when the job did [s].
    """
    budget = Budget(
        params.budget,
        params.wall,
        tail=min(TAIL, TAIL_SHARE * params.budget),
        cpu_before=time.process_time() - began[0],
        wall_before=time.monotonic() - began[1],
        stopping=ctx.stopping,
        interrupted=ctx.cancelled,
    )
    store.resumed(budget, ctx.checkpoint)
    datasets = ctx.use(Datasets)
    snapshot = datasets.info(params.dataset, ctx.project)
    columns = session.needed(snapshot.schema.names, request)
    table = datasets.read(snapshot.ref, columns, project=ctx.project)
    encoder = Lazy(ctx, params.encoder, budget)
    ready = session.prepare(table, request, encoder, budget)
    if encoder.notice:
        ready.notes.append(encoder.notice)
    history = store.History(ctx.use(Objects))
    if ctx.checkpoint:
        history.restore(ctx.checkpoint, ready.search)
    asked = params.model_dump(mode="json", exclude_none=True)
    live = Live(ctx, name, snapshot.ref, asked, params.budget)
    judged = sum(len(trial.folds) for trial in ready.search.trials.values())
    return Work(ctx, params, snapshot.ref, ready, history, encoder, live, judged)


class Lazy:
    """An encoder that is loaded only if there is text to encode."""

    def __init__(self, ctx: Context, name: str | None, budget: Budget) -> None:
        self._ctx = ctx
        self._asked = name
        self._budget = budget
        self._found: Any = None

    @property
    def _encoder(self) -> Any:
        if self._found is None:
            self._found = self._ctx.use(Encoders).get(self._asked)
            if self._asked is None and self._found.is_semantic:
                # Spelling beside meaning: better heads, and languages the encoder cannot read.
                self._found = self._ctx.use(Encoders).get(f"{self._found.name}+{SPELLING}")
        return self._found

    @property
    def name(self) -> str:
        """Return the encoder's name."""
        return str(self._encoder.name)

    @property
    def fingerprint(self) -> str:
        """Return the encoder's fingerprint."""
        return str(self._encoder.fingerprint)

    @property
    def notice(self) -> str:
        """Return what the encoder has to say for itself, if it was used."""
        return str(self._found.notice) if self._found is not None else ""

    def encode(self, texts: Any) -> Any:
        """Return one unit vector a text; ends early when the budget or the user says so."""
        return self._encoder.encode(texts, progress=self._watch)

    def _watch(self, done: int, total: int) -> None:
        if done < total:
            session.check_encoding(self._budget, done, total)
        used = min(self._budget.cpu_used(), self._budget.cpu)
        self._ctx.progress(used, self._budget.cpu, f"encoded {done} of {total} texts")


def search(work: Work) -> Generator[Event, None, None]:
    """Run the search; tell of folds at most once a second, and keep them then."""
    if work.search.trials:
        yield from _standing(work)  # after a pause: what was known before
    for step in work.search.run():
        if isinstance(step, engine.Phase):
            yield Event(kind="phase", data={"name": step.name})
            continue
        work.step += 1
        work.news.append(_judged(work, step.trial, step.fold))
        if time.monotonic() - work.wrote_at >= EVERY:
            yield from _tell(work)
    yield from _tell(work)


def _tell(work: Work) -> Generator[Event, None, None]:
    if not work.news:
        return
    news, work.news = work.news, []
    names = dict.fromkeys(line["trial"] for line in news)
    search, budget = work.search, work.search.budget
    yield Event(kind="fold", data={"metric": search.score.name, "folds": news})
    numbers = _numbers(search)
    records = [
        {"number": numbers[name], **search.trials[name].record(search.folds_used)} for name in names
    ]
    yield Event(kind="trial", data={"metric": search.score.name, "trials": records})
    yield from _standing(work)
    work.live.send()
    yield Checkpoint(data=work.history.write(search))
    yield Progress.of(budget.fraction() * budget.cpu, budget.cpu, f"tried {len(search.trials)}")
    work.wrote_at = time.monotonic()


def _judged(work: Work, trial: Trial, fold: int) -> dict[str, Any]:
    """Return the line of a fold just judged, and note it for MLflow."""
    result, name = trial.folds[fold], work.search.score.name
    mean = trial.record()["value"]
    work.live.add(work.step, {f"trial_{name}": mean})
    return {
        "step": work.step,
        "number": _numbers(work.search)[trial.name],
        "trial": trial.name,
        "learner": trial.learner,
        "fold": fold,
        "value": result.value,
        "mean": mean,
        "cpu": round(result.cpu, 3),
    }


def _standing(work: Work) -> Generator[Event, None, None]:
    """Tell where the search stands: the leaders, the best, and what the budget has left."""
    search, budget = work.search, work.search.budget
    best = [_brief(record) for record in leaders(search)[:LIVE]]
    used = budget.fraction()
    if best:
        work.live.add(work.step, {f"best_{search.score.name}": best[0]["value"]})
    work.live.add(work.step, {"budget_used": used})
    spent = {
        "cpu": budget.cpu,
        "cpu_used": round(budget.cpu_used(), 3),
        "wall": budget.wall,
        "wall_used": round(budget.wall_used(), 3),
        "share": round(used, 4),
    }
    data = {
        "metric": search.score.name,
        "greater_is_better": search.score.greater,
        "trials": best,
        "best": best[0] if best else None,
        "tried": len(search.trials),
        "step": work.step,
        "budget": spent,
    }
    yield Event(kind="leaderboard", data=data)


def _numbers(search: engine.Search) -> dict[str, int]:
    """Return the number of each trial, in the order they were begun."""
    return {name: at for at, name in enumerate(search.trials, 1)}


def _brief(record: dict[str, Any]) -> dict[str, Any]:
    shown = ("name", "learner", "origin", "value", "spread", "folds", "cpu", "compared")
    return {key: record[key] for key in shown}


def leaders(search: engine.Search) -> list[dict[str, Any]]:
    """Return a line for each trial, those of the final comparison first, then by value."""
    lines = [trial.record(search.folds_used) for trial in search.trials.values() if trial.folds]

    def place(line: dict[str, Any]) -> tuple[bool, bool, float]:
        value = line["value"]
        return not line["compared"], value is None, -search.score.gain(value or 0.0)

    return sorted(lines, key=place)


def finish(work: Work) -> Generator[Event, None, final.Outcome]:
    """Train the chosen models on all rows."""
    last = final.finish(work.search, also_floor=work.params.max_latency_ms is not None)
    while True:
        try:
            step = next(last)
        except StopIteration as stop:
            return stop.value
        yield Event(kind="phase", data={"name": step.name})


def publish(work: Work, outcome: final.Outcome, name: str) -> TrainResult:
    """Write, check and save the model; return what is to be known of it."""
    search, ctx = work.search, work.ctx
    encoders = Fresh(ctx.use(Encoders))
    encoder = work.encoder if search.data.has_text else None
    manifest = artifact.describe(search, outcome, encoder)
    with tempfile.TemporaryDirectory(dir=ctx.workspace.folder("tmp")) as place:
        folder = Path(place)
        artifact.write(folder, search, outcome, manifest)
        latency = artifact.check(folder, search, outcome, work.session.rows, encoders)
        manifest, notes = artifact.settle(
            manifest, latency, work.params.max_latency_ms, search.score.greater
        )
        result = _result(work, outcome, manifest, latency)
        result.notes.extend(notes)
        manifest.extra = {"training": result.model_dump(mode="json", exclude={"model"})}
        artifact.save_manifest(folder, manifest)
        ids = work.session.rows.column(session.ROW).to_numpy()[outcome.rows]
        more = {
            "params": work.params.model_dump(mode="json", exclude_none=True),
            "answers": store.keep_answers(ctx, ids, outcome.answer),
            "parents": [work.dataset],
        }
        work.live.send(last=True)
        return store.publish(ctx, name, folder, result, more)


def _result(
    work: Work, outcome: final.Outcome, manifest: artifact.Manifest, latency: dict[str, float]
) -> TrainResult:
    search, budget, target = work.search, work.search.budget, work.search.data.target
    members = [
        MemberRecord(
            name=member.name,
            learner=member.learner,
            weight=member.weight,
            value=member.score,
            latency_ms=latency[member.name],
        )
        for member in manifest.members
    ]
    return TrainResult(
        model="",
        target=target.name,
        task=target.task,
        why=target.why,
        metric=search.score.name,
        value=manifest.score,
        chosen=manifest.chosen,
        single=manifest.single,
        values=outcome.values,
        latency_ms={"ensemble": latency["ensemble"], "single": latency[manifest.single]},
        members=members,
        classes=target.classes,
        features={feature.name: feature.type for feature in manifest.features},
        left_out=work.session.left_out,
        rows=search.data.n,
        rows_left_out=target.left_out,
        folds=outcome.folds_used,
        trials=[TrialRecord(**line) for line in leaders(search)[:SHOWN]],
        tried=len(search.trials),
        budget=budget.cpu,
        cpu=round(budget.cpu_used(), 3),
        wall=round(budget.wall_used(), 3),
        encoder=manifest.encoder.name if manifest.encoder else "",
        reproducible=not budget.clock_decided,
        notes=[*work.session.notes, *outcome.warnings],
    )
