"""Identifiers, references and fingerprints."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.core.ids import NAME, REF_KINDS, Ref, check_name, digest, new_id, parse_ref

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
versions = (
    st.none()
    | st.integers(0, 10**6)
    | names.filter(lambda text: not text.isdigit() and text != "latest")
)


@given(st.sampled_from(REF_KINDS), names, versions)
def test_a_reference_survives_being_written(
    kind: str, name: str, version: int | str | None
) -> None:
    ref = Ref(kind, name, version)
    assert parse_ref(str(ref), kind) == ref
    assert parse_ref(str(ref).removeprefix(f"{kind}:"), kind) == ref


@given(st.text(max_size=80))
def test_parsing_gives_a_reference_or_an_error_of_ours(text: str) -> None:
    try:
        ref = parse_ref(text, "dataset")
    except InvalidInput:
        return
    assert NAME.fullmatch(ref.name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "a b",
        "../x",
        "a/b",
        "-a",
        ".a",
        "model:a",
        "dataset:",
        "a@",
        "x" * 65,
        "a:b:c",
        "ä",
    ],
)
def test_names_that_cannot_be(text: str) -> None:
    if text == "a@":
        assert parse_ref(text, "dataset").version is None
        return
    with pytest.raises(InvalidInput):
        parse_ref(text, "dataset")


@pytest.mark.parametrize("version", ["9" * 40, "2147483648", "9" * 5000])
def test_a_version_that_no_database_holds(version: str) -> None:
    with pytest.raises(
        InvalidInput, match="The version '[0-9]+' of a model is too large"
    ) as caught:
        parse_ref(f"model:m@{version}", "model")
    assert len(str(caught.value)) < 200


def test_a_version_is_written_in_plain_digits() -> None:
    assert parse_ref("m@2147483647", "model").version == 2**31 - 1
    assert parse_ref("m@007", "model").version == 7
    for strange in ("²", "٣"):
        with pytest.raises(InvalidInput, match="The alias"):
            parse_ref(f"m@{strange}", "model")


def test_latest_is_no_version() -> None:
    assert parse_ref("a@latest", "dataset") == Ref("dataset", "a", None)


def test_check_name_says_what_is_wrong() -> None:
    assert check_name("a.b-c_1") == "a.b-c_1"
    with pytest.raises(InvalidInput, match="The label 'No' is not valid") as caught:
        check_name("No", "label")
    assert caught.value.facts == {"field": "label"}


def test_ids_are_unique_and_sort_by_time() -> None:
    made = []
    for _ in range(5):
        made.append(new_id("job"))
        time.sleep(0.002)
    assert made == sorted(made)
    assert len({new_id("job") for _ in range(1000)}) == 1000


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_a_digest_does_not_see_the_order_of_keys(value: dict[str, object]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))
    assert len(digest(value)) == 32


def test_a_digest_sees_every_change() -> None:
    assert len({digest(x) for x in (b"", b"a", "a", ["a"], {"a": 1}, {"a": "1"}, None, 0)}) == 8
