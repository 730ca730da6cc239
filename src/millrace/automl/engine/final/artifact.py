"""From an outcome to a model folder, checked by reading it back."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from millrace.automl.engine.final import latency
from millrace.automl.engine.final.finish import Outcome
from millrace.automl.engine.search import Search
from millrace.core.errors import Internal
from millrace.services.predictor import save
from millrace.services.predictor.manifest import Choice, EncoderInfo, Manifest, MemberInfo
from millrace.services.predictor.predictor import Encoders, Predictor, read_manifest
from millrace.services.predictor.views import TextEncoder

ENSEMBLE = "ensemble"
CHECKED_ROWS = 200
TOLERANCE = 1e-6


def describe(search: Search, outcome: Outcome, encoder: TextEncoder | None) -> Manifest:
    """Return the manifest of an outcome, answering with what did best out of fold."""
    data = search.data
    choice: Choice = "ensemble" if outcome.prefers_ensemble else "single"
    members: list[MemberInfo] = []
    for name, model in outcome.models.items():
        choices = model.fitted.choice
        members.append(
            MemberInfo(
                name=name,
                kind=model.fitted.member.kind,
                learner=model.trial.learner,
                hyperparameters={**model.trial.settings, **choices},
                rounds=int(choices.get("rounds", 0)),
                score=model.value,
                weight=model.weight,
            )
        )
    return Manifest(
        task=data.target.task,
        target=data.target.name,
        classes=data.target.classes,
        center=data.center,
        scale=data.scale,
        features=data.views.preprocessor.features,
        encoder=_encoder(search, encoder),
        members=members,
        single=outcome.single,
        chosen=choice,
        metric=search.score.name,
        score=outcome.values[choice],
        rows=data.n,
        versions=save.versions(),
    )


def _encoder(search: Search, encoder: TextEncoder | None) -> EncoderInfo | None:
    if encoder is None or not search.data.has_text:
        return None
    width = next(f.dimension for f in search.data.views.preprocessor.features if f.dimension)
    return EncoderInfo(name=encoder.name, fingerprint=encoder.fingerprint, dimension=width)


def write(folder: Path, search: Search, outcome: Outcome, manifest: Manifest) -> None:
    """Write the folder."""
    save.write(folder, manifest, search.data.views.preprocessor, outcome.members)


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest again, after its choice has been settled."""
    save.write_manifest(folder, manifest)


def check(
    folder: Path, search: Search, outcome: Outcome, rows: pa.Table, encoders: Encoders
) -> dict[str, float]:
    """Read the folder back, compare its answers with ours, and time it.

    Returns the latency of 'ensemble' and of each member [ms]. `rows` are training rows in
    order. Errors: internal, the answers differ.
    """
    manifest = read_manifest(folder)
    head = rows.slice(0, CHECKED_ROWS)
    views = search.data.views.take(np.arange(head.num_rows))
    found: dict[str, float] = {}
    for name in (ENSEMBLE, *outcome.members):
        choice: Choice = "ensemble" if name == ENSEMBLE else "single"
        alone = manifest if name == ENSEMBLE else manifest.model_copy(update={"single": name})
        predictor = Predictor.load(folder, encoders, choice, alone)
        ours: Any = 0.0
        for part, weight in predictor.weights.items():
            ours = ours + weight * search.data.in_units(outcome.members[part].predict(views))
        theirs = predictor.answer(predictor.views(head))
        scale = 1.0 if search.data.k else float(np.abs(ours).max()) or 1.0
        if not np.allclose(ours, theirs, rtol=0, atol=TOLERANCE * scale):
            raise Internal(f"The saved model '{name}' answers otherwise than the trained one.")
        found[name] = latency.single_row(predictor, head)
    return found


def settle(
    manifest: Manifest, latency_ms: dict[str, float], most: float | None, greater: bool
) -> tuple[Manifest, list[str]]:
    """Return the manifest with the choice that keeps to the latency allowed, and notes."""
    answers = ENSEMBLE if manifest.chosen == "ensemble" else manifest.single
    if most is None or latency_ms[answers] <= most:
        return manifest, []
    members = sorted(manifest.members, key=lambda member: member.score, reverse=greater)
    order = [manifest.single, *(member.name for member in members)]
    fitting = [name for name in order if latency_ms[name] <= most]
    if fitting:
        kept, note = fitting[0], f"'{fitting[0]}' alone answers, to keep to {most:g} ms a row."
    else:
        kept = min(order, key=lambda name: latency_ms[name])
        note = (
            f"No trained model answers a row within {most:g} ms; the fastest, '{kept}', takes "
            f"{latency_ms[kept]:.3g} ms."
        )
    score = next(member.score for member in manifest.members if member.name == kept)
    changed = {"chosen": "single", "single": kept, "score": score}
    return manifest.model_copy(update=changed), [note]
