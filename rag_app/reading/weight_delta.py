"""What training changed in a model's weights, in a file of a few megabytes.

A change is small beside the weight it is added to, so eight bits a number hold it: each row
of a matrix has a scale of its own.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app.models.bert import read_weights
from rag_app.models.bert_layers import Weights

_HEAD = "head."
_SCALE = ".scale"
_LEVELS = 127


def save_weight_delta(changes: Weights, head: Weights, out: Path) -> None:
    """Write the changes of the backbone, matrices in int8, and the weights of the head."""
    from safetensors.numpy import save_file

    kept: dict[str, NDArray[np.generic]] = {}
    for name, change in changes.items():
        if change.ndim == 1:
            kept[name] = change.astype(np.float16)
            continue
        scale = np.abs(change).max(axis=1, keepdims=True) / _LEVELS + 1e-12
        kept[name] = np.rint(change / scale).astype(np.int8)
        kept[f"{name}{_SCALE}"] = scale.astype(np.float32)
    kept |= {f"{_HEAD}{name}": weight.astype(np.float32) for name, weight in head.items()}
    save_file({name: np.ascontiguousarray(array) for name, array in kept.items()}, out)


def apply_weight_delta(
    path: Path, weights: Mapping[str, NDArray[np.float32]]
) -> tuple[Weights, Weights]:
    """The weights as training left them, and those of the head."""
    found = read_weights(path)
    head = {n.removeprefix(_HEAD): a for n, a in found.items() if n.startswith(_HEAD)}
    trained = dict(weights)
    for name, change in found.items():
        if name in trained:
            scale = found.get(f"{name}{_SCALE}", np.float32(1))
            trained[name] = trained[name] + change * scale
    return trained, head
