"""Complaints about params: what should be, what the field means, what was probably meant."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from millrace.core.registry import invalid
from millrace.kinds.filter import Filter


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: float = Field(default=2.0, gt=0.5, description="width [m]")


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2, description="what it is called")
    size: int = Field(default=20, ge=1, le=1000, description="rows shown [rows]")
    share: float = Field(default=0.5, le=1, description="share [0..1]")
    kind: Literal["a", "b"] = Field(default="a", description="which one")
    loud: bool = Field(default=False, description="whether it is loud")
    inner: Inner | None = Field(default=None, description="measures")
    parts: list[Inner] = Field(default_factory=list[Inner], description="several")
    words: dict[str, Annotated[str, Field(max_length=3)]] = Field(
        default_factory=dict[str, str], description="short words"
    )
    filter: Filter | None = Field(default=None, description="rows that are shown")
    bare: int = 0

    @model_validator(mode="after")
    def _both(self) -> "Given":
        if self.loud and self.kind == "b":
            raise ValueError("b cannot be loud")
        return self


def complaint(**raw: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate({"name": "ok", **raw})
    found = invalid("barn.x", Given, caught.value)
    return found.problem, found.hint


FIELDS = "Its fields are bare, filter, inner, kind, loud, name, parts, share, size, words."


@pytest.mark.parametrize(
    ("raw", "said", "hint"),
    [
        (
            {"size": "x"},
            "'x': it should be a whole number.",
            "'size' means: rows shown [rows]. Left out, it is 20.",
        ),
        ({"size": 1.5}, "1.5: it should be a whole number.", None),
        ({"size": 2000}, "2000: it should be at most 1000.", None),
        (
            {"share": 3},
            "3: it should be at most 1.",
            "'share' means: share [0..1]. Left out, it is 0.5.",
        ),
        ({"share": "much"}, "'much': it should be a number.", None),
        (
            {"kind": "c"},
            "'c': it should be 'a' or 'b'.",
            "'kind' means: which one. Left out, it is 'a'.",
        ),
        ({"loud": "very"}, "'very': it should be true or false.", None),
        (
            {"name": "x"},
            "'x': it should have at least 2 characters.",
            "'name' means: what it is called.",
        ),
        ({"parts": 1}, "1: it should be a list.", "'parts' means: several."),
        (
            {"inner": {"width": 0}},
            "0: it should be more than 0.5.",
            "'inner.width' means: width [m]. Left out, it is 2.",
        ),
        (
            {"parts": [{}, {"width": "w"}]},
            "'w': it should be a number.",
            "'parts.1.width' means: width [m]. Left out, it is 2.",
        ),
        ({"words": {"k": "long"}}, "'long': it should have at most 3 characters.", None),
        (
            {"filter": {"column": 5}},
            "5: it should be text.",
            "'filter.column' means: column to compare.",
        ),
        ({"bare": "x"}, "'x': it should be a whole number.", FIELDS),
        ({"loud": True, "kind": "b"}, "cannot take this: b cannot be loud.", FIELDS),
        ({"siez": 1}, "has no field 'siez'.", f"Did you mean 'size'? {FIELDS}"),
        ({"zzz": 1}, "has no field 'zzz'.", FIELDS),
        (
            {"inner": {"with": 1}},
            "has no field 'inner.with'.",
            "Did you mean 'width'? 'inner' takes width.",
        ),
        ({"parts": [{"high": 1}]}, "has no field 'parts.0.high'.", "'parts.0' takes width."),
        ({"filter": {"x": 1}}, "has no field 'filter.x'.", "'filter' takes column, op, value."),
        (
            {"filter": {"not": {"any": [{"colum": 1}]}}},
            "has no field 'filter.not.any.0.colum'.",
            "Did you mean 'column'? 'filter.not.any.0' takes column, op, value.",
        ),
    ],
)
def test_a_complaint_says_what_to_do(raw: dict[str, Any], said: str, hint: str | None) -> None:
    problem, next_step = complaint(**raw)
    assert problem.endswith(said)
    assert hint is None or next_step == hint


def test_what_is_needed_is_explained() -> None:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate({})
    found = invalid("barn.x", Given, caught.value)
    assert (found.problem, found.hint) == (
        "Op 'barn.x' needs 'name'.",
        "'name' means: what it is called.",
    )
    with pytest.raises(ValidationError) as caught:
        Given.model_validate([])
    assert "is []: it should be an object" in invalid("barn.x", Given, caught.value).problem
