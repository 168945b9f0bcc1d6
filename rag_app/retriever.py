"""The top chunks for a question: both searches, fused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from rag_app.diversity import by_relevance_and_variety, without_copies
from rag_app.errors import ConfigError
from rag_app.fusion import feedback, fuse
from rag_app.index.index import Index
from rag_app.naming import naming
from rag_app.protocols import Embedder, Vectors
from rag_app.schema import Hit, Retrieval, Signals
from rag_app.terms import stems

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

_FILTER = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Pool:
    """What both searches brought up for a question; the mappings go by chunk id.

    Attributes:
        asked: Stems of the question's content words.
        vector: Of the question, (d,).
        vectors: Of the candidates, (d,) each.
        dense: Cosines, −1…1.
        lexical: BM25, 0 where no word matches.
        named: What is added to the score of files that the question names.
        fused: (chunk id, score 0…1), best first.
        seconds: What each stage took.
    """

    asked: tuple[str, ...] = ()
    vector: Vectors | None = None
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    dense: Mapping[str, float] = field(default_factory=dict)
    lexical: Mapping[str, float] = field(default_factory=dict)
    named: Mapping[str, float] = field(default_factory=dict)
    fused: Sequence[tuple[str, float]] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


class Retriever:
    """Searches one index with the embedder it was built with."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        k: int = 5,
        candidates: int = 100,
        dense_weight: float = 0.6,
        diversity: float = 0.0,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._k = k
        self._candidates = candidates
        self._dense_weight = dense_weight
        self._diversity = diversity

    @property
    def k(self) -> int:
        """How many hits a search gives where it is not told."""
        return self._k

    def search(
        self, question: str, *, k: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Hit]:
        """The k best chunks, best first; fewer where the index holds fewer.

        Args:
            question: In any words; a blank one has no hits.
            k: How many hits, 1 or more; the configured number if not given.
            where: Only documents that have all these values: `source`, `folder` (with
                the folders below it), `format`, `title`, or any metadata.

        Raises:
            ConfigError: k is below 1, or a filter's name is not a plain word.
            IndexMismatch: The index was built with another embedding model.
        """
        return list(self.retrieve(question, k=k, where=where).hits)

    def retrieve(
        self, question: str, *, k: int | None = None, where: Mapping[str, str] | None = None
    ) -> Retrieval:
        """As `search`, with the seconds each stage took."""
        begun = perf_counter()
        k = self._k if k is None else k
        pool = self.pool(question, k=k, where=where)
        hits = self._choose(pool, k)
        rest = perf_counter() - begun - sum(pool.seconds.values())
        return Retrieval(question, hits, {**pool.seconds, "choose": rest} if pool.seconds else {})

    def pool(self, question: str, *, k: int, where: Mapping[str, str] | None = None) -> Pool:
        """What both searches bring up, each with both signals; arguments as for `search`."""
        if k < 1:
            raise ConfigError(f"k={k} is out of range; use 1 or more")
        if bad := [key for key in where or () if not _FILTER.fullmatch(key)]:
            raise ConfigError(f"{bad[0]!r} cannot be filtered by; use KEY=VALUE with a plain key")
        if not question.strip():
            return Pool()
        begun = perf_counter()
        vector = self._embedder.embed([question], kind="query")[0]
        embedded = perf_counter()
        documents = self._index.matching(where) if where else None
        count = max(k, self._candidates)
        dense = dict(self._index.nearest(vector, k=count, documents=documents))
        neighbours = perf_counter()
        asked = tuple(stems(question))
        lexical = dict(self._index.matches(asked, k=count, documents=documents))
        # Each side's candidates get the other side's score too, exactly.
        vectors = self._index.vectors_of(dense.keys() | lexical.keys())
        dense |= {id_: float(vectors[id_] @ vector) for id_ in lexical.keys() & vectors.keys()}
        lexical |= self._index.bm25(asked, [id_ for id_ in dense if id_ not in lexical])
        matched = perf_counter()
        # The catalogue is the truth: what it no longer has was removed and is no hit.
        sources = self._index.catalog.sources(dense.keys() | lexical.keys())
        dense = {id_: dense.get(id_, 0.0) for id_ in sources}
        lexical = {id_: lexical.get(id_, 0.0) for id_ in sources}
        named = naming(question, sources, self._index.idf)
        mix = partial(fuse, lexical=lexical, dense_weight=self._dense_weight, bonus=named)
        fused = mix(feedback(dense, vectors, mix(dense)))
        seconds = {
            "embed": embedded - begun,
            "dense": neighbours - embedded,
            "lexical": matched - neighbours,
            "fuse": perf_counter() - matched,
        }
        return Pool(asked, vector, vectors, dense, lexical, named, fused, seconds)

    def _choose(self, pool: Pool, k: int) -> tuple[Hit, ...]:
        """The hits, from somewhat more than are wanted, as some may be copies of others."""
        considered = by_relevance_and_variety(
            pool.fused[: 2 * k + 10], pool.vectors, diversity=self._diversity
        )
        chunks = self._index.catalog.chunks(id_ for id_, _ in considered)
        hits = [
            Hit(chunks[id_], score, rank, Signals(pool.dense[id_], pool.lexical[id_]))
            for rank, (id_, score) in enumerate(considered, start=1)
            if id_ in chunks
        ]
        return tuple(without_copies(hits, k))

    def as_langchain(self, *, k: int | None = None) -> "BaseRetriever":
        """This retriever as LangChain's, for use in its chains."""
        from rag_app.langchain_adapter import as_langchain_retriever

        return as_langchain_retriever(self, k=k)
