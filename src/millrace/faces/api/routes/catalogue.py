"""What there is to call and to refer to: ops with their schemas, names of things."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from millrace.core.catalog import find
from millrace.core.policy import Effect
from millrace.core.registry import Op, Shape
from millrace.drivers.pipeline.checking import can_be_block
from millrace.faces.api.cached import Cached
from millrace.faces.api.routes.listing import RefLine, refs
from millrace.faces.api.state import Project, served
from millrace.faces.schema import params_schema, result_schema

router = APIRouter(tags=["catalogue"])


class OpLine(BaseModel):
    """One op, in short."""

    name: str = Field(description="folder.verb")
    group: str = Field(description="its folder")
    summary: str = Field(description="its first line")
    effect: Effect = Field(description="what it may do")
    shape: Shape = Field(description="plain: answers at once; rows, steps: a job")
    shortcut: str | None = Field(description="its short name on the command line")
    block: bool = Field(description="whether it can be a block of a pipeline")


class Port(BaseModel):
    """A field through which artifacts go in or come out."""

    name: str = Field(description="path of the field, its parts joined by dots")
    kind: str = Field(description="kind of artifact")
    many: bool = Field(description="whether it takes a list")
    required: bool = Field(description="whether it must be given")


class Ports(BaseModel):
    """What can be wired to an op."""

    inputs: list[Port] = Field(description="artifacts it reads")
    outputs: list[Port] = Field(description="artifacts it makes")


class OpDetail(OpLine):
    """One op, whole."""

    version: int = Field(description="raised when the op changes its meaning")
    doc: str = Field(description="its docstring")
    params: dict[str, Any] = Field(description="JSON Schema of its params, self-contained")
    result: dict[str, Any] = Field(description="JSON Schema of its result, self-contained")
    ports: Ports = Field(description="its typed ports")


@router.get("/ops", summary="List every op", response_model=list[OpLine])
async def list_ops(request: Request) -> Response:
    """List every op in short: for palettes, menus and completion."""
    kept = request.app.state.catalogue
    if "" not in kept:
        kept[""] = Cached([_line(op).model_dump() for op in request.app.state.ops.values()])
    return kept[""].answer(request)


@router.get("/ops/{name}", summary="Show an op with its schemas", response_model=OpDetail)
async def show_op(
    request: Request, name: Annotated[str, Path(max_length=128, description="folder.verb")]
) -> Response:
    """Show one op with its whole help and the schemas that forms are made of."""
    kept = request.app.state.catalogue
    if name not in kept:
        op = request.app.state.ops.get(name) or find(name)
        kept[name] = await asyncio.to_thread(lambda: Cached(detail(op).model_dump()))
    return kept[name].answer(request)


@router.get("/refs", summary="List names of things")
async def list_refs(
    request: Request,
    project: Project,
    kind: Annotated[
        str | None, Query(max_length=32, pattern="^[a-z]*$", description="only things of this kind")
    ] = None,
    contains: Annotated[str, Query(max_length=64, description="only names with this in")] = "",
    limit: Annotated[int, Query(ge=1, le=500, description="names at most")] = 50,
) -> list[RefLine]:
    """List names of a project's artifacts with their newest versions, the newest first."""
    here = served(request)
    return await here.look(lambda _: refs(here.workspace, project, kind or None, contains, limit))


def _line(op: Op) -> OpLine:
    return OpLine(
        name=op.name,
        group=op.group,
        summary=op.summary,
        effect=op.effect,
        shape=op.shape,
        shortcut=op.shortcut,
        block=can_be_block(op),
    )


def detail(op: Op) -> OpDetail:
    """Return everything that can be said of an op."""
    params, result = params_schema(op), result_schema(op)
    return OpDetail(
        **_line(op).model_dump(),
        version=op.version,
        doc=op.doc,
        params=params,
        result=result,
        ports=Ports(inputs=ports(params), outputs=ports(result)),
    )


def ports(schema: dict[str, Any], above: str = "") -> list[Port]:
    """Return the fields of a schema that refer to artifacts, those of objects inside included."""
    found: list[Port] = []
    for name, field in schema.get("properties", {}).items():
        needed = name in schema.get("required", [])
        for part, many in _parts(field):
            if "port" in part:
                path = f"{above}{name}"
                found.append(Port(name=path, kind=part["port"], many=many, required=needed))
            elif not many:
                found.extend(ports(part, f"{above}{name}."))
    return found


def _parts(field: dict[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    """Return a field and what it may be instead, each with whether it stands in a list."""
    found = [(field, False)]
    for choice in field.get("anyOf", []):
        found.extend(_parts(choice))
    if isinstance(field.get("items"), dict):
        found.extend((part, True) for part, _ in _parts(field["items"]))
    return found
