"""Static models: the vector of a text is the mean of its tokens' vectors, looked up."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag_app.models.modules import static_folder
from rag_app.protocols import TextKind, Vectors

LONGEST = 1_000_000  # tokens of a text: there are no positions that could run out
_TOGETHER = 512  # texts
_WEIGHTS = "embedding.weight"


class StaticEncoder:
    """Looks tokens up with numpy, without any network."""

    batch = 0  # nothing is computed together

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        root = static_folder(folder)
        self._tokenizer = Tokenizer.from_file(str(root / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._vectors: Vectors = load_file(root / "model.safetensors")[_WEIGHTS].astype(np.float32)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:  # noqa: ARG002
        """(n, d) float32; any direction for a text without tokens."""
        made = np.empty((len(texts), self._vectors.shape[1]), np.float32)
        for begin in range(0, len(texts), _TOGETHER):
            part = list(texts[begin : begin + _TOGETHER])
            encoded = self._tokenizer.encode_batch_fast(part, add_special_tokens=False)
            made[begin : begin + len(part)] = [self._mean(encoding.ids) for encoding in encoded]
        return made

    def _mean(self, ids: Sequence[int]) -> Vectors:
        mean: Vectors = (
            self._vectors[ids].mean(axis=0) if ids else np.zeros(self._width, np.float32)
        )
        # A vector without direction has no length of 1.
        return mean if mean.any() else np.full(self._width, self._width**-0.5, np.float32)

    @property
    def _width(self) -> int:
        return int(self._vectors.shape[1])
