"""Static models: the vector of a text is the sum of its tokens' vectors, looked up."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag_app.models.long_words import LongWords
from rag_app.models.modules import splits_at_spaces, static_folder
from rag_app.protocols import TextKind, Vectors

LONGEST = 1_000_000  # tokens of a text: there are no positions that could run out
_TOGETHER = 512  # texts
_WEIGHTS = "embedding.weight"
_REMEMBERED = 200_000  # words; some 40 MB
# White space to Python, and nothing at all to BERT.
_NOTHING = "\x1c\x1d\x1e\x1f"
_WITHOUT = str.maketrans("", "", _NOTHING)


class StaticEncoder:
    """Looks tokens up with numpy, without any network.

    Cutting words into tokens takes far longer than all the rest: the tokens of words that were
    met before are remembered.
    """

    batch = 0  # nothing is computed together

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        root = static_folder(folder)
        self._tokenizer = Tokenizer.from_file(str(root / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._long_words = LongWords(self._tokenizer)
        self._splits = splits_at_spaces(self._tokenizer)
        self._tokens: dict[str, bytes] = {}
        self._vectors: Vectors = load_file(root / "model.safetensors")[_WEIGHTS].astype(np.float32)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:  # noqa: ARG002
        """(n, d) float32; any direction for a text without tokens."""
        made = np.empty((len(texts), self._vectors.shape[1]), np.float32)
        for begin in range(0, len(texts), _TOGETHER):
            part = self._cut(texts[begin : begin + _TOGETHER])
            made[begin : begin + len(part)] = self._sums(part)
        # A vector without direction has no length of 1.
        made[~made.any(axis=1)] = made.shape[1] ** -0.5
        return made

    def _cut(self, texts: Sequence[str]) -> list[bytes]:
        """The numbers of the tokens of each text, as the bytes of int32."""
        if not self._splits:
            return self._tokenized(texts)
        try:
            return [self._known(text) for text in texts]
        except KeyError:
            self._learn({word for text in texts for word in _words(text)})
            return [self._known(text) for text in texts]

    def _known(self, text: str) -> bytes:
        return b"".join(map(self._tokens.__getitem__, _words(text)))

    def _learn(self, words: set[str]) -> None:
        """Have the tokens of all these words among the remembered ones."""
        new = [*words.difference(self._tokens)]
        if len(self._tokens) + len(new) > _REMEMBERED:
            self._tokens, new = {}, [*words]
        self._tokens |= dict(zip(new, self._tokenized(new), strict=True))

    def _tokenized(self, texts: Sequence[str]) -> list[bytes]:
        apart = [self._long_words.apart(text) for text in texts]
        encoded = self._tokenizer.encode_batch_fast(apart, add_special_tokens=False)
        return [array("i", one.ids).tobytes() for one in encoded]

    def _sums(self, cut: Sequence[bytes]) -> Vectors:
        from scipy.sparse import csr_array

        # A product with a sparse matrix adds rows up without copying them together before.
        columns = np.frombuffer(b"".join(cut), np.intc)
        ends = np.cumsum([0, *map(len, cut)]) // columns.itemsize
        ones = np.ones(len(columns), np.float32)
        shape = len(cut), len(self._vectors)
        summed: Vectors = csr_array((ones, columns, ends), shape) @ self._vectors
        return summed


def _words(text: str) -> list[str]:
    if any(sign in text for sign in _NOTHING):
        text = text.translate(_WITHOUT)
    return text.split()
