"""Static models: the vector of a text is the mean of its tokens' vectors, looked up."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from rag_app.models.modules import static_folder
from rag_app.protocols import TextKind, Vectors

LONGEST = 1_000_000  # tokens of a text: there are no positions that could run out
_TOGETHER = 512  # texts
_WEIGHTS = "embedding.weight"
_REMEMBERED = 200_000  # words
# What ends a word for BERT's tokenizer in any case; the cheapest way to cut at it is one sign.
_ENDS = re.compile(r"[\t\n\r]")


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
        self._splits = type(self._tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"
        self._ids: dict[str, list[int]] = {}
        self._vectors: Vectors = load_file(root / "model.safetensors")[_WEIGHTS].astype(np.float32)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:  # noqa: ARG002
        """(n, d) float32; any direction for a text without tokens."""
        made = np.empty((len(texts), self._vectors.shape[1]), np.float32)
        for begin in range(0, len(texts), _TOGETHER):
            part = [self._cut(text) for text in texts[begin : begin + _TOGETHER]]
            made[begin : begin + len(part)] = self._means(part)
        return made

    def _cut(self, text: str) -> list[int]:
        """The tokens of a text, by its words, most of which were met before.

        Cutting words into tokens takes ten times as long as all the rest.
        """
        words = _ENDS.sub(" ", text).split(" ") if self._splits else [text]
        try:
            return [*chain.from_iterable(map(self._ids.__getitem__, words))]
        except KeyError:
            self._learn(words)
            return [*chain.from_iterable(map(self._ids.__getitem__, words))]

    def _learn(self, words: Iterable[str]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._ids]
        if len(self._ids) + len(new) > _REMEMBERED:
            self._ids, new = {}, [*dict.fromkeys(words)]
        encoded = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        self._ids |= {word: one.ids for word, one in zip(new, encoded, strict=True)}

    def _means(self, cut: Sequence[Sequence[int]]) -> Vectors:
        from scipy.sparse import csr_array

        # A product with a sparse matrix adds rows up without copying them together before.
        ends = np.cumsum([0, *map(len, cut)])
        ids = np.fromiter(chain.from_iterable(cut), np.int32, ends[-1])
        shares = np.repeat(1 / np.maximum(1, np.diff(ends)), np.diff(ends)).astype(np.float32)
        means: Vectors = (
            csr_array((shares, ids, ends), (len(cut), len(self._vectors))) @ self._vectors
        )
        # A vector without direction has no length of 1.
        means[~means.any(axis=1)] = means.shape[1] ** -0.5
        return means
