"""Get a graph from what was given: text, a graph, or a stored pipeline."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices, rule_of
from millrace.core.ids import digest
from millrace.drivers.pipeline.checking import Checked
from millrace.drivers.pipeline.engine.read import Unreadable, read
from millrace.drivers.pipeline.engine.write import canonical, write
from millrace.drivers.pipeline.store import Pipelines
from millrace.drivers.pipeline.types import BlockProblem, Formatted, Given, Graph, Named, Validated

SHOWN = 12  # characters of a fingerprint that people see


@dataclass(frozen=True)
class Source:
    """A graph in its one form, and the version it is kept as."""

    graph: Graph
    text: str
    ref: str | None = None

    @property
    def digest(self) -> str:
        """Return the fingerprint of the content."""
        return digest(self.text.encode())[:SHOWN]


def get(params: Given, ctx: Context) -> Source:
    """Return the graph that the params give.

    Errors: invalid_input, it cannot be read; not_found, no such pipeline.
    """
    if isinstance(params, Named) and params.pipeline is not None:
        kept = ctx.use(Pipelines).get(params.pipeline, ctx.project)
        return Source(parse(kept.text).graph, kept.text, kept.artifact.ref)
    return of(params.graph) if params.graph is not None else parse(params.text or "")


def parse(text: str) -> Source:
    """Read a text.

    Errors: invalid_input with line and column, or with every field that has another shape.
    """
    tree = read(text)
    try:
        return of(Graph.model_validate(tree))
    except ValidationError as error:
        problems = [_shape(tree, one) for one in error.errors(include_url=False)]
        raise Misshapen(
            f"The text is no pipeline: {problems[0].problem}",
            "It has name, description and blocks; a block has id, op, params, inputs, position.",
            field="text",
            problems=[one.model_dump() for one in problems],
        ) from error


class Misshapen(InvalidInput):
    """A text that can be read and is no pipeline; the facts list every problem."""


def _shape(tree: Any, error: Any) -> BlockProblem:
    loc = [str(part) for part in error["loc"]]
    block = None
    if len(loc) > 1 and loc[0] == "blocks" and loc[1].isdigit():
        found = tree["blocks"][int(loc[1])]
        name = found.get("id") if isinstance(found, dict) else None
        block, loc = str(name or f"block {int(loc[1]) + 1}"), loc[2:]
    field = ".".join(loc) or None
    where = f"'{field}' of '{block}'" if block and field else f"'{block or field or 'it'}'"
    said = rule_of(error)
    if not error["loc"] and not isinstance(tree, dict):
        said = (
            "it is empty" if tree is None else f"it is a {type(tree).__name__}, not name and blocks"
        )
        where = "the text"
    return BlockProblem(
        block=block,
        field=field,
        code="shape",
        problem=f"{where} does not fit: {said}.",
        hint=f"A pipeline has {choices(list(Graph.model_fields))}.",
    )


def of(graph: Graph) -> Source:
    """Bring a graph into its one form.

    Errors: invalid_input, it holds what JSON cannot.
    """
    raw = canonical(graph.model_dump(mode="python"))
    return Source(Graph.model_validate(raw), write(raw))


def formatted(params: Given, ctx: Context) -> Formatted:
    """Return the one form of what was given, as graph and text."""
    found = get(params, ctx)
    return Formatted(graph=found.graph, text=found.text, digest=found.digest)


def validated(params: Given, ctx: Context) -> Validated:
    """Return every problem of what was given, a text that cannot be read included."""
    try:
        found = get(params, ctx)
    except Misshapen as error:
        problems = [BlockProblem.model_validate(one) for one in error.facts["problems"]]
        return Validated(valid=False, problems=problems, order=[])
    except Unreadable as error:
        said = BlockProblem(
            block=None, field="text", code="syntax", problem=error.problem, hint=error.hint
        )
        return Validated(valid=False, problems=[said], order=[])
    checked = Checked(found.graph)
    return Validated(valid=not checked.problems, problems=checked.problems, order=checked.order)


def ready(found: Source) -> Checked:
    """Return a graph that can run.

    Errors: invalid_input, it has problems; the facts list them all.
    """
    checked = Checked(found.graph)
    if checked.problems:
        raise unfit(found.graph.name, checked.problems)
    return checked


def unfit(name: str, problems: list[BlockProblem]) -> InvalidInput:
    """Return the error that lists every problem of a pipeline."""
    first, more = problems[0], len(problems) - 1
    where = f" in block '{first.block}'" if first.block else ""
    others = f" There {'is' if more == 1 else 'are'} {more} more." if more else ""
    return InvalidInput(
        f"The pipeline '{name[:80]}' cannot run{where}: {first.problem}{others}",
        first.hint,
        problems=[problem.model_dump() for problem in problems],
    )
