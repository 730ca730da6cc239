import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.services.encoder.hashed import Hashed

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6)


@given(TEXTS, st.sampled_from([1, 7, 384, 1024]))
@settings(max_examples=100, deadline=None)
def test_rows_have_length_one_and_depend_on_their_text_alone(texts, dim):
    found = Hashed(dim).embed(texts)
    assert found.shape == (len(texts), dim)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found[::-1], Hashed(dim).embed(texts[::-1]))


def test_vectors_are_the_same_on_every_machine():
    (found,) = Hashed(1024).embed(["Where is my parcel?"])
    places = np.flatnonzero(found)[:5]
    assert places.tolist() == [0, 82, 96, 105, 112]
    np.testing.assert_allclose(found[places] * np.sqrt(57), [-1, -1, -1, -1, 1], atol=1e-5)


def test_spelling_alike_is_near_and_case_does_not_matter():
    hashed = Hashed(1024)
    base, typo, other, upper = hashed.embed(
        ["where is my parcel", "where is my parcell", "refund the invoice", "WHERE is my PARCEL!"]
    )
    assert base @ typo > 0.8
    assert abs(base @ other) < 0.3
    assert base @ upper == pytest.approx(1, abs=1e-6)


def test_texts_without_words_have_a_direction_of_their_own():
    empty, mark, space = Hashed(1024).embed(["", "?!", "   "])
    assert empty @ mark < 0.5
    assert np.linalg.norm(space) == pytest.approx(1)


def test_a_megabyte_is_cut():
    long, cut = Hashed(1024).embed(["ab " * 350_000, ("ab " * 350_000)[:65_536]])
    np.testing.assert_array_equal(long, cut)
