"""The seams where another implementation can be plugged in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag_app.schema import Chunk, Document, Passage, Reading

if TYPE_CHECKING:  # of rooms above; only the names are needed here
    from rag_app.index.index import Index
    from rag_app.reading.span_scores import SpanScores

Vectors = NDArray[np.float32]
TextKind = Literal["passage", "query"]
Message = Mapping[Literal["role", "content"], str]
IsCancelled = Callable[[], bool]  # asked often; from its first yes on, work is left


def never() -> bool:
    """What is not to be cancelled."""
    return False


class Tokenizer(Protocol):
    """Counts and places tokens the way the embedding model does.

    Those that are equal cut every text in the same way.
    """

    @property
    def special_tokens(self) -> int:
        """How many tokens the model adds around every text."""

    @property
    def splits_at_spaces(self) -> bool:
        """Whether what stands between two spaces has the same tokens when it stands alone."""

    def spans(self, text: str) -> NDArray[np.int64]:
        """(n, 2) half-open character spans of the tokens, special ones left out."""

    def counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special ones left out."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """What people call the model."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer."""

    @property
    def max_tokens(self) -> int:
        """The longest text the model sees whole, special tokens included."""

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        """(n, d) float32, each row of length 1."""


class Reranker(Protocol):
    """Judges texts by comparing each with the question more closely than a search can."""

    def scores(self, question: str, texts: Sequence[str]) -> Vectors:
        """(n,) float32, at most 1, higher is better; below 0 says no more than 0."""


class Pointer(Protocol):
    """Points at the words of a text that answer, reading it together with the question."""

    def point(self, question: str, texts: Sequence[str]) -> "list[SpanScores]":
        """What is said of each text."""


class Reader(Protocol):
    """Finds the words that answer a question."""

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """The answering spans and the chance that the passages answer at all."""


class Generator(Protocol):
    """A language model that continues a conversation."""

    @property
    def name(self) -> str:
        """What people call the model."""

    @property
    def prompt_tokens(self) -> int:
        """How long a prompt may be so that the answer still fits the model's context."""

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt made from the messages."""

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """The continuation, piece by piece; closing the iterator stops the model."""


class VectorStore(Protocol):
    """Nearest neighbours of chunks by their vectors."""

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""

    def clear(self) -> None:
        """Forget everything."""

    def query(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""

    def close(self) -> None:
        """Release what the store holds open."""


class VectorCache(Protocol):
    """Vectors made before, by the fingerprint of the model and the text."""

    def known(self, model: str, texts: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors by text; texts it does not know are left out."""

    def keep(self, model: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Remember the (n, d) vectors of the texts."""


class Ingestion(Protocol):
    """Ingestion as rag_app sees it, so that evaluation indexes just as real use does."""

    def __call__(
        self,
        documents: Iterable[Document],
        index: "Index",
        *,
        embedder: Embedder,
        tokens: int,
        context: int,
    ) -> Mapping[str, object]:
        """Chunk, embed and commit every document; returns the report as JSON values."""
