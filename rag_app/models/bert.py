"""BERT encoders (Devlin et al., 2018) on the processor, by OpenVINO.

The network is built from the safetensors weights, operation by operation. It is ready in
half a second, where importing torch alone takes several, and on processors with bfloat16
instructions it embeds faster than torch does.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag_app.models.batches import batches
from rag_app.models.forms import Computing

if TYPE_CHECKING:
    from tokenizers import Encoding

Weights = dict[str, NDArray[Any]]
Head = Callable[[Any, Any], Any]  # nodes of the (b, t, d) states and the (b, t) mask to one more
# OpenVINO prepares itself for every shape it meets, and keeps what it prepared. Questions
# are short, and wait for an answer.
_SHORT, _ROUNDED_SHORT, _ROUNDED_LONG = 64, 8, 16  # tokens
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
_WORDS = "embeddings.word_embeddings.weight"


class Tokens(NamedTuple):
    """A batch as BERT reads it; three (b, t) int64 arrays."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mask: NDArray[np.int64]


def fits(folder: Path) -> bool:
    """Whether the folder holds a network that this module builds: BERT in float32 or float16."""
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    usual = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
    }
    if any(config.get(key, value) != value for key, value in usual.items()):
        return False
    path = folder / "model.safetensors"
    if "model_type" not in config or not path.is_file():
        return False
    with safe_open(path, "numpy") as file:
        return _WORDS in file.keys() and file.get_slice(_WORDS).get_dtype() in {"F32", "F16"}  # noqa: SIM118


class Bert:
    """A network with a head on it, compiled for this processor."""

    def __init__(
        self,
        folder: Path,
        head: Head,
        *,
        weights: Weights,
        threads: int = 0,
        computing: Computing = "fastest",
    ) -> None:
        _mute()
        import openvino

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        core = openvino.Core()
        precision = _PRECISIONS.get(computing) or _fastest(core)
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        if threads:
            options["INFERENCE_NUM_THREADS"] = str(threads)
        layers = _Layers(weights, config, in_bytes=computing == "int8")
        self._compiled = core.compile_model(_network(layers, config, head), "CPU", options)
        self._width: int = self._compiled.output(0).partial_shape[-1].get_length()
        self._own = threading.local()  # a request serves one thread at a time

    def run(self, encodings: "Sequence[Encoding]", *, most: int) -> NDArray[np.float32]:
        """What the head makes of each text, (n, d) float32, so many tokens at a time."""
        made = np.empty((len(encodings), self._width), np.float32)
        for batch, result in self._batches(encodings, most):
            made[batch] = result
        return made

    def run_tokens(
        self, encodings: "Sequence[Encoding]", *, most: int
    ) -> list[NDArray[np.float32]]:
        """What a head over all states makes of each text's tokens, (t, d) float32 each."""
        made = [np.empty((0, self._width), np.float32)] * len(encodings)
        for batch, result in self._batches(encodings, most):
            for row, number in enumerate(batch):
                made[number] = result[row, : len(encodings[number].ids)].copy()
        return made

    def _batches(
        self, encodings: "Sequence[Encoding]", most: int
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        for batch in batches([len(encoding.ids) for encoding in encodings], most):
            together = [encodings[i] for i in batch]
            short = max(len(encoding.ids) for encoding in together) <= _SHORT
            yield batch, self._infer(padded(together, _ROUNDED_SHORT if short else _ROUNDED_LONG))

    def _infer(self, tokens: Tokens) -> NDArray[np.float32]:
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        (made,) = self._own.request.infer(tokens).values()
        return made  # type: ignore[no-any-return]


def read_weights(path: Path) -> Weights:
    """Weights by name, float32, of a file or of a model's folder."""
    from safetensors.numpy import load_file

    found = load_file(path / "model.safetensors" if path.is_dir() else path)
    return {name: np.asarray(weight, dtype=np.float32) for name, weight in found.items()}


def padded(encodings: "Sequence[Encoding]", multiple: int = 1) -> Tokens:
    """A batch of texts as long as the longest, rounded up to a multiple."""
    longest = max(len(encoding.ids) for encoding in encodings)
    tokens = Tokens(*np.zeros((3, len(encodings), -(-longest // multiple) * multiple), np.int64))
    for row, encoding in enumerate(encodings):
        length = len(encoding.ids)
        tokens.ids[row, :length] = encoding.ids
        tokens.types[row, :length] = encoding.type_ids
        tokens.mask[row, :length] = 1
    return tokens


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


def _mute() -> None:
    """Have OpenVINO find no telemetry: else it reports each import of it to Google."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]


def _fastest(core: Any) -> str:
    """bfloat16 where the processor has instructions for it (cosine to float32 above 0.9999)."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _network(layers: "_Layers", config: dict[str, Any], head: Head) -> Any:
    import openvino
    from openvino import opset13 as op

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
