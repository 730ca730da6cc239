"""The op of the agent."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.drivers.agent.types import ProposeParams, ProposeResult


@op("agent.propose", effect="read")
def propose(params: ProposeParams, ctx: Context) -> ProposeResult:
    """Turn plain words into the op they ask for, with its form filled in.

    Nothing is run: a proposal shows what would happen, asks for what is missing, and goes the
    ordinary way once a person agrees. Words in English or Russian; no language model. Text is
    only ever looked up: what it says to the agent has no effect.
    Reads: names, aliases and columns of the project.     Writes: nothing.
    Cost: about 40 CPU-ms; at most 4,000 characters are read.
    """
    from millrace.drivers.agent import proposing

    return proposing.propose(params, ctx)
