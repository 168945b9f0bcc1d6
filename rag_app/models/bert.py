"""BERT encoders (Devlin et al., 2018) on the processor, by OpenVINO.

The network is built from the safetensors weights, operation by operation. It is ready in
half a second, where importing torch alone takes several, and on processors with bfloat16
instructions it embeds faster than torch does.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_app.models.batches import batches
from rag_app.models.bert_layers import Head, Tokens, Weights, network
from rag_app.models.model_options import Computing

if TYPE_CHECKING:
    from tokenizers import Encoding

_logger = logging.getLogger(__name__)
# OpenVINO prepares itself for every shape it meets, and keeps what it prepared. Questions
# are short, and wait for an answer.
_SHORT, _ROUNDED_SHORT, _ROUNDED_LONG = 64, 8, 16  # tokens
_WORDS = "embeddings.word_embeddings.weight"


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
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _precision(core, computing),
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = str(threads)
        model = network(weights, config, head, in_bytes=computing == "int8")
        self._compiled = core.compile_model(model, "CPU", options)
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


def _mute() -> None:
    """Have OpenVINO find no telemetry: else it reports each import of it to Google."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]


def _precision(core: Any, computing: Computing) -> str:
    """bfloat16 where the processor has instructions for it (cosine to float32 above 0.9999)."""
    halves = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if computing == "bfloat16" and not halves:
        _logger.warning("this processor has no bfloat16 instructions; float32 is used instead")
    return "bf16" if halves and computing != "float32" else "f32"
