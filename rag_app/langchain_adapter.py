"""LangChain both ways: ours in its chains, its embeddings and chat models in ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import accumulate
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import run_in_executor

from rag_app.connections import Connections
from rag_app.errors import ModelError, first_line
from rag_app.generation.bounded_stream import Output, bounded
from rag_app.models.embedder import unit_vectors
from rag_app.protocols import Embedder, Message, TextKind, Tokenizer, Vectors
from rag_app.schema import Document, Hit, identify

if TYPE_CHECKING:
    from rag_app.retrieval.retriever import Retriever

_BYTES_PER_TOKEN = 3  # fewer than common tokenizers have on average
_AROUND_A_MESSAGE = 8  # tokens
_TOGETHER = 128  # texts: providers limit what a request may hold
_BETWEEN = "\n\n"  # parts of one source
_MESSAGES: dict[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}


class RagRetriever(BaseRetriever):
    """Our retriever as LangChain's.

    `k` and `where` hold for every call; a call's own, as in `invoke(question, where=...)`
    or `bind(where=...)`, stand in for them.
    """

    search: object
    k: int | None = None
    where: dict[str, str] | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **asked: Any
    ) -> list[LangChainDocument]:
        k, where = asked.get("k", self.k), asked.get("where", self.where)
        hits: list[Hit] = self.search(query, k=k, where=where)  # type: ignore[operator]
        return [_as_document(hit) for hit in hits]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **asked: Any
    ) -> list[LangChainDocument]:
        # LangChain's own does the same but leaves out what the call asks for.
        find = partial(self._get_relevant_documents, run_manager=run_manager.get_sync(), **asked)
        return await run_in_executor(None, find, query)


def as_langchain_retriever(
    retriever: "Retriever", *, k: int | None = None, where: Mapping[str, str] | None = None
) -> BaseRetriever:
    """A LangChain retriever over ours; offsets, page and score stand in the metadata.

    Args:
        retriever: Ours.
        k: How many documents; the configured number if not given.
        where: Only documents with these values; see `Retriever.search`.
    """
    chosen = dict(where) if where is not None else None
    return RagRetriever(search=retriever.search, k=k, where=chosen)


class RagEmbeddings(Embeddings):
    """Our embedder as LangChain's `Embeddings`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text."""
        return self._embedder.embed(texts).tolist() if texts else []

    def embed_query(self, text: str) -> list[float]:
        """The question's unit vector."""
        vector: list[float] = self._embedder.embed([text], kind="query")[0].tolist()
        return vector


class LangChainEmbedder:
    """Any LangChain `Embeddings` as ours.

    Args:
        embeddings: The model.
        name: Which model it is; vectors of different names are never mixed.
        tokenizer: Counts tokens as the model does, so that no chunk is cut unseen.
        max_tokens: The longest text the model sees whole.
        dimensions: How many of a vector's dimensions are kept; 0 keeps all.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        name: str,
        tokenizer: Tokenizer,
        max_tokens: int,
        dimensions: int = 0,
    ) -> None:
        self.name = name
        kept = [str(dimensions)] if dimensions else []
        self.fingerprint = identify("langchain", name, str(max_tokens), *kept)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self._embeddings = embeddings
        self._dimensions = dimensions

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        """(n, d) float32, each row of length 1.

        Raises:
            ModelError: The model cannot be reached, or fails.
        """
        try:
            vectors = np.array(list(self._rows(texts, kind)), dtype=np.float32)
            if len(vectors) != len(texts):
                raise ValueError(f"{len(vectors)} vectors came for {len(texts)} texts")
        except Exception as error:
            raise ModelError(
                f"{self.name} failed while embedding: {first_line(error)}; check its name, the "
                "key and the network"
            ) from error
        return unit_vectors(vectors, name=self.name, dimensions=self._dimensions)

    def _rows(self, texts: Sequence[str], kind: TextKind) -> Iterator[list[float]]:
        if kind == "query":
            yield from map(self._embeddings.embed_query, texts)
            return
        for begin in range(0, len(texts), _TOGETHER):
            yield from self._embeddings.embed_documents(list(texts[begin : begin + _TOGETHER]))


class LangChainGenerator:
    """Any LangChain chat model as our generator.

    Args:
        model: The chat model.
        name: What to call it.
        prompt_tokens: How long a prompt may be.
        max_new_tokens: Longest answer, as the model was told.
        seconds: What an answer may take.
        says_end: Whether the model says why it ends, so that an answer cut short is known.
    """

    def __init__(
        self,
        model: BaseChatModel,
        *,
        name: str,
        prompt_tokens: int = 4096,
        max_new_tokens: int = 400,
        seconds: float = 300,
        says_end: bool = False,
    ) -> None:
        self.name = name
        self.prompt_tokens = prompt_tokens
        self._model = model
        self._max_new_tokens = max_new_tokens
        self._seconds = seconds
        self._says_end = says_end

    def count(self, messages: Sequence[Message]) -> int:
        """About how many tokens the messages have, and rather too many than too few."""
        length = sum(len(message["content"].encode()) for message in messages)
        return length // _BYTES_PER_TOKEN + _AROUND_A_MESSAGE * len(messages)

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """The continuation, piece by piece; closing the iterator ends the request.

        Raises:
            ModelError: The model cannot be reached, fails, or does not keep to its limits.
        """
        converted = [_MESSAGES[message["role"]](message["content"]) for message in messages]
        connections = Connections()

        def write(output: Output) -> None:
            connections.collect()
            ended = not self._says_end
            for piece in self._model.stream(converted):
                ended = ended or bool(piece.response_metadata.get("finish_reason"))
                output.give(str(piece.text))
            if not ended:
                raise ModelError("the answer was cut short")

        return bounded(
            write,
            name=self.name,
            seconds=self._seconds,
            tokens=self._max_new_tokens,
            cut=connections.cut,
        )


def documents_from_langchain(loaded: Iterable[LangChainDocument]) -> list[Document]:
    """What a LangChain loader brought, as documents for `ingest.sync.store`.

    Parts of one source, such as the pages that `PyPDFLoader` gives, become one document.
    """
    sources: dict[str, list[LangChainDocument]] = {}
    for part in loaded:
        sources.setdefault(str(part.metadata.get("source", "untitled")), []).append(part)
    return [_join(source, parts) for source, parts in sources.items()]


def _join(source: str, parts: Sequence[LangChainDocument]) -> Document:
    texts = [part.page_content for part in parts]
    starts = accumulate((len(text) + len(_BETWEEN) for text in texts[:-1]), initial=0)
    text = _BETWEEN.join(texts)
    path = PurePath(source)
    return Document(
        id=identify("langchain", source),
        source=source,
        text=text,
        title=str(parts[0].metadata.get("title") or path.stem),
        digest=sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        page_starts=tuple(starts) if all("page" in part.metadata for part in parts) else (),
        metadata={"format": path.suffix.removeprefix("."), "folder": str(path.parent)},
    )


def _as_document(hit: Hit) -> LangChainDocument:
    chunk = hit.chunk
    return LangChainDocument(
        id=chunk.id,
        page_content=chunk.text,
        metadata={
            "source": chunk.source,
            "page": chunk.page,
            "start": chunk.start,
            "end": chunk.end,
            "heading": chunk.heading,
            "score": hit.score,
            "rank": hit.rank,
        },
    )
