import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import Cancelled, InvalidInput
from millrace.services.encoder import Encoders
from millrace.services.encoder.encoder import CATEGORY, WINDOW, Encoder
from millrace.services.encoder.hashed import Hashed
from millrace.services.encoder.spec import Spec
from millrace.stores.cache import Cache


class Counting:
    """A backend that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts):
        self.asked.append(list(texts))
        return Hashed(8).embed(texts)


def _encoder(cache=None, **spec):
    backend = Counting()
    return Encoder(Spec("test", 8, **spec), backend, "mark", cache=cache), backend


HOSTILE = [
    "",
    " ",
    None,
    "\x00",
    "\x07\x1b[31m",
    "\ud800",
    "a\udfffb",
    "\ud83d\ude00",
    "\ufeff",
    "\u202eevil",
    "e\u0301" * 500,
    "\U0001f469\u200d\U0001f680",
    "x" * 1_000_000,
    "word " * 200_000,
    " " * 1_000_000 + "end",
]


def test_hostile_texts_have_vectors(local):
    encoder = local.use(Encoders).get()
    found = encoder.encode(HOSTILE)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    empty = found[0]
    np.testing.assert_array_equal(found[2], empty)
    emoji = encoder.encode(["\U0001f600"])
    np.testing.assert_array_equal(found[7], emoji[0])
    np.testing.assert_allclose(found[-1], encoder.encode(["end"])[0], atol=1e-6)
    again = Encoders.open(local).get("hashed-1024").encode(HOSTILE)
    np.testing.assert_allclose(np.linalg.norm(again, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows():
    encoder, backend = _encoder()
    assert encoder.encode([]).shape == (0, 8)
    assert backend.asked == []


@pytest.mark.parametrize("texts", ["one text", b"bytes"])
def test_one_text_is_not_a_list(texts):
    with pytest.raises(InvalidInput, match="Put it in a list"):
        _encoder()[0].encode(texts)


@pytest.mark.parametrize("wrong", [3, 2.5, float("nan"), b"bytes", ["nested"]])
def test_what_is_no_text_is_named_by_place_and_type(wrong):
    with pytest.raises(InvalidInput, match=f"Text 1 is of type '{type(wrong).__name__}'"):
        _encoder()[0].encode(["fine", wrong])


def test_the_prompt_follows_the_kind():
    encoder, backend = _encoder(prompt_query="q: ", prompt_doc="d: ")
    encoder.encode(["a"], kind="query")
    encoder.encode(["a"])
    assert backend.asked == [["q: a"], ["d: a"]]
    with pytest.raises(InvalidInput, match="kind 'title'"):
        encoder.encode(["a"], kind="title")


@given(st.lists(st.sampled_from(["a", "b", "c", None, "d" * 9]), max_size=30))
@settings(max_examples=50, deadline=None)
def test_equal_texts_are_encoded_once_and_rows_keep_their_order(texts):
    encoder, backend = _encoder()
    found = encoder.encode(texts)
    asked = [text for window in backend.asked for text in window]
    assert len(asked) == len(set(asked))
    for row, text in zip(found, texts, strict=True):
        np.testing.assert_array_equal(row, Hashed(8).embed([text or ""])[0])


def test_the_cache_spares_the_work(workspace):
    cache = workspace.use(Cache)
    encoder, backend = _encoder(cache, prompt_query="q: ")
    first = encoder.encode(["a", "b", "a"])
    np.testing.assert_array_equal(encoder.encode(["b", "a", "c"])[:2], first[[1, 0]])
    assert backend.asked == [["a", "b"], ["c"]]
    encoder.encode(["a"], kind="query")
    assert backend.asked[-1] == ["q: a"]
    twin, other = _encoder(cache, prompt_query="q: ")
    np.testing.assert_array_equal(twin.encode(["a"])[0], first[0])
    assert other.asked == []


def test_another_fingerprint_or_a_torn_value_is_a_miss(workspace):
    cache = workspace.use(Cache)
    encoder, backend = _encoder(cache)
    encoder.encode(["a"])
    stranger = Encoder(Spec("test", 8), backend, "other", cache=cache)
    stranger.encode(["a"])
    assert backend.asked == [["a"], ["a"]]
    (key,) = [key for (_, key) in cache._memory if key.startswith("mark:")]
    cache.put(CATEGORY, key, b"torn")
    np.testing.assert_array_equal(encoder.encode(["a"]), Hashed(8).embed(["a"]))
    assert len(backend.asked) == 3


def test_progress_is_told_and_may_stop_the_work(workspace):
    encoder, backend = _encoder(workspace.use(Cache))
    texts = [f"text {n}" for n in range(2 * WINDOW + 1)]
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done > WINDOW:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        encoder.encode(texts, progress=stop)
    assert seen == [(WINDOW, len(texts)), (2 * WINDOW, len(texts))]
    encoder.encode(texts)
    assert backend.asked[-1] == texts[-1:], "what was encoded before the stop is in the cache"


def test_several_threads_share_an_encoder(local):
    encoder = local.use(Encoders).get(cached=False)
    texts = [f"the red fox {n} runs" for n in range(40)]
    expected = encoder.encode(texts)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(encoder.encode(texts))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for one in found:
        np.testing.assert_array_equal(one, expected)
