"""What an op would do, said without doing it; every face and the agent show the same."""

import re
from typing import Any

from pydantic import BaseModel, Field

from millrace.core import policy
from millrace.core.registry import Op

FACTS = ("Shapes", "Units", "Random", "Reads", "Writes", "Cost", "Errors", "Source", "Example")
WRITES = re.compile(rf"Writes:\s+(.+?)(?=\s+(?:{'|'.join(FACTS)}):\s|\n\n|\Z)", re.DOTALL)


class DryRun(BaseModel):
    """What would happen."""

    op: str = Field(description="op that would run")
    effect: str = Field(description="read, write, spend, external or destructive")
    writes: str = Field(description="what it would leave behind")
    params: dict[str, Any] = Field(description="the checked params, defaults filled in")


def dry_run(op: Op, raw: Any, actor: policy.Actor | None = None) -> DryRun:
    """Check params and rights and say what the op would do, without doing it."""
    params = op.validate(raw)
    policy.check(actor or policy.Actor(), op.name, op.effect, op.also)
    return DryRun(
        op=op.name,
        effect=op.effect,
        writes=writes(op),
        params=params.model_dump(mode="json"),
    )


def writes(op: Op) -> str:
    """Read the `Writes:` fact of the docstring; without one, the effect says enough."""
    if found := WRITES.search(op.doc):
        return " ".join(found[1].split())
    if op.shape == "rows":
        return "a new version of the dataset"
    return "nothing" if op.effect == "read" else f"what its '{op.effect}' effect allows"
