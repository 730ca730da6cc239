"""Two small ops and the child process that the crash suite kills."""

import time
from collections.abc import Generator
from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.core.context import Context
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.registry import op
from millrace.core.workspace import Workspace
from millrace.kinds.batch import Batch
from millrace.kinds.rows import Params, RowsParams

BATCHES = 20
ROWS = 10
FLAGS: dict[str, Any] = {"heartbeat": 0.2, "lease": 1.5, "durability": "full", "log_level": "info"}


class SlowParams(RowsParams):
    pause: float = Field(default=0.0, ge=0, description="sleep per batch [s]")


@op("crash.rows", effect="write")
def rows(batch: Batch, params: SlowParams, ctx: Context) -> Batch:
    """Mark every row."""
    import pyarrow as pa

    time.sleep(params.pause)
    return batch.append_column("seen", pa.array([True] * batch.num_rows))


class StepsParams(Params):
    name: str = Field(description="dataset to write")
    mode: str = Field(default="replace", description="replace or append")
    pause: float = Field(default=0.0, ge=0, description="sleep per batch [s]")


class StepsResult(BaseModel):
    dataset: str = Field(description="what was written")


@op("crash.steps", effect="write")
def steps(params: StepsParams, ctx: Context) -> Generator[Event, None, StepsResult]:
    """Write numbered rows batch by batch, with a checkpoint after each."""
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    stage = ctx.use(Datasets).stage(ctx, params.name, params.mode)
    start = int(stage.cursor or 0)
    if stage.base.state == "staging":
        for number in range(start, BATCHES):
            time.sleep(params.pause)
            values = list(range(number * ROWS, (number + 1) * ROWS))
            stage.add(pa.table({"n": pa.array(values, pa.int64())}), number + 1)
            yield Checkpoint(data={"batch": number + 1})
            yield Progress.of(number + 1, BATCHES)
    return StepsResult(dataset=stage.publish())


class ChangeParams(Params):
    kind: Literal["column", "delete", "restore"] = Field(description="what to change")
    name: str = Field(default="out", description="dataset to change")
    pause: float = Field(default=0.0, ge=0, description="sleep per batch [s]")


@op("crash.change", effect="write")
def change(params: ChangeParams, ctx: Context) -> StepsResult:
    """Change a dataset into its next version."""
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    store = ctx.use(Datasets)
    made = store.stage(ctx, params.name, params.kind)
    if made.base.state == "published":
        return StepsResult(dataset=made.publish())
    stands = store.info("out@1" if params.kind == "restore" else params.name).lance_version

    def double(batch: Batch) -> Any:
        time.sleep(params.pause)
        return pa.array([2 * n for n in batch.column("n").to_pylist()], pa.int64())

    if params.kind == "column":
        made.together = 1
        made.add_column(stands, pa.field("y", pa.int64()), ["n"], double)
    elif params.kind == "delete":
        made.delete(stands, "n % 3 = 0 or n < 10")
    else:
        made.restore(stands)
    return StepsResult(dataset=made.publish())


def main(root: str, database: str, mode: str, job: str) -> None:
    flags = {**FLAGS, "database": database or None}
    if mode == "worker":
        from millrace.stores.jobs.workers import main as work

        work(root, flags)
        return
    from millrace.stores.jobs import Jobs

    with Workspace.open(root, flags) as workspace:
        workspace.use(Jobs).run(job)
