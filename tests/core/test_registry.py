"""The op registry: three shapes, programmer mistakes found at import, errors in our words."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator

from millrace.core import registry
from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.events import Event
from millrace.core.registry import Op, of_function, op
from millrace.kinds.batch import Batch
from millrace.kinds.rows import Params


class In(Params):
    """What goes in."""

    size: int = Field(default=1, ge=1, le=9, description="size")
    names: list[str] = Field(default_factory=list, description="names")

    @field_validator("names")
    @classmethod
    def _no_empty(cls, value: list[str]) -> list[str]:
        if "" in value:
            raise ValueError("a name is empty")
        return value


class Out(BaseModel):
    """What comes out."""

    size: int = Field(description="size")


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "OPS", {})
    monkeypatch.setattr(registry, "_BY_FUNCTION", {})


def plain(params: In, ctx: Context) -> Out:
    """Do it at once."""
    del ctx
    return Out(size=params.size)


def rows(batch: Batch, params: In, ctx: Context) -> Batch:
    """Do it batch by batch."""
    del params, ctx
    return batch


def steps(params: In, ctx: Context) -> Generator[Event, None, Out]:
    """Do it step by step."""
    del ctx
    yield Event(kind="step")
    return Out(size=params.size)


@pytest.mark.parametrize(
    ("function", "shape", "result"),
    [(plain, "plain", Out), (rows, "rows", None), (steps, "steps", Out)],
)
def test_the_shape_is_read_from_the_signature(
    function: Callable[..., Any], shape: str, result: type[BaseModel] | None
) -> None:
    assert op("barn.do_it", effect="read")(function) is function
    found = of_function(function)
    assert (found.shape, found.params, found.result) == (shape, In, result)
    assert (found.group, found.verb, found.summary) == ("barn", "do_it", function.__doc__)
    assert {"barn.do_it": found} == registry.OPS


def no_docstring(params: In, ctx: Context) -> Out:
    return plain(params, ctx)


def untyped(params, ctx):  # type: ignore[no-untyped-def]
    """Have no types."""


def other_context(params: In, ctx: object) -> Out:
    """Take another context."""
    raise NotImplementedError


def no_model(params: dict[str, int], ctx: Context) -> Out:
    """Take a dict."""
    raise NotImplementedError


def no_result(params: In, ctx: Context) -> dict[str, int]:
    """Give a dict."""
    raise NotImplementedError


def odd(one: In, params: In, ctx: Context) -> Out:
    """Take one too many."""
    raise NotImplementedError


def iterator(params: In, ctx: Context) -> Iterator[Event]:
    """Give events and no result."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_docstring, "has no docstring"),
        (untyped, "'params' must be typed"),
        (other_context, "'ctx' must be typed Context"),
        (no_model, "'params' must be typed"),
        (no_result, "the result must be a pydantic model"),
        (odd, "fit no shape"),
        (iterator, "the result must be a pydantic model"),
    ],
)
def test_a_programmers_mistake_is_found_at_import(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        op("barn.wrong", effect="read")(function)
    assert registry.OPS == {}


@pytest.mark.parametrize("name", ["barn", "barn.do.it", "", "barn.do it", "barn.do-it", "."])
def test_an_op_is_named_folder_verb(name: str) -> None:
    with pytest.raises(TypeError, match="is not named folder.verb"):
        op(name, effect="read")


def test_an_op_needs_a_known_effect() -> None:
    with pytest.raises(TypeError, match="effect 'harmless' is not one of read, write"):
        op("barn.x", effect="harmless")  # type: ignore[arg-type]


def test_roles_named_on_an_op_must_exist() -> None:
    op("barn.x", effect="write", also=("annotator",))(plain)
    assert registry.OPS["barn.x"].also == ("annotator",)
    with pytest.raises(TypeError, match="milker"):
        op("barn.y", effect="write", also=("milker",))(plain)


def test_a_name_is_taken_once() -> None:
    op("barn.x", effect="read")(plain)
    op("barn.x", effect="read")(plain)  # the same module again, as a reload does

    def other(params: In, ctx: Context) -> Out:
        """Be another."""
        return plain(params, ctx)

    other.__module__ = "elsewhere"
    with pytest.raises(TypeError, match="registered twice"):
        op("barn.x", effect="read")(other)


def test_a_plain_function_is_no_op() -> None:
    with pytest.raises(TypeError, match="is not an op"):
        of_function(plain)


@pytest.fixture
def found() -> Op:
    op("barn.x", effect="read")(plain)
    return of_function(plain)


@pytest.mark.parametrize(
    ("raw", "problem", "field", "rule"),
    [
        (
            {"size": 0},
            "Field 'size' of 'barn.x' is 0: it should be at least 1.",
            "size",
            {"rule": "greater_than_equal", "bounds": {"ge": 1}},
        ),
        (
            {"size": "x"},
            "Field 'size' of 'barn.x' is 'x': it should be a whole number.",
            "size",
            {"rule": "int_parsing"},
        ),
        ({"sise": 1}, "Op 'barn.x' has no field 'sise'.", "sise", {"rule": "extra_forbidden"}),
        (
            {"names": [""]},
            "Field 'names' of 'barn.x' is ['']: a name is empty.",
            "names",
            {"rule": "value_error"},
        ),
        (
            {"names": ["a", 1]},
            "Field 'names.1' of 'barn.x' is 1: it should be text.",
            "names.1",
            {"rule": "string_type"},
        ),
        (
            [],
            "Field 'params' of 'barn.x' is []: it should be an object",
            "params",
            {"rule": "model_type"},
        ),
        (None, "Field 'params' of 'barn.x' is None", "params", {"rule": "model_type"}),
    ],
)
def test_the_first_broken_field_is_named(
    found: Op, raw: object, problem: str, field: str, rule: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        found.validate(raw)
    assert caught.value.problem.startswith(problem)
    assert caught.value.facts == {"field": field, "op": "barn.x", **rule}


def test_a_long_value_is_cut_in_the_message(found: Op) -> None:
    with pytest.raises(InvalidInput) as caught:
        found.validate({"size": "x" * 1000})
    assert len(caught.value.problem) < 250


def test_a_model_is_taken_as_it_is(found: Op) -> None:
    params = In(size=3)
    assert found.validate(params) is params
    assert found.validate({"size": 3}) == params


def test_text_that_is_no_unicode_is_refused(found: Op) -> None:
    for raw in ({"names": ["a\ud800"]}, In(names=["\udcff"])):
        with pytest.raises(InvalidInput, match="holds text that is not Unicode") as caught:
            found.validate(raw)
        assert caught.value.facts == {"field": "names", "op": "barn.x"}
