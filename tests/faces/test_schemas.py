"""Schemas for agents: self-contained, in the shapes that agent libraries read."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from millrace.core import catalog
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.workspace import Workspace
from millrace.faces.backend.local import Local
from millrace.faces.schema import inline, params_schema, result_schema, schema_hash
from millrace.faces.tools import STYLES, call_tool, tool_schema, tool_schemas


class Leaf(BaseModel):
    """A leaf."""

    size: int = Field(description="size")


class Tree(BaseModel):
    """A tree, which holds trees."""

    leaf: Leaf = Field(description="its leaf")
    leaves: list[Leaf] = Field(description="more leaves")
    children: list["Tree"] = Field(default_factory=list, description="its children")


@pytest.mark.parametrize("op", catalog.load_all().values(), ids=lambda op: op.name)
def test_every_schema_is_valid_and_stands_alone(op: Any) -> None:
    for schema in (params_schema(op), result_schema(op)):
        Draft202012Validator.check_schema(schema)
        if "$defs" not in schema:
            assert "$ref" not in json.dumps(schema)


def test_references_are_written_out_and_words_beside_them_win() -> None:
    schema = inline(Tree.model_json_schema())
    assert schema["$defs"].keys() == {"Leaf", "Tree"}
    Draft202012Validator(schema).validate(
        {"leaf": {"size": 1}, "leaves": [], "children": [{"leaf": {"size": 2}, "leaves": []}]}
    )
    assert not Draft202012Validator(schema).is_valid(
        {"leaf": {"size": 1}, "leaves": [], "children": [{"leaf": {"size": "x"}, "leaves": []}]}
    )


def test_hash_changes_with_the_schema_only() -> None:
    ops = catalog.load_all()
    assert schema_hash(ops) == schema_hash(dict(reversed(ops.items())))
    fewer = {name: op for name, op in ops.items() if name != "sample.add"}
    assert schema_hash(fewer) != schema_hash(ops)


@pytest.mark.parametrize("style", STYLES)
def test_every_op_is_a_tool_in_every_style(style: str) -> None:
    tools = tool_schemas(style)
    assert len(tools) == len(catalog.load_all())
    assert json.loads(json.dumps(tools)) == tools
    names = [tool["function"]["name"] if style == "openai" else tool["name"] for tool in tools]
    assert names == sorted(set(names))
    assert "sample_add" in names


def test_the_shapes() -> None:
    op = catalog.find("sample.note")
    body = {
        "additionalProperties": False,
        "description": "What to write down.",
        "properties": {
            "name": {"description": "name of the note", "maxLength": 64, "type": "string"},
            "text": {
                "default": "",
                "description": "what it says",
                "maxLength": 200,
                "type": "string",
            },
        },
        "required": ["name"],
        "type": "object",
    }
    said = "Write a note."
    assert tool_schema(op, "anthropic") == {
        "name": "sample_note",
        "description": said,
        "input_schema": body,
    }
    assert tool_schema(op, "openai") == {
        "type": "function",
        "function": {"name": "sample_note", "description": said, "parameters": body},
    }
    mcp = tool_schema(op, "mcp")
    assert mcp["inputSchema"] == body
    assert mcp["annotations"]["readOnlyHint"] is False
    assert tool_schema(op)["effect"] == "write"


def test_a_field_called_title_is_kept() -> None:
    class Book(BaseModel):
        title: str = Field(description="its title")

    from millrace.faces.tools import for_agents

    schema = for_agents(Book.model_json_schema())
    assert schema["properties"] == {"title": {"description": "its title", "type": "string"}}


def test_unknown_style_and_tool(opened: Workspace) -> None:
    with pytest.raises(InvalidInput, match="no tool style 'x'"):
        tool_schemas("x")
    with pytest.raises(NotFound, match="no tool 'sample.add'"):
        call_tool(Local(opened), "sample.add", {})
