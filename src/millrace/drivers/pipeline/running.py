"""Run a graph block by block, each as a child job under a key of its own.

The key is job and block, so a run that is killed, paused or retried finds every child again:
one that is done gives its stored result, one that is not goes on from its own checkpoint.
"""

from collections.abc import Generator, Sequence
from typing import Any

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import Cancelled, InvalidInput, MillraceError, NotAllowed, choices
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.failpoints import failpoint
from millrace.core.registry import Op
from millrace.drivers.pipeline import ports, source
from millrace.drivers.pipeline.checking import Checked, needs_of
from millrace.drivers.pipeline.engine.order import upstream
from millrace.drivers.pipeline.types import Block, BlockState, Graph, RunParams, RunResult
from millrace.stores.fence import Lost, fence
from millrace.stores.jobs import Jobs, record, run
from millrace.stores.sql import Database

Events = Generator[Event, None, None]


def start(params: RunParams, ctx: Context) -> Generator[Event, None, RunResult]:
    """Pin the version, check it whole, and run it."""
    if ctx.checkpoint is None:
        found = source.get(params, ctx)
        yield Checkpoint(data={"text": found.text, "pipeline": found.ref})
    else:
        text = str(ctx.checkpoint["text"])
        found = source.Source(source.parse(text).graph, text, ctx.checkpoint["pipeline"])
    graph = overridden(found.graph, params.overrides)
    checked = source.ready(source.Source(graph, found.text, found.ref))
    going = Run(ctx, checked, _wanted(checked, params.until))
    going.check_rights(params.allow)
    yield from going.all()
    going.raise_failure()
    states = list(going.states.values())
    refs = [ref for state in states for ref in _texts(list(state.outputs.values()))]
    return RunResult(
        pipeline=found.ref,
        digest=found.digest,
        blocks=states,
        outputs=list(dict.fromkeys(refs)),
    )


def overridden(graph: Graph, overrides: dict[str, Any]) -> Graph:
    """Return the graph with some params replaced.

    Errors: invalid_input, a key that is no 'block.param'.
    """
    blocks = {block.id: block.model_copy(deep=True) for block in graph.blocks}
    for key, value in overrides.items():
        block, dot, param = key.partition(".")
        if not dot or block not in blocks:
            raise InvalidInput(
                f"'{key[:80]}' is no param of a block.",
                f"Write 'block.param'; the blocks are {choices(list(blocks))}.",
                field="overrides",
            )
        blocks[block].inputs.pop(param, None)
        blocks[block].params[param] = value
    return graph.model_copy(update={"blocks": list(blocks.values())})


def _wanted(checked: Checked, until: str | None) -> list[str]:
    if until is None:
        return checked.order
    if until not in checked.blocks:
        raise InvalidInput(
            f"There is no block '{until[:80]}'.",
            f"The blocks are {choices(list(checked.blocks))}.",
            field="until",
        )
    needs = {block.id: needs_of(block) for block in checked.graph.blocks}
    within = upstream(until, needs)
    return [block for block in checked.order if block in within]


class Run:
    """One run of some blocks of a graph, in order."""

    def __init__(self, ctx: Context, checked: Checked, order: list[str]) -> None:
        self.ctx = ctx
        self.jobs = ctx.use(Jobs)
        self.database = ctx.use(Database)
        self.blocks = {name: checked.blocks[name] for name in order}
        self.ops = {name: op for name in order if (op := checked.ops[name]) is not None}
        self.results: dict[str, dict[str, Any]] = {}
        self.failure: MillraceError | None = None
        self.states = {
            name: BlockState(id=name, op=block.op, state="waiting")
            for name, block in self.blocks.items()
        }

    def check_rights(self, allowed: Sequence[str]) -> None:
        """Refuse the whole run when one of its blocks would be, or does more than was allowed.

        Errors: not_allowed, naming the block.
        """
        for name, op in self.ops.items():
            try:
                policy.check(self.ctx.actor, op.name, op.effect, op.also)
            except NotAllowed as error:
                raise NotAllowed(error.problem, error.hint, **error.facts, block=name) from error
            if op.effect not in ("read", "write", *allowed):
                raise NotAllowed(
                    f"Block '{name}' runs '{op.name}', whose effect is '{op.effect}'.",
                    f"If that is meant, add '{op.effect}' to 'allow'.",
                    op=op.name,
                    effect=op.effect,
                    block=name,
                )

    def all(self) -> Events:
        """Run every block whose inputs are there; the others are skipped."""
        total = len(self.blocks)
        for at, name in enumerate(self.blocks):
            yield Progress.of(at, total, name)
            lacking = [n for n in needs_of(self.blocks[name]) if self.states[n].state != "done"]
            if lacking or self.ctx.stopping():
                why = f"it waits for {choices(lacking)}" if lacking else "the run was stopped"
                yield self._tell(name, state="skipped", reason=why)
            else:
                yield from self._block(name)
        yield Progress.of(total, total, "done")

    def _block(self, name: str) -> Events:
        op = self.ops[name]
        try:
            job, executor = self._child(name, op)
            yield self._tell(name, state="running", job=job)
            result = run.execute(self.ctx.workspace, job, executor)
        except (Cancelled, Lost):
            raise
        except MillraceError as error:
            self.failure = self.failure or error
            yield self._tell(name, state="failed", error=error.body(), seconds=self._took(name))
            return
        self.results[name] = result.model_dump(mode="json")
        failpoint("block.done")
        refs = _refs(op, self.results[name])
        yield self._tell(name, state="done", outputs=refs, seconds=self._took(name))

    def _child(self, name: str, op: Op) -> tuple[str, str]:
        """Record the block's job, or find the one it has; return it and who executes it.

        Errors: invalid_input, what arrived does not fit the op.
        """
        ctx, block = self.ctx, self.blocks[name]
        assert ctx.job is not None
        plain = op.validate(self._params(block)).model_dump(mode="json")
        ended = ("failed", "cancelled", "paused")
        again: dict[str, Any] = {"error": None, "attempt": 0, "stopping": 0, "ended_at": None}
        with self.database.begin() as connection:
            fence(connection, ctx)
            executor = str(record.get(connection, ctx.job).executor)
            key = f"{ctx.job}/{name}"
            made, _ = record.insert(
                self.database,
                connection,
                op,
                plain,
                ctx.actor,
                project=ctx.project,
                key=key,
                parent=ctx.job,
                executor=executor,
            )
            record.move(self.database, connection, made, ended, "queued", **again)
        return made, executor

    def _params(self, block: Block) -> dict[str, Any]:
        found = dict(block.params)
        for name, given in block.inputs.items():
            many = not isinstance(given, str)
            found[name] = [self._value(wire) for wire in given] if many else self._value(given)
        return found

    def _value(self, wire: str) -> Any:
        block, _, path = wire.partition(".")
        value: Any = self.results[block]
        for part in path.split("."):
            value = value[part] if isinstance(value, dict) else None
        return value

    def _took(self, name: str) -> float | None:
        job = self.states[name].job
        found = self.jobs.get(job) if job else None
        if found is None or found.started_at is None or found.ended_at is None:
            return None
        return round(found.ended_at - found.started_at, 3)

    def _tell(self, name: str, **changes: Any) -> Event:
        self.states[name] = self.states[name].model_copy(update=changes)
        return Event(kind="block", data=self.states[name].model_dump(mode="json"))

    def raise_failure(self) -> None:
        """Raise the first failed block's error, with how every block stands."""
        failed = next((s for s in self.states.values() if s.state == "failed"), None)
        if failed is None or self.failure is None:
            return
        error = self.failure
        raise type(error)(
            f"Block '{failed.id}' failed: {error.problem}",
            error.hint,
            **{key: value for key, value in error.facts.items() if key not in ("block", "blocks")},
            block=failed.id,
            blocks=[state.model_dump(mode="json") for state in self.states.values()],
        )


def _refs(op: Op, result: dict[str, Any]) -> dict[str, Any]:
    """Return the references of a result, by dotted field."""
    found: dict[str, Any] = {}
    for path, port in ports.outputs(op).items():
        value: Any = result
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if port.kind is not None and port.kind != "job" and value:
            found[path] = value
    return found


def _texts(values: list[Any]) -> list[str]:
    return [
        text
        for value in values
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    ]
