import numpy as np
import onnx
import pytest

from millrace.core.errors import InvalidInput
from millrace.services.encoder import graph, weights
from millrace.services.encoder.build import load
from millrace.services.encoder.tensors import Tensors
from tests.services.encoder.reference import tiny


def _build(folder, precision="fp32", **changes):
    tiny.write(folder, **changes)
    found = weights.in_folder(folder)
    shape = graph.read_shape(found.read("config.json"))
    return graph.build(shape, Tensors(folder / "model.safetensors"), precision=precision)


@pytest.mark.parametrize("kind", list(tiny.KINDS))
@pytest.mark.parametrize(("precision", "floor"), [("fp32", 1 - 1e-5), ("int8", 0.99)])
def test_every_branch_equals_the_reference(tmp_path, recorded, kind, precision, floor):
    found = weights.in_folder(tiny.write(tmp_path / kind, kind))
    runtime = load(weights.describe(found), found, "f", precision, [], 1)
    vectors = runtime.embed(tiny.TEXTS)
    assert vectors.dtype == np.float32
    assert (vectors * recorded[kind]).sum(axis=1).min() > floor


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_graph_is_valid_and_keeps_scalars(tmp_path, precision):
    model = _build(tmp_path, precision)
    onnx.checker.check_model(model)
    scalars = [one for one in model.graph.initializer if not one.dims]
    assert len(scalars) >= 5
    named = [one.name for one in model.graph.initializer]
    used = {name for node in model.graph.node for name in node.input}
    assert set(named) <= used
    assert len(named) == len(set(named))


def test_the_same_weights_give_the_same_bytes(tmp_path):
    first, second = _build(tmp_path / "a"), _build(tmp_path / "b")
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(
        deterministic=True
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model_type": "distilbert"}, "type 'distilbert'"),
        ({"model_type": None}, "type 'None'"),
        ({"hidden_act": "swish"}, "activation 'swish'"),
        ({"position_embedding_type": "relative_key"}, "positions 'relative_key'"),
        ({"layer_norm_eps": None}, "config.json lacks"),
        ({"hidden_size": "wide"}, "config.json lacks"),
        ({"num_attention_heads": 5}, "5 heads for a hidden size of 32"),
        ({"num_attention_heads": 0}, "0 heads"),
        ({"num_hidden_layers": 3}, r"hold no 'encoder\.layer\.2"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, changes, why):
    with pytest.raises(InvalidInput, match=why):
        _build(tmp_path, **changes)


def test_weights_of_something_else_are_refused(tmp_path):
    tiny.write_safetensors(tmp_path / "m", {"conv.weight": np.ones((2, 2), np.float32)})
    config = weights.in_folder(tiny.write(tmp_path / "t")).read("config.json")
    with pytest.raises(InvalidInput, match="hold no 'embeddings.word_embeddings.weight'"):
        graph.build(graph.read_shape(config), Tensors(tmp_path / "m"))


def test_weights_of_another_width_are_refused(tmp_path):
    folder = tiny.write(tmp_path)
    tensors = tiny.weights()
    tensors["encoder.layer.0.attention.self.key.weight"] = np.ones((4, 9), np.float32)
    tiny.write_safetensors(folder / "model.safetensors", tensors)
    config = weights.in_folder(folder).read("config.json")
    with pytest.raises(InvalidInput, match="do not fit its config.json"):
        graph.build(graph.read_shape(config), Tensors(folder / "model.safetensors"))
