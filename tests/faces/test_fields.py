"""Flags from params and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core import catalog
from millrace.core.errors import InvalidInput
from millrace.faces.cli.command import command_of, read_params
from millrace.faces.cli.fields import Flag, collect, flags_of


def flags() -> dict[str, Flag]:
    return {flag.option: flag for flag in flags_of(catalog.find("sample.echo_back").params)}


def test_every_leaf_has_one_flag() -> None:
    assert sorted(flags()) == [
        "--box-is-open",
        "--box-width",
        "--color",
        "--is-loud",
        "--level",
        "--names",
        "--search-country",
        "--search-kind",
        "--search-radius",
        "--sizes",
        "--weights",
    ]


def test_helps_say_default_choices_and_unit() -> None:
    found = flags()
    assert found["--color"].help() == "a colour {red|blue} [default: red]"
    assert found["--box-width"].help() == "width [m] [default: 1]"
    first = flags_of(catalog.find("sample.add").params)[0]
    assert first.help() == "first number [required]"
    assert first.positional


def parse(words: list[str]) -> dict[str, Any]:
    """Run the real parser and return the raw params."""
    seen: dict[str, Any] = {}
    op = catalog.find("sample.echo_back")
    command = command_of(op, lambda _op, raw, _options: seen.update(raw))
    command.main(words, standalone_mode=False)
    return seen


def words_of(params: dict[str, Any]) -> list[str]:
    """Write params as a user would type them."""
    found: list[str] = []
    for name in params.get("names", []):
        found.append(f"--names={name}")
    for size in params.get("sizes", []):
        found.append(f"--sizes={size}")
    if "color" in params:
        found.append(f"--color={params['color']}")
    for name, value in params.get("box", {}).items():
        if isinstance(value, bool):
            found.append("--box-is-open" if value else "--no-box-is-open")
        else:
            found.append(f"--box-{name}={value}")
    for name, value in params.get("search", {}).items():
        found.append(f"--search-{name}={value}")
    if "weights" in params:
        found.append(f"--weights={json.dumps(params['weights'])}")
    if "level" in params:
        found.append(f"--level={params['level']}")
    return found


text = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=8)
params = st.fixed_dictionaries(
    {},
    optional={
        "names": st.lists(text, min_size=1, max_size=4),
        "sizes": st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=4),
        "color": st.sampled_from(["red", "blue"]),
        "box": st.fixed_dictionaries(
            {"width": st.integers(1, 9)}, optional={"is_open": st.booleans()}
        ),
        "search": st.one_of(
            st.fixed_dictionaries({"kind": st.just("near"), "radius": st.floats(0.1, 10)}),
            st.fixed_dictionaries({"kind": st.just("far"), "country": text}),
        ),
        "weights": st.dictionaries(text, st.floats(allow_nan=False, allow_infinity=False)),
        "level": st.integers(),
    },
)


@given(params)
def test_what_is_typed_arrives(given_params: dict[str, Any]) -> None:
    assert parse(words_of(given_params)) == given_params


def test_flags_win_over_params() -> None:
    raw = parse(["--params", '{"color": "red", "box": {"width": 2}}', "--box-is-open"])
    assert raw == {"color": "red", "box": {"width": 2, "is_open": True}}


def test_what_does_not_fit_is_left_to_the_model() -> None:
    raw = parse(["--sizes", "many", "--color", "green", "--level", "high"])
    assert raw == {"sizes": ["many"], "color": "green", "level": "high"}


def test_broken_json_in_a_flag_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="'--weights' is not valid JSON") as caught:
        parse(["--weights", "{oops"])
    assert caught.value.facts == {"field": "weights"}


@pytest.mark.parametrize("text", ["{", "[1]", "nope", '"x"'])
def test_params_must_be_an_object(text: str) -> None:
    with pytest.raises(InvalidInput, match="params in '--params'"):
        read_params(text)


def test_params_from_a_file(tmp_path: Any) -> None:
    path = tmp_path / "params.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    assert read_params(f"@{path}") == {"a": 1}
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_params(f"@{path}.none")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_params(f"@{path}")


def test_given_values_do_not_change_the_base() -> None:
    base = {"box": {"width": 1}}
    collect([(flags()["--box-width"], "4")], base)
    assert base == {"box": {"width": 1}}
