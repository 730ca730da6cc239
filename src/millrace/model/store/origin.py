"""Lineage and cards: what several records say together."""

import json
from pathlib import Path
from typing import Literal

from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.model.engine import card as pages
from millrace.model.engine.graph import mermaid, reachable
from millrace.model.store import files, reading
from millrace.model.types import (
    CardParams,
    CardResult,
    DescribeResult,
    LineageEdge,
    LineageResult,
)
from millrace.services.report.document import Document
from millrace.services.report.markdown import to_markdown
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.jobs import Jobs
from millrace.stores.models import Models

SAID = ("about", "intended_use", "out_of_scope", "caveats", "licence", "contact")
Direction = Literal["both", "up", "down"]


def lineage(ctx: Context, text: str, direction: Direction, depth: int) -> LineageResult:
    """Return the graph around a thing.

    Errors: not_found, no such thing; invalid_input, no such kind.
    """
    ref = reading.resolve(ctx, text)
    pairs = ctx.use(Artifacts).lineage(ref, ctx.project, depth)
    kept: set[str] = set()
    if direction != "down":
        kept |= reachable(pairs, ref, up=True)
    if direction != "up":
        kept |= reachable(pairs, ref, up=False)
    nodes = reading.nodes(ctx, kept)
    edges = [(a, b) for a, b in pairs if a in kept and b in kept]
    drawn = mermaid([(node.ref, f"by {node.op}" if node.op else "") for node in nodes], edges, ref)
    return LineageResult(
        ref=ref,
        nodes=nodes,
        edges=[LineageEdge(source=a, target=b) for a, b in edges],
        mermaid=drawn,
    )


def card(ctx: Context, params: CardParams) -> CardResult:
    """Write a model's card and keep it as a report."""
    found = ctx.use(Models).get(params.model, ctx.project)
    path = _path(ctx, params.path, found.name)
    document, used = _document(ctx, found, params)
    if path is not None:
        files.write_page(path, document)
    said = {name: getattr(params, name) for name in SAID}
    report, html = files.keep_card(ctx, found, document, used, said)
    return CardResult(
        model=found.ref,
        report=report,
        html=html,
        path=str(path) if path else "",
        markdown=to_markdown(document),
    )


def describe(ctx: Context, ref: str) -> DescribeResult:
    """Return a model's card as it would be written now, in the words of the newest one."""
    found = ctx.use(Models).get(ref, ctx.project)
    cards = [one for one in reading.reports(ctx, found.ref) if one.meta.get("type") == files.CARD]
    told = cards[0].meta.get("said", {}) if cards else {}
    said = {name: str(told[name]) for name in SAID if name in told}
    params = CardParams.model_validate({"model": found.ref, **said})
    document, _ = _document(ctx, found, params)
    return DescribeResult(
        model=found.ref,
        markdown=to_markdown(document),
        report=cards[0].ref if cards else "",
        created_at=cards[0].created_at if cards else None,
    )


def _document(ctx: Context, found: Artifact, params: CardParams) -> tuple[Document, list[str]]:
    """Return the card and the reports it rests on."""
    reports = reading.reports(ctx, found.ref)
    judged = reading.evaluations(ctx, reports, params.evaluations)
    looked = reading.latest_importance(ctx, reports)
    graph = lineage(ctx, found.ref, "up", 20)
    ops = {node.ref: node.op for node in graph.nodes}
    aliases = ctx.use(Artifacts).aliases("model", found.name, ctx.project)
    document = pages.write(
        pages.Facts(
            ref=found.ref,
            manifest=reading.manifest(ctx, found),
            created_at=found.created_at,
            made_by=ops.get(found.ref, ""),
            aliases=sorted(a for a, version in aliases.items() if version == found.version),
            about=params.about,
            use=pages.Use(
                params.intended_use,
                params.out_of_scope,
                params.caveats,
                params.licence,
                params.contact,
            ),
            how=_making(ctx, found),
            origin=pages.Origin(
                [(node.ref, node.op) for node in graph.nodes],
                [(edge.source, edge.target) for edge in graph.edges],
                graph.mermaid,
            ),
            evaluations=[one for _, one in judged],
            importance=looked[1] if looked else None,
        )
    )
    return document, [ref for ref, _ in judged] + ([looked[0]] if looked else [])


def _making(ctx: Context, found: Artifact) -> pages.Making:
    """Return what the job that made a model was asked to do."""
    metrics = reading.numbers(found.meta.get("metrics"))
    if found.job is None:
        return pages.Making(actor=found.actor, metrics=metrics)
    try:
        job = ctx.use(Jobs).get(found.job)
    except NotFound:
        return pages.Making(job=found.job, actor=found.actor, metrics=metrics)
    asked = json.dumps(job.params, indent=1, sort_keys=True, ensure_ascii=False)
    return pages.Making(job.op, asked, job.id, found.actor, metrics)


def _path(ctx: Context, text: str | None, name: str) -> Path | None:
    return files.destination(ctx, text, f"{name}.html", "model.card") if text else None
