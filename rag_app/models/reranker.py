"""Reads a question and a sentence together and says whether the one answers the other.

The backbone is the bundled embedding model. What training changed in it is shipped as a
difference of low rank, a few megabytes, made by `rag_app/workbench/train_reranker.py`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.models import bert
from rag_app.models.files import BUNDLED_EMBEDDER, find_model, loading
from rag_app.protocols import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIFFERENCE = Path(__file__).with_name("reranker.safetensors")
_MOST_TOKENS = 112  # of question and text together
_SENTENCE_WORDS, _CONTEXT_WORDS = 50, 14
_BATCH_TOKENS = 2_048


class CrossEncoderReranker:
    """A MiniLM cross-encoder behind the `Reranker` protocol; loaded by the first `score`."""

    def __init__(self, base: Path, difference: Path, *, threads: int = 0) -> None:
        self._base = base
        self._difference = difference
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: tuple[bert.Bert, Tokenizer] | None = None

    @classmethod
    def open(cls, *, threads: int = 0) -> "CrossEncoderReranker":
        """The reranker that comes with the package.

        Raises:
            ModelError: Its backbone is missing or damaged.
        """
        return cls(find_model(BUNDLED_EMBEDDER), DIFFERENCE, threads=threads)

    def score(self, question: str, texts: Sequence[str]) -> Vectors:
        """(n,) float32 log-odds that a text answers; 0 is as likely as "none does"."""
        network, tokenizer = self._load()
        encoded = tokenizer.encode_batch([(question, text) for text in texts])
        return network.run(encoded, most=_BATCH_TOKENS)[:, 0]

    def _load(self) -> "tuple[bert.Bert, Tokenizer]":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._open(), open_tokenizer(self._base)
            return self._loaded

    def _open(self) -> bert.Bert:
        with loading(self._base):
            weights = bert.read_weights(self._base)
        with loading(self._difference):
            trained = bert.read_weights(self._difference)
            weight, bias = trained.pop("head.weight"), trained.pop("head.bias")
            _apply(trained, weights)

        def head(states: Any, mask: Any) -> Any:
            return bert.linear(bert.first_state(states, mask), weight, bias)

        return bert.Bert(self._base, head, weights=weights, threads=self._threads)


def open_tokenizer(base: Path) -> "Tokenizer":
    """Cuts pairs of question and text as the model reads them: long texts, never questions."""
    from tokenizers import Tokenizer

    with loading(base):
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MOST_TOKENS, strategy="longest_first")
    return tokenizer


def with_context(sentence: str, before: str = "") -> str:
    """A sentence as the model reads it: its first words, then the last ones before it."""
    shown = " ".join(sentence.split()[:_SENTENCE_WORDS])
    context = " ".join(before.split()[-_CONTEXT_WORDS:])
    return f"{shown} [SEP] {context}" if context else shown


def _apply(trained: bert.Weights, weights: bert.Weights) -> None:
    """Add what training changed: `name` whole, or `name.left` @ `name.right` of low rank."""
    for name, change in trained.items():
        stem, _, side = name.rpartition(".")
        if side == "left":
            weights[stem] = weights[stem] + change @ trained[f"{stem}.right"]
        elif side != "right":
            weights[name] = weights[name] + change
