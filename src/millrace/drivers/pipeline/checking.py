"""Find everything that keeps a graph from running, each with its block and field."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from millrace.core.catalog import find
from millrace.core.errors import MillraceError, NotFound, choices, rule_of
from millrace.core.ids import NAME
from millrace.core.registry import Op
from millrace.drivers.pipeline import ports
from millrace.drivers.pipeline.engine.order import order
from millrace.drivers.pipeline.types import Block, BlockProblem, Graph

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
WIRE = re.compile(r"([^.]+)\.(.+)")
OWN = frozenset({"pipeline.filter", "pipeline.python"})
NO_BLOCKS = frozenset({"pipeline", "schedule", "agent", "jobs"})


def can_be_block(op: Op) -> bool:
    """Tell whether a pipeline takes an op: those that steer other work run by themselves."""
    return op.group not in NO_BLOCKS or op.name in OWN


class Checked:
    """A graph with its ops, its problems and the order of its blocks."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.problems: list[BlockProblem] = []
        self.blocks = {block.id: block for block in reversed(graph.blocks)}
        self.ops = {block.id: self._op(block) for block in self.blocks.values()}
        self._whole()
        for at, block in enumerate(graph.blocks):
            if self.blocks[block.id] is not block:
                said = f"Two blocks are called '{block.id[:80]}'."
                self._add(block.id, "id", "duplicate_id", said, f"Rename block {at + 1}.")
            self._block(block)
        needs = {block.id: needs_of(block) & set(self.blocks) for block in graph.blocks}
        self.order, circle = order(needs)
        for block in circle:
            self._add(
                block,
                None,
                "cycle",
                f"Block '{block}' waits for itself, by way of {choices(circle)}.",
                "Take one of the wires away.",
            )
        if self.problems:
            self.order = []

    def _add(self, block: str | None, field: str | None, code: Any, said: str, hint: str) -> None:
        self.problems.append(
            BlockProblem(block=block, field=field, code=code, problem=said, hint=hint)
        )

    def _whole(self) -> None:
        name = self.graph.name
        if not NAME.fullmatch(name):
            self._add(
                None,
                "name",
                "bad_name",
                f"The name '{name[:80]}' is not valid.",
                "Use 1 to 64 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter.",
            )
        if not self.graph.blocks:
            self._add(None, "blocks", "empty", "The pipeline has no blocks.", "Add one.")

    def _op(self, block: Block) -> Op | None:
        """Return the op of a block, or note why it cannot be one."""
        try:
            found = find(block.op)
        except NotFound as error:
            self._add(block.id, "op", "unknown_op", error.problem, error.hint)
            return None
        if not can_be_block(found):
            self._add(
                block.id,
                "op",
                "not_a_block",
                f"'{block.op}' steers other work, so it cannot be a block.",
                "Run it by itself.",
            )
            return None
        return found

    def _block(self, block: Block) -> None:
        if not ID.fullmatch(block.id):
            self._add(
                block.id,
                "id",
                "bad_id",
                f"The block's id '{block.id[:80]}' is not valid.",
                "Use 1 to 64 characters of a-z, 0-9, '_' and '-', beginning with a letter.",
            )
        op = self.ops[block.id]
        if op is None:
            return
        known = ports.inputs(op)
        for name in [*block.params, *block.inputs]:
            if name not in known:
                said = f"Op '{op.name}' has no field '{name[:80]}'."
                hint = f"Its fields are {choices(list(known), 20)}."
                self._add(block.id, name, "unknown_field", said, hint)
        for name in block.params.keys() & block.inputs.keys():
            said = f"'{name}' has a value and a wire."
            self._add(block.id, name, "given_twice", said, "Take one of them away.")
        for name, given in block.inputs.items():
            if name in known:
                self._wires(block, name, given, known[name])
        for field, code, said in values(op, block):
            hint = f"'millrace {op.group} {op.verb} --help' says what fits."
            self._add(block.id, field, code, said, hint)

    def _wires(self, block: Block, name: str, given: str | list[str], target: ports.Port) -> None:
        """Check what flows into one param: one wire, or several into a list."""
        if isinstance(given, str):
            self._wire(block, name, given, target)
        elif target.many or "any" in target.types:
            for wire in given:
                self._wire(block, name, wire, ports.one(target))
        else:
            said = f"'{name}' takes one value and has {len(given)} wires in a list."
            self._add(block.id, name, "wrong_type", said, "Write one 'block.field'.")

    def _wire(self, block: Block, name: str, wire: str, target: ports.Port) -> None:
        parts = WIRE.fullmatch(wire)
        source = parts[1] if parts else wire
        if source not in self.blocks:
            said = f"'{name}' comes from '{wire[:80]}', and there is no block '{source[:80]}'."
            hint = f"Write 'block.field'; the blocks are {choices(list(self.blocks))}."
            self._add(block.id, name, "unknown_block", said, hint)
            return
        op = self.ops[source]
        if op is None:
            return
        field, given = parts[2] if parts else "", ports.outputs(op)
        if field not in given:
            said = f"Block '{source}' ({op.name}) gives no '{field[:80]}'."
            shown = [path for path, port in given.items() if port.kind] or list(given)
            self._add(block.id, name, "unknown_output", said, f"It gives {choices(shown)}.")
        elif not ports.fits(given[field], target):
            code = "wrong_port" if target.kind or given[field].kind else "wrong_type"
            said = f"'{name}' needs {target.says()}, and '{wire}' is {given[field].says()}."
            near = [path for path, port in given.items() if ports.fits(port, target)]
            hint = f"'{source}' gives {choices(near)}." if near else "Wire it from another block."
            self._add(block.id, name, code, said, hint)


def needs_of(block: Block) -> set[str]:
    """Return the blocks that a block waits for."""
    wires = [
        wire
        for given in block.inputs.values()
        for wire in ([given] if isinstance(given, str) else given)
    ]
    return {wire.split(".", 1)[0] for wire in wires}


def values(op: Op, block: Block) -> Iterator[tuple[str | None, str, str]]:
    """Give (field, code, sentence) of every value that the op would refuse.

    Wired params are checked when they arrive; until then a reference stands for each.
    """
    known = ports.inputs(op)
    fixed = {name: value for name, value in block.params.items() if name in known}
    wired = {name for name in block.inputs if name in known}
    stand_ins = {name: _stand_in(known[name]) for name in wired if known[name].kind}
    try:
        op.params.model_validate({**fixed, **stand_ins})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            field = ".".join(str(part) for part in one["loc"]) or None
            head = str(one["loc"][0]) if one["loc"] else None
            if head in wired or (head is None and wired - stand_ins.keys()):
                continue
            if one["type"] == "missing":
                yield field, "missing", f"Op '{op.name}' needs '{field}'."
            else:
                shown = repr(one.get("input"))[:60]
                where = f"'{field}' is {shown}" if field else "The params do not fit"
                yield field, "wrong_value", f"{where}: {rule_of(one)}."
    except MillraceError as error:
        yield None, "wrong_value", error.problem


def _stand_in(port: ports.Port) -> Any:
    ref = f"{port.kind}:wired@1"
    return [ref] if port.many else ref
