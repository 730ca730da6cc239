"""Rows asked of a deployment in this process and logged as a server logs them."""

from time import perf_counter, thread_time
from typing import Any

from millrace.core.context import Context
from millrace.deployment.engine import batch, codec
from millrace.deployment.engine.handler import Seen, Served
from millrace.deployment.loader import Loader
from millrace.deployment.traffic import Traffic
from millrace.stores.artifacts import Artifacts


def visit(ctx: Context, name: str, rows: list[dict[str, Any]]) -> int:
    """Ask a deployment about rows, one a request; return how many were logged.

    The path is that of the server but for the network: codec, model, log. Within one job the
    log is written once, however often the job is resumed.
    """
    artifacts = ctx.use(Artifacts)
    deployment = artifacts.get(name, "deployment", ctx.project)
    model = artifacts.get(str(deployment.meta["model"]), "model", ctx.project)
    loaded = ctx.use(Loader).load(model, name)
    loaded.warm_up()
    lane: Any = None  # requests are answered here, one after the other
    price = float(deployment.meta.get("price", 0.0))
    served = Served(name, model.ref, lane, price=price)
    traffic = Traffic(ctx)
    for row in rows:
        begin, spent = perf_counter(), thread_time()
        call = codec.from_rows([row], loaded.signature)
        outcome = batch.run(loaded, [call])[0]
        end = perf_counter()
        traffic.add(Seen(served, call, outcome, begin, end, thread_time() - spent, 0))
    return traffic.flush()
