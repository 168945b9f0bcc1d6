"""Points at the words of a text that answer a question, or says that none do.

The backbone is the bundled embedding model. What training changed in it is shipped as a
difference of a few megabytes, made by `rag_app/training/train_reader.py`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_app.models import bert, bert_layers
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model, loading
from rag_app.reading.span_scores import SpanScores
from rag_app.reading.weight_delta import apply_weight_delta

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

DIFFERENCE = Path(__file__).with_name("reader.safetensors")
# Tokens of question and text together, and of the text where the question is longer than usual;
# the network has 512 places.
_MOST_TOKENS, _LEAST_TEXT, _PLACES = 320, 128, 512
_MARKS = 3  # tokens around the two
_BATCH_TOKENS = 2_048


class SpanScorer:
    """A MiniLM that points at answers; loaded by the first `point`."""

    def __init__(self, base: Path, difference: Path, *, threads: int = 0) -> None:
        self._base = base
        self._difference = difference
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: tuple[bert.Bert, Tokenizer] | None = None

    @classmethod
    def open(cls, *, threads: int = 0) -> "SpanScorer":
        """The one that comes with the package.

        Raises:
            ModelError: Its backbone is missing or damaged.
        """
        return cls(find_model(BUNDLED_EMBEDDER), DIFFERENCE, threads=threads)

    def point(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        """What is made of each text; of a long one, of its first 250 words or so."""
        network, tokenizer = self._load()
        encoded = encode_pairs(tokenizer, question, texts)
        made = network.run_tokens(encoded, most=_BATCH_TOKENS)
        return [_pointed(*pair) for pair in zip(encoded, made, strict=True)]

    def _load(self) -> "tuple[bert.Bert, Tokenizer]":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._open(), open_tokenizer(self._base)
            return self._loaded

    def _open(self) -> bert.Bert:
        with loading(self._base):
            weights = bert.read_weights(self._base)
        with loading(self._difference):
            weights, head = apply_weight_delta(self._difference, weights)

        def points(states: Any, _: Any) -> Any:
            return bert_layers.linear(states, head["weight"], head["bias"])

        return bert.Bert(self._base, points, weights=weights, threads=self._threads)


def encode_pairs(tokenizer: "Tokenizer", question: str, texts: Sequence[str]) -> "list[Encoding]":
    """The question with each text, as the model reads them: long texts are cut at their end.

    The question is whole up to 381 tokens, some 1,600 characters; what goes beyond is not read.
    """
    asked = tokenizer.encode(question, add_special_tokens=False)
    asked.truncate(_PLACES - _MARKS - _LEAST_TEXT)
    room = max(_LEAST_TEXT, _MOST_TOKENS - _MARKS - len(asked.ids))
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    for encoding in encoded:
        encoding.truncate(room)
    return [tokenizer.post_process(asked, encoding) for encoding in encoded]


def open_tokenizer(base: Path) -> "Tokenizer":
    """The model's own, which cuts nothing and fills up nothing."""
    from tokenizers import Tokenizer

    with loading(base):
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _pointed(encoding: "Encoding", made: NDArray[np.float32]) -> SpanScores:
    of_text = [
        token
        for token, (start, end) in enumerate(encoding.offsets)
        if encoding.type_ids[token] == 1 and end > start
    ]
    spans = np.array([encoding.offsets[token] for token in of_text], np.int64).reshape(-1, 2)
    odds = made[of_text] - made[0]
    return SpanScores(odds[:, 0], odds[:, 1], spans)
