"""An op that counts its runs, and the processes that the crash suites kill.

Only those processes import this: the op must not appear in the registry of the tests.
"""

from pathlib import Path

from pydantic import BaseModel, Field

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.registry import op
from millrace.core.workspace import Workspace
from millrace.kinds.ref import DatasetRef
from millrace.kinds.rows import Params
from tests.drivers.crash import FLAGS


class MarkParams(Params):
    name: str = Field(description="dataset to write")
    log: str = Field(description="file that gets a line for each run")
    dataset: DatasetRef | None = Field(default=None, description="what to wait for")


class MarkResult(BaseModel):
    dataset: str = Field(description="what was written", json_schema_extra={"port": "dataset"})


@op("crash.mark", effect="write")
def mark(params: MarkParams, ctx: Context) -> MarkResult:
    """Write one row, and a line in a file."""
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    with Path(params.log).open("a", encoding="utf-8") as stream:
        stream.write(f"{params.name}\n")
    table = pa.table({"n": [1]})
    return MarkResult(dataset=ctx.use(Datasets).write(ctx, params.name, table))


def main(root: str, database: str, mode: str, what: str) -> None:
    flags = {**FLAGS, "database": database or None}
    if mode == "worker":
        from millrace.stores.jobs.workers import main as work

        work(root, flags)
        return
    with Workspace.open(root, flags) as workspace:
        if mode == "inline":
            from millrace.stores.jobs import Jobs

            workspace.use(Jobs).run(what)
            return
        from millrace.drivers.schedule.ticker import tick

        for _ in range(int(what)):
            tick(workspace)
            clock.shift(60)
