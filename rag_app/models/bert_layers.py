"""The network of a BERT encoder (Devlin et al., 2018), operation by operation of OpenVINO."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[Any]]
Head = Callable[[Any, Any], Any]  # nodes of the (b, t, d) states and the (b, t) mask to one more


class Tokens(NamedTuple):
    """A batch as BERT reads it; three (b, t) int64 arrays."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mask: NDArray[np.int64]


def network(weights: Weights, config: dict[str, Any], head: Head, *, in_bytes: bool = False) -> Any:
    """BERT with a head on it; takes what `Tokens` names.

    Args:
        weights: By the names that transformers gives them.
        config: As transformers writes it.
        head: What is made of the last states.
        in_bytes: Compute the linear layers with a byte for each weight.
    """
    import openvino
    from openvino import opset13 as op

    layers = _Layers(weights, config, in_bytes=in_bytes)
    ids, types, mask = (
        op.parameter([-1, -1], openvino.Type.i64, name=name) for name in Tokens._fields
    )
    states = layers.embed(ids, types)
    # Minus infinity would make a row of nothing but padding not a number.
    seen = op.unsqueeze(op.convert(mask, "boolean"), _axes(1, 2))
    bias = op.select(seen, op.constant(np.float32(0)), op.constant(np.float32(-1e9)))
    for number in range(config["num_hidden_layers"]):
        states = layers.transform(states, bias, f"encoder.layer.{number}")
    return openvino.Model([head(states, mask)], [ids, types, mask], "bert")


class _Layers:
    """The parts of the network, by the names that transformers gives their weights."""

    def __init__(self, weights: Weights, config: dict[str, Any], *, in_bytes: bool) -> None:
        self._weights = weights
        self._in_bytes = in_bytes
        self._heads: int = config["num_attention_heads"]
        self._width: int = config["hidden_size"]
        self._epsilon: float = config.get("layer_norm_eps", 1e-12)

    def embed(self, ids: Any, types: Any) -> Any:
        """Words, kinds and places of the tokens, (b, t, d)."""
        from openvino import opset13 as op

        zero, one = op.constant(np.int64(0)), op.constant(np.int64(1))
        length = op.gather(op.shape_of(ids), one, zero)
        places = op.range(zero, length, one, "i64")
        rows = [
            op.gather(self._constant(f"embeddings.{name}_embeddings.weight"), which, zero)
            for name, which in (("word", ids), ("token_type", types), ("position", places))
        ]
        return self._norm(op.add(op.add(rows[0], rows[1]), rows[2]), "embeddings.LayerNorm")

    def transform(self, states: Any, bias: Any, layer: str) -> Any:
        """Self-attention, then two linear layers, each added to what came in."""
        from openvino import opset13 as op

        mixed = self._attend(states, bias, f"{layer}.attention.self")
        mixed = self._linear(mixed, f"{layer}.attention.output.dense")
        states = self._norm(op.add(states, mixed), f"{layer}.attention.output.LayerNorm")
        inner = op.gelu(self._linear(states, f"{layer}.intermediate.dense"), "erf")
        outer = self._linear(inner, f"{layer}.output.dense")
        return self._norm(op.add(states, outer), f"{layer}.output.LayerNorm")

    def _attend(self, states: Any, bias: Any, layer: str) -> Any:
        from openvino import opset13 as op

        # In a shape, 0 stands for "as it was".
        apart = op.constant(np.array([0, 0, self._heads, self._width // self._heads], np.int64))
        together = op.constant(np.array([0, 0, self._width], np.int64))
        swapped = _axes(0, 2, 1, 3)
        query, key, value = (
            op.transpose(op.reshape(self._linear(states, f"{layer}.{name}"), apart, True), swapped)
            for name in ("query", "key", "value")
        )
        mixed = op.scaled_dot_product_attention(query, key, value, bias)
        return op.reshape(op.transpose(mixed, swapped), together, True)

    def _norm(self, values: Any, layer: str) -> Any:
        from openvino import opset13 as op

        even = op.mvn(values, _axes(-1), True, self._epsilon, "inside_sqrt")
        scaled = op.multiply(even, self._constant(f"{layer}.weight"))
        return op.add(scaled, self._constant(f"{layer}.bias"))

    def _linear(self, values: Any, layer: str) -> Any:
        weight, bias = self._weights[f"{layer}.weight"], self._weights[f"{layer}.bias"]
        return linear(values, weight, bias, in_bytes=self._in_bytes)

    def _constant(self, name: str) -> Any:
        from openvino import opset13 as op

        return op.constant(self._weights[name])


def _axes(*numbers: int) -> Any:
    from openvino import opset13 as op

    return op.constant(np.array(numbers, np.int64))


def mean_pooling(states: Any, mask: Any) -> Any:
    """The mean of the states of what is no padding, (b, d)."""
    from openvino import opset13 as op

    seen = op.unsqueeze(op.convert(mask, "f32"), _axes(2))
    return op.divide(
        op.reduce_sum(op.multiply(states, seen), _axes(1)), op.reduce_sum(seen, _axes(1))
    )


def first_state(states: Any, _: Any) -> Any:
    """The state at [CLS], (b, d)."""
    from openvino import opset13 as op

    return op.gather(states, op.constant(np.int64(0)), op.constant(np.int64(1)))


def linear(
    values: Any,
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    *,
    in_bytes: bool = False,
) -> Any:
    """x Wᵀ + b, as torch keeps W; on request a byte for each weight, on a scale of its row."""
    from openvino import opset13 as op

    made = _in_bytes(weight) if in_bytes else op.constant(weight)
    product = op.matmul(values, made, transpose_a=False, transpose_b=True)
    return op.add(product, op.constant(bias))


def _in_bytes(weight: NDArray[np.float32]) -> Any:
    """(o, i) weights as OpenVINO wants them, to compute with the bytes themselves."""
    from openvino import opset13 as op

    scales = np.maximum(np.abs(weight).max(axis=1, keepdims=True), np.float32(1e-12)) / 127
    rounded = op.constant(np.rint(weight / scales).astype(np.int8))
    return op.multiply(op.convert(rounded, "f32"), op.constant(scales))
