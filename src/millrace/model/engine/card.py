"""The model card: what a model is, how good, where it fails, what it looks at, where from."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from millrace.services.predictor.manifest import Feature, Manifest
from millrace.services.report import evaluation as judged
from millrace.services.report import importance as looked
from millrace.services.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Grid,
    Note,
    Plot,
    Section,
    Text,
)
from millrace.services.report.evaluation import Evaluation
from millrace.services.report.importance import Importance
from millrace.services.report.plots.graph import Node, draw

MOST_FEATURES = 60


@dataclass(frozen=True)
class Origin:
    """Where a model came from, as nodes (ref, made by) and (made from, made) pairs."""

    nodes: Sequence[tuple[str, str]]
    edges: Sequence[tuple[str, str]]
    mermaid: str


@dataclass(frozen=True)
class Use:
    """What only a person can say of a model; empty: nobody has said it."""

    intended: str = ""
    out_of_scope: str = ""
    caveats: str = ""
    licence: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Making:
    """How a model came to be: the op that made it, its params and its seconds of work."""

    op: str = ""
    params: str = ""
    job: str = ""
    actor: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Facts:
    """Everything a card is written from."""

    ref: str
    manifest: Manifest
    created_at: float
    made_by: str
    aliases: Sequence[str]
    about: str
    origin: Origin
    use: Use
    how: Making
    evaluations: Sequence[Evaluation] = field(default_factory=list[Evaluation])
    importance: Importance | None = None


def write(facts: Facts) -> Document:
    """Return the card as a document."""
    sections: list[Section] = [
        Section("What it is", _what(facts)),
        Section("Intended use", _use(facts.use)),
        Section("Data", _data(facts)),
        Section("Training", _training(facts)),
    ]
    if facts.evaluations:
        first, *others = facts.evaluations
        sections += judged.sections(first)
        if others:
            sections.append(Section("On other data", _others(facts.evaluations)))
    else:
        hint = (
            f"Run 'millrace evaluation run {_short(facts.ref)} --dataset NAME' and write it anew."
        )
        sections.append(
            Section("How good it is", [Note(f"No evaluation is stored. {hint}", warning=True)])
        )
    if facts.importance is not None:
        sections.append(looked.section(facts.importance))
    sections.append(Section("Limits", [Bullets(limits(facts))]))
    sections.append(Section("Where it came from", _origin(facts)))
    sections.append(Section("How to reproduce it", _again(facts)))
    sections.append(Section("How to use it", [Code(_commands(facts), "sh")]))
    return Document(
        f"Model card: {_short(facts.ref)}",
        _lead(facts),
        sections,
        f"Written by Millrace from what is stored in the workspace; {facts.ref}.",
    )


def _short(ref: str) -> str:
    return ref.removeprefix("model:")


def _lead(facts: Facts) -> str:
    made = facts.manifest
    task = (
        f"Tells {len(made.classes)} classes of '{made.target}' apart"
        if made.classes
        else f"Predicts the number '{made.target}'"
    )
    seen = f"trained on {made.rows:,} rows" if made.rows else "trained on unknown rows"
    return f"{task} from {len(made.features)} columns, {seen}."


def _what(facts: Facts) -> list[Block]:
    made = facts.manifest
    stamp = datetime.datetime.fromtimestamp(facts.created_at, datetime.UTC)
    rows: list[list[str]] = [
        ["name", facts.ref],
        ["aliases", ", ".join(facts.aliases) or "none"],
        ["task", made.task],
        ["target", made.target],
        ["made", f"{stamp:%Y-%m-%d %H:%M} UTC by {facts.made_by or 'hand'}"],
        ["answers with", _answering(made)],
    ]
    if made.classes:
        shown = ", ".join(str(value) for value in made.classes[:12])
        more = f" and {len(made.classes) - 12} more" if len(made.classes) > 12 else ""
        rows.insert(4, ["classes", shown + more])
    if made.encoder:
        rows.append(["text encoder", f"{made.encoder.name} ({made.encoder.dimension} numbers)"])
    blocks: list[Block] = [Text(facts.about)] if facts.about else []
    return [*blocks, Grid(["what", "value"], rows)]


def _answering(made: Manifest) -> str:
    weights = made.weights()
    parts = [f"{name} ({share:.0%})" for name, share in weights.items()]
    return parts[0].split(" (")[0] if len(parts) == 1 else "the mean of " + ", ".join(parts)


def limits(facts: Facts) -> list[str]:
    """Return what a user of the model should know before relying on it."""
    made = facts.manifest
    found: list[str] = []
    if not facts.evaluations:
        found.append("Nothing is known of its quality on rows it was not trained on.")
    for judgement in facts.evaluations[:1]:
        worse = [f"{line.column}: {line.name}" for line in judgement.slices if line.worse]
        if worse:
            found.append(f"It is worse than elsewhere for {'; '.join(worse[:5])}.")
        few = [line.label for line in judgement.classes if line.rows < 10]
        if few:
            found.append(
                f"{len(few)} classes had fewer than 10 rows in the evaluation; "
                "their figures say little."
            )
        error = judgement.metric("ece")
        if error is not None and error.value > 0.05:
            found.append(
                f"Its probabilities are off by {error.value:.2f} on average; "
                "do not read them as certainty."
            )
    sources = {a for a, b in facts.origin.edges if b == facts.ref}
    seen = [part.dataset for part in facts.evaluations if part.dataset in sources]
    if seen:
        found.append(
            f"It was judged on {', '.join(seen)}, which it was also trained on: "
            "expect less on new rows."
        )
    gappy = [f.name for f in made.features if f.rows and f.missing / f.rows > 0.2]
    if gappy:
        found.append(f"More than a fifth of the values of {', '.join(gappy[:8])} were missing.")
    if any(feature.type == "category" for feature in made.features):
        found.append("Categories it never saw count as 'other'.")
    if any(feature.type in ("number", "date") for feature in made.features):
        found.append("Outside the ranges listed above it guesses.")
    return found or ["None that the stored facts show."]


def _use(use: Use) -> list[Block]:
    asked = (
        ("made for", use.intended, "intended_use"),
        ("not for", use.out_of_scope, "out_of_scope"),
        ("risks and limits", use.caveats, "caveats"),
        ("licence", use.licence, "licence"),
        ("contact", use.contact, "contact"),
    )
    blocks: list[Block] = [Grid(["what", "says the owner"], [[n, v] for n, v, _ in asked if v])]
    missing = [field for _, said, field in asked if not said]
    if len(missing) == len(asked):
        blocks = []
    if missing:
        told = f"Nobody has said {', '.join(missing)}: pass them to 'model.card'."
        blocks.append(Note(told, warning=not use.intended))
    return blocks


def _data(facts: Facts) -> list[Block]:
    made = facts.manifest
    sources = [a for a, b in facts.origin.edges if b == facts.ref and a.startswith("dataset:")]
    said = (
        f"Trained on {', '.join(sources)}" if sources else "The data it was trained on is unknown"
    )
    rows = f", {made.rows:,} rows" if made.rows else ""
    return [Text(f"{said}{rows}. These are the columns it reads."), *_inputs(made)]


def _training(facts: Facts) -> list[Block]:
    made, how = facts.manifest, facts.how
    weights = made.weights()
    rows = [
        [
            m.name,
            m.learner,
            weights.get(m.name, 0.0),
            m.score,
            m.rounds,
            _settings(m.hyperparameters),
        ]
        for m in made.members
    ]
    columns = ["member", "learner", "share", "score", "rounds", "hyperparameters"]
    chosen = f"What answers was chosen by {made.metric}" if made.metric else "No metric is recorded"
    score = f", {made.score:.4g} out of fold" if made.metric and made.score else ""
    blocks: list[Block] = [Text(f"{chosen}{score}."), Grid(columns, rows)]
    if how.metrics:
        figures = [[name, value] for name, value in how.metrics.items()]
        said = "Figures recorded when it was made; they are no evaluation on new rows."
        blocks.append(Grid(["figure", "value"], figures, said, 4))
    return blocks


def _settings(found: Mapping[str, object]) -> str:
    shown = ", ".join(f"{name} {value}" for name, value in sorted(found.items()))
    return shown if len(shown) <= 300 else shown[:299] + "…"


def _again(facts: Facts) -> list[Block]:
    how = facts.how
    versions = ", ".join(f"{name} {v}" for name, v in sorted(facts.manifest.versions.items()))
    blocks: list[Block] = []
    if how.op:
        group, _, verb = how.op.partition(".")
        blocks += [
            Text(f"Job {how.job} of {how.actor} made it: {how.op} with these params."),
            Code(how.params, "json"),
            Code(f"millrace {group} {verb.replace('_', '-')} --params @params.json", "sh"),
        ]
    else:
        blocks.append(
            Text("No job is recorded that made it, so it cannot be made again from here.")
        )
    if versions:
        blocks.append(Text(f"Made with {versions}."))
    return blocks


def _others(found: Sequence[Evaluation]) -> list[Block]:
    names = [metric.name for metric in found[0].metrics[:5]]
    rows = [
        [part.dataset, part.rows, *((m.value if (m := part.metric(n)) else None) for n in names)]
        for part in found
    ]
    shown = [judged.NAMES.get(name, name) for name in names]
    return [Grid(["dataset", "rows", *shown], rows)]


def _inputs(made: Manifest) -> list[Block]:
    rows = [
        [f.name, f.type, _range(f), f.missing / f.rows if f.rows else None]
        for f in made.features[:MOST_FEATURES]
    ]
    more = len(made.features) - len(rows)
    caption = f"{more} more columns are left out." if more > 0 else ""
    return [Grid(["column", "type", "seen in training", "share missing"], rows, caption)]


def _range(feature: Feature) -> str:
    if feature.type == "number":
        return f"{feature.low:.6g} to {feature.high:.6g}, median {feature.median:.6g}"
    if feature.type == "date":
        ends = (datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(seconds=s)
                for s in (feature.low, feature.high))  # fmt: skip
        return " to ".join(f"{end:%Y-%m-%d}" for end in ends)
    if feature.type == "category":
        shown = ", ".join(feature.levels[:6])
        more = len(feature.levels) - 6
        return f"{shown} and {more} more" if more > 0 else shown
    return "true or false" if feature.type == "boolean" else "text"


def _origin(facts: Facts) -> list[Block]:
    nodes = [
        Node(ref, ref, f"by {made_by}" if made_by else "", strong=ref == facts.ref)
        for ref, made_by in facts.origin.nodes
    ]
    if len(nodes) < 2:
        return [Text("Nothing is recorded of what it was made from.")]
    blocks: list[Block] = [Plot(draw("Lineage", nodes, facts.origin.edges))]
    return [*blocks, Code(facts.origin.mermaid, "mermaid")]


def _commands(facts: Facts) -> str:
    name = _short(facts.ref)
    return (
        f"millrace model show {name}\n"
        f"millrace evaluation run {name} --dataset NAME\n"
        f"millrace model export {name}"
    )
