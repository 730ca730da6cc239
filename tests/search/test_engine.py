"""The legs and their fusion, against slow references."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from millrace.search.engine import fuse, legs, vectors, words


def built(path: Path, texts: list[str]) -> Path:
    words.build(path / "w.db", [list(enumerate(texts))])
    return path / "w.db"


def test_words_find_rows_in_both_languages(tmp_path: Path) -> None:
    texts = ["Where is my parcel", "Верните деньги за чайник", "I was refunded twice", "parcels"]
    database = words.open_index(built(tmp_path, texts))
    found = [row for row, _ in words.find(database, words.terms("a parcel"), 5)]
    assert set(found) == {0, 3}
    assert [row for row, _ in words.find(database, words.terms("деньги"), 5)] == [1]
    assert words.find(database, words.terms("refund"), 5)[0][0] == 2
    assert [row for row, _ in words.find(database, ["parcel"], 5, allowed=[3])] == [3]
    assert words.find(database, [], 5) == []
    database.close()


def test_accents_of_their_own_do_not_part_a_word(tmp_path: Path) -> None:
    database = words.open_index(built(tmp_path, ["a naïve approach", "a nai\u0308ve one"]))
    for query in ("naïve", "nai\u0308ve", "NAI\u0308VE", "naive"):
        assert {row for row, _ in words.find(database, words.terms(query), 5)} == {0, 1}, query
    database.close()


def test_directions_of_any_size_are_kept() -> None:
    for size in (1e-30, 1.0, 1e30, 1e300):
        found = vectors.unit(np.array([[3.0, 4.0], [0.0, 0.0]]) * size)
        assert np.allclose(found, [[0.6, 0.8], [0.0, 0.0]])


def test_no_query_is_syntax(tmp_path: Path) -> None:
    database = words.open_index(built(tmp_path, ["plain words", "near NOT or"]))
    for query in ['" OR *', "text:near", "NEAR(a b)", "x' --", "a" * 5000, "\x00", "( ) ^ * -"]:
        words.find(database, words.terms(query), 3)
    assert words.find(database, words.terms("NOT"), 3)[0][0] == 1
    database.close()


def test_stop_words_are_dropped_unless_they_are_all_there_is() -> None:
    assert words.terms("Where is my parcel?") == ["parcel"]
    assert words.terms("to be or not to be") == ["to", "be", "or", "not"]


def test_snippets_mark_what_matched() -> None:
    (cut, other) = words.snippets(["The parcels came late.", "nothing"], words.terms("parcel"))
    assert [cut.text[a:b] for a, b in cut.marks] == ["parcels"]
    assert (other.text, other.marks) == ("nothing", [])


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_nearest_is_exact(n: int, k: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    matrix = vectors.unit(dice.normal(size=(n, 6)).astype(np.float32))
    ids = dice.permutation(n * 3)[:n].astype(np.int64)
    query = vectors.unit(dice.normal(size=(1, 6)).astype(np.float32))[0]
    allowed = ids[dice.random(n) < 0.5]
    for only in (None, allowed):
        rows = [i for i in range(n) if only is None or ids[i] in only]
        wanted = sorted(rows, key=lambda i: (-float(matrix[i] @ query), ids[i]))[:k]
        found = vectors.nearest(ids, matrix, query, k, only)
        assert [row for row, _ in found] == [int(ids[i]) for i in wanted]


def test_nearest_over_several_blocks(monkeypatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 7)
    matrix = vectors.unit(np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32))
    found = vectors.nearest(np.arange(50), matrix, matrix[33], 3)
    assert found[0][0] == 33
    only = vectors.nearest(np.arange(50), matrix, matrix[33], 3, np.arange(20, 40))
    assert only[0][0] == 33


def test_fusion_by_hand() -> None:
    hits = fuse.fuse(
        {"text": [(1, 9.0), (2, 8.0)], "vector": [(2, 0.9), (3, 0.8)]},
        {"text": 0.75, "vector": 0.25},
        10,
    )
    assert [hit.id for hit in hits] == [2, 1, 3]
    assert hits[0].score == 0.75 / 62 + 0.25 / 61
    assert [part.leg for part in hits[0].parts] == ["text", "vector"]
    assert fuse.fuse({"text": [(1, 9.0)]}, {"text": 0.0}, 10) == []


def test_weights_follow_the_better_leg() -> None:
    labels = {row: "ab"[row % 2] for row in range(40)}

    def search(row: int) -> dict[str, fuse.Ranking]:
        same = [(other, 1.0) for other in labels if other % 2 == row % 2]
        wrong = [(other, 1.0) for other in labels if other % 2 != row % 2]
        return {"text": wrong, "vector": same}

    weights, scores = fuse.choose_weights(list(range(10)), labels, search)
    assert weights == {"text": 0.25, "vector": 0.75}  # as good as vectors alone
    assert scores["text 0"] == 1.0
    assert scores["text 1"] == 0.0


def test_scripts() -> None:
    assert legs.latin_share("where is it") == 1.0
    assert legs.latin_share("где она") == 0.0
    assert legs.latin_share("12 345") == 1.0
