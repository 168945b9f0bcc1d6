"""The top chunks for a question by hybrid search, and reranked where that is wanted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.protocols import Embedder, Reranker, Vectors
from rag_app.retrieval.deduplication import maximal_marginal_relevance, without_copies
from rag_app.retrieval.filename_boost import filename_boost
from rag_app.retrieval.fusion import feedback, fuse, rejudge
from rag_app.retrieval.question_length import check_question
from rag_app.retrieval.sections import LONGEST, Section, sections
from rag_app.schema import Hit, Retrieval, Signals
from rag_app.text.surrogates import check_text
from rag_app.text.terms import stems

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

_REMEMBERED = 128  # searches
_Asked = tuple[int, str, int, tuple[tuple[str, str], ...]]  # with the generation it was asked of
_WIDER = 4  # times as much is looked at, where all but a few are copies
_FILTER = re.compile(r"\w[\w.-]*")


def _none() -> Vectors:
    return np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What both searches brought up for a question, best first.

    Attributes:
        asked: Stems of the question's content words.
        vector: Of the question, (d,).
        ids: The n candidates.
        vectors: (n, d), zeros where a chunk has none.
        dense: (n,) cosines, −1…1.
        lexical: (n,) BM25, 0 where no word matches.
        named: (n,) what was added to the scores of files that the question names.
        scores: (n,) fused, 0…1.
        reranked: (m,) what the reranker says of the first m, 0…1.
        seconds: What each stage took.
    """

    asked: tuple[str, ...] = ()
    vector: Vectors = field(default_factory=_none)
    ids: Sequence[str] = ()
    vectors: Vectors = field(default_factory=_none)
    dense: Vectors = field(default_factory=_none)
    lexical: Vectors = field(default_factory=_none)
    named: Vectors = field(default_factory=_none)
    scores: Vectors = field(default_factory=_none)
    reranked: Vectors = field(default_factory=_none)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def in_order(self, order: NDArray[np.int64]) -> "Pool":
        """The same candidates, `order` naming the former place of each."""
        return replace(
            self,
            ids=[self.ids[n] for n in order],
            vectors=self.vectors[order],
            dense=self.dense[order],
            lexical=self.lexical[order],
            named=self.named[order],
            scores=self.scores[order],
        )


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
        reranker: Reranker | None = None,
        reranked: int = 30,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._k = k
        self._candidates = candidates
        self._dense_weight = dense_weight
        self._diversity = diversity
        self._reranker = reranker
        self._reranked = reranked
        self._known: dict[_Asked, tuple[Hit, ...]] = {}
        self._turn = Lock()

    @property
    def k(self) -> int:
        """How many hits a search gives where it is not told."""
        return self._k

    @property
    def reranker(self) -> Reranker | None:
        """The model that judges the best candidates once more, where there is one."""
        return self._reranker

    def search(
        self, question: str, *, k: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Hit]:
        """The k best chunks, best first; fewer where the index holds fewer.

        Args:
            question: In any words; a blank one has no hits.
            k: How many hits, 1 or more; the configured number if not given.
            where: Only documents that have all these values: `source`, `folder` (with
                the folders below it), `format`, `title`, `after` and `before` (the day or
                time, in ISO form, of the file's last change), or any metadata.

        Raises:
            ConfigError: The question is too long, k is below 1, a filter's name is not a plain
                word, or its time none.
            IndexMismatch: The index was built with another embedding model.
        """
        return list(self.retrieve(question, k=k, where=where).hits)

    def retrieve(
        self, question: str, *, k: int | None = None, where: Mapping[str, str] | None = None
    ) -> Retrieval:
        """As `search`, with the seconds each stage took.

        What was found lately is remembered until the index changes.
        """
        begun = perf_counter()
        k = self._k if k is None else k
        _check(question, k)
        asked = (self._index.catalog.generation, question, k, tuple(sorted((where or {}).items())))
        if (known := self._known.get(asked)) is not None:
            return Retrieval(question, known, {"remember": perf_counter() - begun})
        pool, hits = self._distinct(question, k, where)
        with self._turn:
            self._known[asked] = hits
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        rest = perf_counter() - begun - sum(pool.seconds.values())
        return Retrieval(question, hits, {**pool.seconds, "choose": rest} if pool.seconds else {})

    def pool(self, question: str, *, k: int, where: Mapping[str, str] | None = None) -> Pool:
        """What both searches bring up, each with both signals; arguments as for `search`."""
        _check(question, k)
        if bad := [key for key in where or () if not _FILTER.fullmatch(key)]:
            raise ConfigError(f"{bad[0]!r} cannot be filtered by; use KEY=VALUE with a plain key")
        if not question.strip():
            return Pool()
        begun = perf_counter()
        documents = self._index.matching(where) if where else None
        count = max(k, self._candidates)
        asked = tuple(stems(question))
        vector = self._embedder.embed([question], kind="query")[0]
        embedded = perf_counter()
        nearest = [id_ for id_, _ in self._index.nearest(vector, k=count, documents=documents)]
        compared = perf_counter()
        lexical = dict(self._index.matches(asked, k=count, documents=documents))
        lexical |= self._index.bm25(asked, [id_ for id_ in nearest if id_ not in lexical])
        matched = perf_counter()
        pool = self._fused(question, asked, vector, {**dict.fromkeys(nearest, 0.0), **lexical})
        fused = perf_counter()
        seconds = {
            "embed": embedded - begun,
            "dense": compared - embedded,
            "lexical": matched - compared,
            "fuse": fused - matched,
        }
        if self._reranker and pool.ids:
            pool = self._rerank(question, pool, self._reranker)
            seconds["rerank"] = perf_counter() - fused
        return replace(pool, seconds=seconds)

    def _fused(
        self, question: str, asked: tuple[str, ...], vector: Vectors, found: Mapping[str, float]
    ) -> Pool:
        """The candidates, whose BM25 is known, each with both signals exactly."""
        # The catalogue is the truth: what it no longer has was removed and is no hit.
        sources = self._index.sources(found)
        ids = sorted(sources)
        vectors = self._index.vectors_of(ids, dimensions=len(vector))
        dense = vectors @ vector
        lexical = np.array([found[id_] for id_ in ids], np.float32)
        bonus = filename_boost(question, sources, self._index.idf)
        named = np.array([bonus.get(id_, 0.0) for id_ in ids], np.float32)
        mix = partial(fuse, lexical=lexical, dense_weight=self._dense_weight)
        scores = mix(feedback(dense, vectors, mix(dense) + named)) + named
        pool = Pool(
            asked=asked,
            vector=vector,
            ids=ids,
            vectors=vectors,
            dense=dense,
            lexical=lexical,
            named=named,
            scores=np.clip(scores, 0, 1),
        )
        return pool.in_order(np.argsort(-scores, kind="stable"))

    def _rerank(self, question: str, pool: Pool, reranker: Reranker) -> Pool:
        """The candidates, the first of them as the reranker sees them."""
        first = pool.ids[: self._reranked]
        chunks = self._index.catalog.chunks(first)
        texts = [chunks[id_].text if id_ in chunks else "" for id_ in first]
        judged = np.clip(reranker.scores(question, texts), 0, 1)
        rest = pool.scores[len(first) :]
        scores = np.concatenate([rejudge(pool.scores[: len(first)], judged), rest])
        order = np.argsort(-scores, kind="stable")
        reordered = replace(pool, scores=scores).in_order(order)
        return replace(reordered, reranked=judged[order[: len(first)]])

    def _distinct(
        self, question: str, k: int, where: Mapping[str, str] | None
    ) -> tuple[Pool, tuple[Hit, ...]]:
        """The k hits, and what they are from: more the more copies of others are among it."""
        count = max(k, self._candidates)
        pool = self.pool(question, k=count, where=where)
        looked = 2 * k + 10
        while True:
            hits = self._choose(pool, k, looked)
            if len(hits) == k or (looked >= len(pool.ids) < count):
                return pool, hits
            if looked >= len(pool.ids):
                count *= _WIDER
                pool = self.pool(question, k=count, where=where)
            looked *= _WIDER

    def _choose(self, pool: Pool, k: int, looked: int) -> tuple[Hit, ...]:
        """The k hits among so many candidates, or fewer, where others are copies of them."""
        first = slice(looked)
        order = maximal_marginal_relevance(
            pool.scores[first], pool.vectors[first], diversity=self._diversity
        )
        chunks = self._index.catalog.chunks(pool.ids[first])
        # Scores do not rise, though variety may have brought a lower one forward.
        scores = np.minimum.accumulate(pool.scores[order])
        hits = [
            Hit(chunks[pool.ids[n]], float(score), rank, _signals(pool, n))
            for rank, (n, score) in enumerate(zip(order, scores, strict=True), start=1)
            if pool.ids[n] in chunks
        ]
        return tuple(without_copies(hits, k))

    def sections(self, hits: Sequence[Hit], *, longest: int = LONGEST) -> list[Section]:
        """The sections that hits stand in; see `rag_app.retrieval.sections`."""
        return sections(hits, self._index.catalog, longest=longest)

    def as_langchain(
        self, *, k: int | None = None, where: Mapping[str, str] | None = None
    ) -> "BaseRetriever":
        """This retriever as LangChain's, for use in its chains; arguments as for `search`."""
        from rag_app.langchain_adapter import as_langchain_retriever

        return as_langchain_retriever(self, k=k, where=where)


def _check(question: str, k: int) -> None:
    check_question(question)
    check_text(question, "the question")
    if k < 1:
        raise ConfigError(f"k={k} is out of range; use 1 or more")


def _signals(pool: Pool, n: int) -> Signals:
    reranked = float(pool.reranked[n]) if n < len(pool.reranked) else None
    return Signals(float(pool.dense[n]), float(pool.lexical[n]), reranked)
