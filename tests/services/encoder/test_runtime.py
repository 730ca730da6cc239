import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core.errors import Internal, InvalidInput
from millrace.services.encoder import runtime
from millrace.services.encoder.build import load
from millrace.services.encoder.weights import describe, in_folder
from tests.services.encoder.reference import tiny


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    found = in_folder(tiny.write(tmp_path_factory.mktemp("tiny")))
    return load(describe(found), found, "f", "fp32", [], 1)


@given(st.lists(st.integers(1, 600)), st.integers(1, 2000))
def test_batches_hold_every_text_once_within_the_budget(lengths, budget):
    found = list(runtime.batches(lengths, budget))
    assert sorted(at for batch in found for at in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[at] for at in batch) <= budget
    ends = [(lengths[batch[0]], lengths[batch[-1]]) for batch in found]
    assert ends == sorted(ends)


def test_a_vector_does_not_depend_on_its_company(small):
    texts = [*tiny.TEXTS, "fox", "the blue dog . " * 7] * 20
    together = small.embed(texts)
    alone = np.vstack([small.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_no_texts_give_no_rows(small):
    assert small.embed([]).shape == (0, tiny.HIDDEN)


def test_an_unknown_provider_is_passed_over(small, tmp_path, caplog):
    with pytest.raises(runtime.Broken):
        runtime.open_session(b"garbage", 1)
    assert "does not run on CPUExecutionProvider" in caplog.text
    with pytest.raises(runtime.Broken):
        runtime.open_session(tmp_path / "absent.onnx", 1)
    with pytest.raises(runtime.Broken):
        runtime.open_session(b"", 1, ["NoSuchProvider"])


def test_the_provider_is_logged(tmp_path, caplog):
    found = in_folder(tiny.write(tmp_path))
    with caplog.at_level(logging.INFO, "millrace.encoder"):
        load(describe(found), found, "f", "fp32", [], 1)
    assert "encoder runs on CPUExecutionProvider with 1 threads" in caplog.text


def test_a_broken_tokenizer_is_named(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"model": "none"}')
    with pytest.raises(InvalidInput, match="not a readable tokenizer"):
        runtime.open_tokenizer(path, 8)


def test_tokens_beyond_the_vocabulary_are_an_error_with_a_hint(small):
    with pytest.raises(Internal, match="must|belong together|Check that tokenizer.json"):
        small._run([[0, 999_999]])


def test_weights_that_are_not_numbers_are_noticed(tmp_path):
    folder = tiny.write(tmp_path)
    tensors = tiny.weights()
    tensors["embeddings.LayerNorm.bias"][:] = np.nan
    tiny.write_safetensors(folder / "model.safetensors", tensors)
    found = in_folder(folder)
    with pytest.raises(Internal, match="not numbers"):
        load(describe(found), found, "f", "fp32", [], 1).embed(["dog"])


def test_every_error_of_the_library_is_translated():
    names = {kind.__name__ for kind in runtime.ERRORS}
    assert {"Fail", "InvalidArgument", "InvalidProtobuf", "RuntimeException"} <= names
