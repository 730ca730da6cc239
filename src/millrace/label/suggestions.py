"""Run suggestions over a dataset: encode, fit once, predict in a stream, order the queue."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.events import Event, Progress
from millrace.label.engine import collect, prototypes, queue, ratings, settle
from millrace.label.engine import suggest as engine
from millrace.label.engine.consensus import majority
from millrace.label.store import Answers, Place, Queue, rows
from millrace.label.store.sets import Opened
from millrace.label.types.sets import SuggestParams, SuggestResult
from millrace.services.encoder import Encoders
from millrace.stores.datasets import Datasets

ENCODED = 1_024  # texts encoded between two looks at pause and cancel


@dataclass
class Examples:
    """Labels that exist: by answer and by column, and column values that are no label."""

    labels: dict[int, str] = field(default_factory=dict[int, str])
    column: set[int] = field(default_factory=set[int])
    strange: int = 0


def suggest(
    ctx: Context, found: Opened, params: SuggestParams, mark: int
) -> Generator[Event, None, SuggestResult]:
    """Suggest a label for each row of the set's dataset, as its answers stood at `mark`."""
    dataset, column = found.need_dataset(), _column(found)
    total = ctx.use(Datasets).info(dataset, ctx.project).rows
    encoder = ctx.use(Encoders).get(params.encoder)
    known = _examples(ctx, found, params, mark)
    picked = collect.Picked(found.definition.names, known.labels, params.fit_rows, total)
    for ids, texts in rows.texts(ctx, dataset, column):
        picked.add(ids, texts)
    vectors: list[Any] = []
    for at in range(0, len(picked.texts), ENCODED):
        vectors.append(encoder.encode(picked.texts[at : at + ENCODED]))
        yield Progress.of(at, 2 * total, "encoding the texts to fit on")
    held = collect.Held(picked.ids, vectors)
    unlabelled, labelled, codes = held.parts(picked)
    names = _names(found, encoder)
    fitted = engine.fit(unlabelled, names, labelled, codes, ctx.seed)
    guessed = collect.Guesses(found.definition.names, params.order)
    for ids, texts in rows.texts(ctx, dataset, column):
        full = [at for at, text in enumerate(texts) if text is not None]
        guessed.empty += len(texts) - len(full)
        for at in range(0, len(full), ENCODED):
            part = full[at : at + ENCODED]
            own = [ids[one] for one in part]
            seen = held.find(own)
            if seen is None:
                seen = encoder.encode([texts[one] for one in part])
            guessed.add(own, fitted.proba(seen))
            yield Progress.of(total + guessed.rows, 2 * total, "suggesting")
    if not guessed.rows:
        raise InvalidInput(
            f"Column '{column}' of '{dataset}' holds no text.", "Bind the set to another column."
        )
    name = params.output or f"{found.scope.name}-suggestions"
    facts = {"labelset": found.ref, "encoder": encoder.name, "examples": len(codes)}
    made = ctx.use(Datasets).write(
        ctx, name, guessed.table(), parents=[dataset, found.ref], meta=facts
    )
    _line_up(ctx, found, guessed, params, known)
    return _told(made, guessed, fitted, encoder, known)


def _column(found: Opened) -> str:
    if not found.definition.column:
        raise InvalidInput(
            f"'{found.ref}' names no text column.",
            f"Run 'millrace label create-set {found.scope.name}' with 'column' and 'expected'.",
            field="column",
        )
    return found.definition.column


def _examples(ctx: Context, found: Opened, params: SuggestParams, mark: int) -> Examples:
    """Return the labels there are: column values, over them answers, over them adjudications."""
    known = Examples()
    if params.mode == "zero-shot":
        return known
    names = set(found.definition.names)
    if params.labels_column is not None:
        dataset = found.need_dataset()
        ctx.use(Datasets).info(dataset, ctx.project).need(params.labels_column)
        for ids, values in rows.texts(ctx, dataset, params.labels_column):
            given = [(one, said.strip()) for one, said in zip(ids, values, strict=True) if said]
            known.labels.update((one, value) for one, value in given if value in names)
            known.strange += sum(value not in names for _, value in given)
        known.column = set(known.labels)
    answers = ctx.use(Answers)
    given = answers.given(found.scope, upto=mark)
    coded = ratings.code(given.items, given.annotators, given.values, found.definition.names)
    joined = settle.settle(coded, majority(coded.ratings))
    known.labels.update(zip(joined.items.tolist(), joined.labels.tolist(), strict=True))
    judged = answers.given(found.scope, "adjudicated", mark)
    known.labels.update(zip(judged.items, judged.values, strict=True))
    for flagged in answers.given(found.scope, "flagged", mark).items:
        known.labels.pop(flagged, None)
    if params.mode == "few-shot" and not known.labels:
        raise InvalidInput(
            f"'{found.ref}' has no labels to learn from.",
            "Annotate some rows, name a 'labels_column', or use mode zero-shot.",
            field="mode",
        )
    return known


def _names(found: Opened, encoder: Any) -> Any:
    """Return one vector a label: the mean of its prompts."""
    said = [prototypes.prompts(one.name, one.description) for one in found.definition.labels]
    vectors = encoder.encode([prompt for each in said for prompt in each])
    return collect.means(vectors, [len(each) for each in said])


def _line_up(
    ctx: Context, found: Opened, guessed: collect.Guesses, params: SuggestParams, known: Examples
) -> None:
    """Order the queue by uncertainty; rows that a column has settled are no work."""
    lines = [line for line in guessed.lines() if line[0] not in known.column]
    order = queue.ranks([line[3] for line in lines], params.explore, ctx.seed)
    places = [Place(line[0], int(at), *line[1:]) for line, at in zip(lines, order, strict=True)]
    ctx.use(Queue).rank(ctx, found.scope, places, found.definition.redundancy)


def _told(
    made: str, guessed: collect.Guesses, fitted: engine.Suggester, encoder: Any, known: Examples
) -> SuggestResult:
    notes = [encoder.notice] if encoder.notice else []
    if not fitted.is_calibrated:
        notes.append(
            f"Confidence is not calibrated: {fitted.examples} labels exist, and "
            f"{engine.CALIBRATION_ROWS} are needed. Do not read it as a chance of being right."
        )
    if known.strange:
        notes.append(f"{known.strange} values of the labels column are no label of the set.")
    return SuggestResult(
        dataset=made,
        mode="few-shot" if fitted.examples else "zero-shot",
        rows=guessed.rows,
        empty=guessed.empty,
        examples=fitted.examples,
        accuracy=fitted.accuracy,
        is_calibrated=fitted.is_calibrated,
        calibration_error=fitted.calibration_error,
        encoder=encoder.name,
        notes=notes,
    )
