"""Build the ONNX graph of a BERT-family sentence encoder from its weights; numpy and onnx only.

`B` texts, `T` tokens in the longest, `H` hidden size, `A` heads of `D = H / A`. Everything but
attention works on the flat `(B * T, H)` table of tokens.

At int8 a weight matrix has one scale per column and the activations one scale per *token*, not
one per batch as ONNX Runtime's own dynamic quantisation: a text's vector then does not depend on
which texts it was encoded with, and the loss is less than half (docs/decisions/0005).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from millrace.core.errors import InvalidInput
from millrace.services.encoder.spec import Pooling, Precision

VERSION = 1
CONTRIB = "com.microsoft"
WORDS = "embeddings.word_embeddings.weight"
MODEL_TYPES = ("bert", "roberta", "xlm-roberta")
ACTIVATIONS = {
    "gelu": "Gelu",
    "gelu_new": "Gelu tanh",
    "gelu_pytorch_tanh": "Gelu tanh",
    "relu": "Relu",
}
# protobuf cannot hold 2 GiB; the rest of the graph needs a little too.
SIZE_LIMIT = 2**31 - 2**24
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """What the graph must know of config.json."""

    layers: int
    hidden: int
    heads: int
    epsilon: float
    activation: str
    offset: int
    positions: int


def read_shape(config: Mapping[str, Any]) -> Shape:
    """Return the shape that a config.json describes.

    Errors: invalid_input, it is not of the BERT family or a value is absent.
    """
    kind = str(config.get("model_type"))
    if kind not in MODEL_TYPES:
        raise InvalidInput(
            f"An encoder of type '{kind[:40]}' cannot be read.",
            f"The types are {', '.join(MODEL_TYPES)}: BERT and its relatives.",
            field="encoder",
        )
    position = config.get("position_embedding_type", "absolute")
    activation = str(config.get("hidden_act"))
    if position != "absolute" or activation not in ACTIVATIONS:
        raise InvalidInput(
            f"The encoder has positions '{position}' and activation '{activation[:40]}'.",
            f"Positions must be absolute and the activation one of {', '.join(ACTIVATIONS)}.",
            field="encoder",
        )
    try:
        hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        offset = 0 if kind == "bert" else int(config.get("pad_token_id", 1)) + 1
        shape = Shape(
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            heads=heads,
            epsilon=float(config["layer_norm_eps"]),
            activation=activation,
            offset=offset,
            positions=int(config["max_position_embeddings"]) - offset,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"The encoder's config.json lacks a usable {error}.", "Fetch it again.", field="encoder"
        ) from error
    if min(shape.layers, hidden, heads, shape.positions) < 1 or hidden % heads:
        raise InvalidInput(
            f"The encoder's config.json has {heads} heads for a hidden size of {hidden}.",
            "Fetch it again.",
            field="encoder",
        )
    return shape


class Graph:
    """A growing list of nodes and constants; every call returns the name of a value."""

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.tensors = tensors
        known = next((name for name in tensors if name.endswith(WORDS)), None)
        if known is None:
            raise InvalidInput(
                f"The encoder's weights hold no '{WORDS}'.",
                "Name weights of the BERT family.",
                field="encoder",
            )
        self.prefix = known.removesuffix(WORDS)
        self._named: dict[tuple[Any, ...], str] = {}

    def weight(self, name: str) -> Floats:
        """Return a tensor of the weights.

        Errors: invalid_input, there is no such tensor.
        """
        if self.prefix + name not in self.tensors:
            raise InvalidInput(
                f"The encoder's weights hold no '{name}'.",
                "Fetch them again; config.json and model.safetensors must belong together.",
                field="encoder",
            )
        return self.tensors[self.prefix + name]

    def const(self, array: NDArray[Any]) -> str:
        """Add a constant; a 0-d one stays 0-d (ascontiguousarray would make it 1-d)."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def ints(self, *values: int) -> str:
        """Return a 1-d int64 constant, shared by all who ask for it."""
        key = ("ints", *values)
        if key not in self._named:
            self._named[key] = self.const(np.array(values, np.int64))
        return self._named[key]

    def scalar(self, value: float, dtype: Any = np.float32) -> str:
        """Return a 0-d constant, shared by all who ask for it."""
        key = ("scalar", np.dtype(dtype).name, value)
        if key not in self._named:
            self._named[key] = self.const(np.array(value, dtype))
        return self._named[key]

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        return self.ops(1, kind, *inputs, domain=domain, **attributes)[0]

    def ops(
        self, outputs: int, kind: str, *inputs: str, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs."""
        names = [f"v{len(self.nodes)}_{at}" for at in range(outputs)]
        label = f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), names, name=label, domain=domain, **attributes)
        )
        return names

    def norm(self, values: str, name: str, epsilon: float) -> str:
        """Add a layer normalisation with the weights of that name."""
        scale = self.const(self.weight(f"{name}.weight"))
        shift = self.const(self.weight(f"{name}.bias"))
        return self.op("LayerNormalization", values, scale, shift, axis=-1, epsilon=epsilon)


class Builder:
    """Adds the parts of one encoder to a graph."""

    def __init__(self, graph: Graph, shape: Shape, precision: Precision) -> None:
        self.graph = graph
        self.shape = shape
        self.precision = precision

    def dense(self, values: str, names: list[str], scale: float = 1.0) -> str:
        """Add one matrix product for the layers of these names, side by side.

        `scale` is multiplied into the first one's weights (attention's 1 / sqrt(D)).
        """
        graph = self.graph
        weights = [graph.weight(f"{name}.weight").T for name in names]
        biases = [graph.weight(f"{name}.bias") for name in names]
        weights[0], biases[0] = weights[0] * np.float32(scale), biases[0] * np.float32(scale)
        weight, bias = np.concatenate(weights, axis=1), np.concatenate(biases)
        if self.precision == "fp32":
            product = graph.op("MatMul", values, graph.const(weight))
        else:
            product = self._dense_int8(values, weight)
        return graph.op("Add", product, graph.const(bias))

    def _dense_int8(self, values: str, weight: Floats) -> str:
        graph = self.graph
        columns = (np.maximum(np.abs(weight).max(axis=0), 1e-12) / 127).astype(np.float32)
        rounded = np.clip(np.round(weight / columns), -127, 127).astype(np.int8)
        largest = graph.op("ReduceMax", graph.op("Abs", values), graph.ints(1), keepdims=0)
        rows = graph.op("Mul", graph.op("Max", largest, graph.scalar(1e-9)), graph.scalar(1 / 127))
        middle = graph.scalar(128, np.uint8)
        middles = graph.op("Expand", middle, graph.op("Shape", rows))
        whole = graph.op("QuantizeLinear", values, rows, middles, axis=0)
        product = graph.op(
            "MatMulIntegerToFloat",
            whole,
            graph.const(rounded),
            graph.scalar(1.0),
            graph.const(columns),
            middle,
            graph.const(np.zeros(len(columns), np.int8)),
            domain=CONTRIB,
        )
        return graph.op("Mul", product, graph.op("Unsqueeze", rows, graph.ints(1)))

    def embed(self) -> str:
        """Add words, positions and the one token type; return (B * T, H)."""
        graph, shape = self.graph, self.shape
        size = graph.op("Shape", "input_ids")
        zero, one = graph.scalar(0, np.int64), graph.scalar(1, np.int64)
        length = graph.op("Gather", size, one, axis=0)
        places = graph.op("Range", zero, length, one)
        # The token type is always 0, so its vector is added to the positions here.
        start = graph.weight("embeddings.position_embeddings.weight")[shape.offset :]
        start = start + graph.weight("embeddings.token_type_embeddings.weight")[0]
        words = graph.op("Gather", graph.const(graph.weight(WORDS)), "input_ids")
        sums = graph.op("Add", words, graph.op("Gather", graph.const(start), places))
        flat = graph.op("Reshape", sums, graph.ints(-1, shape.hidden))
        return graph.norm(flat, "embeddings.LayerNorm", shape.epsilon)

    def attend(self, values: str, layer: str, masked: str, split: str) -> str:
        """Add self-attention; `masked` is 0 or a large negative number per token."""
        graph, shape = self.graph, self.shape
        names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        depth = shape.hidden // shape.heads
        joined = self.dense(values, names, depth**-0.5)
        query, key, value = (
            graph.op("Reshape", part, split)
            for part in graph.ops(3, "Split", joined, axis=1, num_outputs=3)
        )
        query = graph.op("Transpose", query, perm=[0, 2, 1, 3])
        key = graph.op("Transpose", key, perm=[0, 2, 3, 1])
        value = graph.op("Transpose", value, perm=[0, 2, 1, 3])
        scores = graph.op("Add", graph.op("MatMul", query, key), masked)
        mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
        together = graph.op("Transpose", mixed, perm=[0, 2, 1, 3])
        return graph.op("Reshape", together, graph.ints(-1, shape.hidden))

    def layer(self, values: str, layer: str, masked: str, split: str) -> str:
        """Add one transformer layer."""
        graph, epsilon = self.graph, self.shape.epsilon
        mixed = self.dense(
            self.attend(values, layer, masked, split), [f"{layer}.attention.output.dense"]
        )
        values = graph.norm(
            graph.op("Add", mixed, values), f"{layer}.attention.output.LayerNorm", epsilon
        )
        kind, _, approximate = ACTIVATIONS[self.shape.activation].partition(" ")
        options = {"approximate": approximate} if approximate else {}
        wide = graph.op(kind, self.dense(values, [f"{layer}.intermediate.dense"]), **options)
        narrow = self.dense(wide, [f"{layer}.output.dense"])
        return graph.norm(graph.op("Add", narrow, values), f"{layer}.output.LayerNorm", epsilon)

    def pool(self, values: str, mask: str, pooling: Pooling, normalize: bool) -> str:
        """Add the step from (B * T, H) tokens to (B, H) texts."""
        graph = self.graph
        size = graph.op("Concat", graph.op("Shape", "input_ids"), self._hidden(), axis=0)
        values = graph.op("Reshape", values, size)
        if pooling == "cls":
            found = graph.op("Gather", values, graph.scalar(0, np.int64), axis=1)
        else:
            weights = graph.op("Unsqueeze", mask, graph.ints(2))
            total = graph.op(
                "ReduceSum", graph.op("Mul", values, weights), graph.ints(1), keepdims=0
            )
            count = graph.op("ReduceSum", weights, graph.ints(1), keepdims=0)
            found = graph.op("Div", total, graph.op("Max", count, graph.scalar(1e-9)))
        if normalize:
            length = graph.op("ReduceL2", found, graph.ints(1), keepdims=1)
            found = graph.op("Div", found, graph.op("Max", length, graph.scalar(1e-12)))
        return found

    def _hidden(self) -> str:
        return self.graph.ints(self.shape.hidden)

    def whole(self, pooling: Pooling, normalize: bool) -> str:
        """Add the whole encoder; return the name of the embeddings."""
        graph, shape = self.graph, self.shape
        mask = graph.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        spread = graph.op("Unsqueeze", mask, graph.ints(1, 2))
        masked = graph.op("Mul", graph.op("Sub", graph.scalar(1.0), spread), graph.scalar(-1e9))
        heads = graph.ints(shape.heads, shape.hidden // shape.heads)
        split = graph.op("Concat", graph.op("Shape", "input_ids"), heads, axis=0)
        values = self.embed()
        for number in range(shape.layers):
            values = self.layer(values, f"encoder.layer.{number}", masked, split)
        return self.pool(values, mask, pooling, normalize)


def build(
    shape: Shape,
    tensors: Mapping[str, Floats],
    pooling: Pooling = "mean",
    normalize: bool = True,
    precision: Precision = "fp32",
) -> onnx.ModelProto:
    """Return the graph (input_ids, attention_mask) (B, T) int64 -> embedding (B, H) float32.

    Cost: one copy of the weights. Errors: invalid_input, a tensor is absent, its shape does not
    fit, or the weights need 2 GiB or more.
    """
    graph = Graph(tensors)
    try:
        found = Builder(graph, shape, precision).whole(pooling, normalize)
    except (ValueError, IndexError) as error:
        raise InvalidInput(
            f"The encoder's weights do not fit its config.json: {error}.",
            "Fetch both again.",
            field="encoder",
        ) from error
    if sum(len(constant.raw_data) for constant in graph.constants) > SIZE_LIMIT:
        raise InvalidInput(
            "The encoder's weights need 2 GiB or more as ONNX.",
            "Use a smaller encoder or precision 'int8'.",
            field="encoder",
        )
    graph.nodes.append(helper.make_node("Identity", [found], ["embedding"], name="embedding"))
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "T"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["B", shape.hidden])
    opsets = [helper.make_opsetid("", 20)]
    if precision == "int8":
        opsets.append(helper.make_opsetid(CONTRIB, 1))
    return helper.make_model(
        helper.make_graph(graph.nodes, "encoder", inputs, [output], graph.constants),
        opset_imports=opsets,
        ir_version=10,
        producer_name="millrace",
    )
