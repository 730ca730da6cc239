from pathlib import Path

import pytest

from millrace.core.errors import InvalidInput
from millrace.services.encoder.spec import HASHED, SPECS, Spec, find, parse


@pytest.mark.parametrize(
    ("name", "precision", "expected"),
    [
        ("all-minilm-l6-v2", None, ("all-minilm-l6-v2", "fp32")),
        ("All-MiniLM-L6-v2:int8", None, ("all-minilm-l6-v2", "int8")),
        ("gte-small", "int8", ("gte-small", "int8")),
        ("gte-small:int8", "fp32", ("gte-small", "fp32")),
    ],
)
def test_a_name_may_carry_its_precision(name, precision, expected):
    assert parse(name, precision) == expected


def test_unknown_precision_and_name_say_what_there_is():
    with pytest.raises(InvalidInput, match="'int4'.*The precisions are fp32, int8"):
        parse("gte-small:int4")
    with pytest.raises(InvalidInput, match=r"no encoder 'gpt'.*bge-small-en-v1\.5"):
        find("gpt")


def test_languages_gate_by_the_first_part():
    english, any_language = find("all-minilm-l6-v2"), find(HASHED)
    assert english.speaks("en")
    assert english.speaks("en-GB")
    assert english.speaks("EN")
    assert not english.speaks("ru")
    assert any_language.speaks("ru")


def test_prompts_follow_the_kind():
    e5, bge = find("e5-small-v2"), find("bge-small-en-v1.5")
    assert (e5.prompt("query"), e5.prompt("document")) == ("query: ", "passage: ")
    assert bge.prompt("query").startswith("Represent this sentence")
    assert bge.prompt("document") == ""
    with pytest.raises(InvalidInput, match="kind 'passage'.*document, query"):
        e5.prompt("passage")  # pyright: ignore[reportArgumentType] - the wrong value is the test


def test_every_known_encoder_is_usable_as_written():
    for name, spec in SPECS.items():
        assert name == spec.name == name.lower()
        assert spec.dim > 0
        assert 0 < spec.max_len <= 512
        assert spec.hub or name == HASHED
    assert Spec("x", 3).speaks("en")


def test_the_page_lists_every_encoder():
    page = (Path(__file__).parents[3] / "docs" / "encoder.md").read_text(encoding="utf-8")
    assert [name for name in SPECS if f"`{name}`" not in page] == []
