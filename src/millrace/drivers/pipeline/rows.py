"""The blocks that pipelines bring themselves: rows that pass a filter, rows through code."""

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotAllowed, choices
from millrace.core.ids import digest, parse_ref
from millrace.drivers.pipeline.types import CodeParams, CodeResult, FilterParams, FilterResult
from millrace.kinds.filter import compile_filter
from millrace.stores.datasets import Datasets


def keep(params: FilterParams, ctx: Context) -> FilterResult:
    """Write the rows that pass the filter."""
    datasets = ctx.use(Datasets)
    info = datasets.info(params.dataset, ctx.project)
    wanted = compile_filter(params.filter, {f.name: str(f.type) for f in info.schema})
    unknown = set(params.drop) - set(info.schema.names)
    if unknown:
        raise InvalidInput(
            f"'{info.ref}' has no column {choices(list(unknown))}.",
            f"Its columns are {choices(info.schema.names, 20)}.",
            field="drop",
        )
    columns = [name for name in info.schema.names if name not in params.drop]
    rows = datasets.read(info.ref, columns, filter=wanted, project=ctx.project)
    if not rows.num_rows:
        raise InvalidInput(f"No row of '{info.ref}' passes the filter.", "Loosen it.")
    meta = {"op": "pipeline.filter", "params": params.model_dump(mode="json")}
    made = datasets.write(ctx, params.output, rows, parents=[info.ref], meta=meta)
    return FilterResult(dataset=made, rows_in=info.rows, rows=rows.num_rows)


def transform(params: CodeParams, ctx: Context) -> CodeResult:
    """Write what the code makes of the rows."""
    from millrace.drivers.pipeline.engine import code

    if not ctx.workspace.settings.allow_code:
        raise NotAllowed(
            "Custom code is not allowed in this workspace.",
            "The owner of the machine allows it with 'allow_code = true' in millrace.toml "
            "or MILLRACE_ALLOW_CODE=true; docs/pipeline.md says what that means.",
            setting="allow_code",
        )
    datasets = ctx.use(Datasets)
    table = datasets.read(params.dataset, project=ctx.project)
    source = datasets.info(params.dataset, ctx.project)
    made = code.run(params.code, table, params.timeout, params.memory, ctx.check)
    if not made.num_rows or not made.num_columns:
        raise InvalidInput("The code returned no rows.", "Return a table that has some.")
    output = params.output or parse_ref(source.ref, "dataset").name
    meta = {"op": "pipeline.python", "code": digest(params.code.encode())}
    ref = datasets.write(ctx, output, made, parents=[source.ref], meta=meta)
    names = [name for name in made.column_names if name != "_id"]
    return CodeResult(dataset=ref, rows_in=source.rows, rows=made.num_rows, columns=names)
