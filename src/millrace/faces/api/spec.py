"""The OpenAPI document: typed bodies and answers of every op, and every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from millrace.core.ids import NAME
from millrace.core.registry import Op
from millrace.faces.api.problems import MEDIA, schema
from millrace.kinds.dry import DryRun
from millrace.kinds.job import EventLine, Job
from millrace.kinds.rows import RowsResult

AT = "#/components/schemas/{model}"
LONGEST_WAIT = 600.0  # [s]
LONGEST_KEY = 200
DRY = "application/vnd.millrace.dry-run+json"  # a result and a dry run are told apart by it
PROBLEM = {"$ref": AT.format(model="Problem")}
STATUSES = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in.",
    "403": "The caller may not do this.",
    "404": "A named thing does not exist.",
    "405": "The address does not answer this method.",
    "408": "The request did not come in time.",
    "409": "It exists already, changed meanwhile, or is in the wrong state.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "A value breaks its stated range, type or shape.",
    "429": "A limit is reached.",
    "499": "Somebody stopped it.",
    "500": "A bug.",
    "501": "An optional library is absent.",
    "503": "An outside service did not answer.",
    "504": "A deadline passed.",
}
Key = tuple[Any, JsonSchemaMode]


def op_extra(op: Op) -> dict[str, Any]:
    """Return what the document says of an op's route beyond FastAPI's own words."""
    switch = {"type": "boolean"}
    seconds = {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT}
    query = [_parameter("dry_run", switch, "check the params and say what would happen")]
    query.append(_parameter("background", switch, "queue it for the workers; answers 202"))
    if op.shape != "plain":
        query.append(_parameter("wait", seconds, "longest time to wait for the result [s]"))
    header = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "a repeat under the same key returns the first result",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    }
    project = {
        "name": "Millrace-Project",
        "in": "header",
        "required": False,
        "description": "project to work in; default: the setting's",
        "schema": {"type": "string", "pattern": f"^{NAME.pattern}$"},
    }
    return {
        "parameters": [*query, header, project],
        "x-millrace-op": op.name,
        "x-effect": op.effect,
    }


def _parameter(name: str, schema: dict[str, Any], said: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": said,
        "schema": schema,
    }


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the document says of a route that reads a JSON body itself."""
    content = {"application/json": {"schema": model.model_json_schema(ref_template=AT)}}
    return {"requestBody": {"required": True, "content": content}}


def fill(app: FastAPI, ops: dict[str, Op]) -> dict[str, Any]:
    """Return the document of an app with the bodies, answers and errors of its ops."""
    body = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    names, schemas = _schemas(ops)
    components = body.setdefault("components", {}).setdefault("schemas", {})
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    components.update(schemas, Problem=schema())
    for entry in body["paths"].values():
        for operation in entry.values():
            op = ops.get(operation.get("x-millrace-op", ""))
            if op is not None:
                _fill_op(operation, op, names)
            for said in operation.get("requestBody", {}).get("content", {}).values():
                components.update(said["schema"].get("$defs", {}))
            _fill_errors(operation)
    body["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    body["security"] = [{"token": []}]
    return body


def _schemas(ops: dict[str, Op]) -> tuple[dict[Key, Any], dict[str, Any]]:
    models: list[Key] = [(model, "serialization") for model in (Job, EventLine, DryRun)]
    for op in ops.values():
        models.append((op.params, "validation"))
        models.append((op.result or RowsResult, "serialization"))
    names, definitions = models_json_schema(models, ref_template=AT)
    return dict(names), definitions.get("$defs", {})


def _fill_op(operation: dict[str, Any], op: Op, names: dict[Key, Any]) -> None:
    result = names[op.result or RowsResult, "serialization"]
    job = names[Job, "serialization"]
    operation["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": names[op.params, "validation"]}},
    }
    operation["responses"] = {
        "200": _answer("The result; of a dry run, what would happen.", result),
        "202": _answer("The job that will do it.", job),
    }
    dry = names[DryRun, "serialization"]
    operation["responses"]["200"]["content"][DRY] = {"schema": dry}


def _answer(said: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"schema": found}}}


def _fill_errors(operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    for status, said in STATUSES.items():
        told = responses.setdefault(status, {"description": said})
        told.setdefault("content", {})[MEDIA] = {"schema": PROBLEM}
