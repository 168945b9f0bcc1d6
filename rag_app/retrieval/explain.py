"""Why a question finds what it finds, and why not what it does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.protocols import Vectors
from rag_app.retrieval.retriever import Pool, Retriever
from rag_app.schema import Hit
from rag_app.text.printable import one_line
from rag_app.text.printable import where as place
from rag_app.text.terms import stems


@dataclass(frozen=True, slots=True)
class Explained:
    """One candidate: what each search says of it, and what came of that.

    Attributes:
        rank: In the end, from 1.
        dense: Cosine with the question.
        dense_rank: Among all candidates by cosine, from 1.
        lexical: BM25.
        lexical_rank: Among all candidates by BM25, from 1; None where no word matches.
        matched: Stems that it shares with the question, the rarest first.
        named: What was added because the question names its file.
        score: What came of it, 0…1.
        rerank: What the reranker says of it, 0…1; None where it was not asked.
    """

    chunk_id: str
    source: str
    page: int | None
    start: int
    end: int
    rank: int
    dense: float
    dense_rank: int
    lexical: float
    lexical_rank: int | None
    matched: tuple[str, ...]
    named: float
    score: float
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The candidates of a question, best first, and what there is to say of one document."""

    question: str
    asked: tuple[str, ...]
    candidates: tuple[Explained, ...]
    verdict: str = ""

    @property
    def reranked(self) -> bool:
        """Whether a reranker was asked."""
        return any(row.rerank is not None for row in self.candidates)


def explain(
    question: str,
    retriever: Retriever,
    index: Index,
    *,
    k: int = 10,
    where: Mapping[str, str] | None = None,
    source: str = "",
) -> Explanation:
    """The k best candidates with all that was said of them.

    Args:
        question: As it is searched for.
        retriever: Over the index.
        index: What is searched.
        k: How many candidates to tell of; more than these were compared.
        where: Only documents with these values; see `Retriever.search`.
        source: Tell also why this document, by source or path, is there or is not.

    Raises:
        ConfigError: As `Retriever.search`.
    """
    pool = retriever.pool(question, k=k, where=where)
    verdict = ""
    if source:
        hits = retriever.search(question, k=k, where=where)
        verdict = _verdict(source, pool, hits, index, where=where)
    return Explanation(question, pool.asked, tuple(_explained(pool, index, k)), verdict)


def _explained(pool: Pool, index: Index, k: int) -> list[Explained]:
    chunks = index.catalog.chunks(pool.ids[:k])
    idf = index.idf(dict.fromkeys(pool.asked))
    by_meaning, by_words = _ranks(pool.dense), _ranks(pool.lexical)
    rows = []
    for n, id_ in enumerate(pool.ids[:k]):
        if (chunk := chunks.get(id_)) is None:
            continue
        words = set(stems(f"{chunk.text} {chunk.heading} {chunk.source}"))
        rows.append(
            Explained(
                id_,
                chunk.source,
                chunk.page,
                chunk.start,
                chunk.end,
                n + 1,
                float(pool.dense[n]),
                by_meaning[n],
                float(pool.lexical[n]),
                by_words[n] if pool.lexical[n] > 0 else None,
                tuple(sorted(idf.keys() & words, key=lambda stem: (-idf[stem], stem))),
                float(pool.named[n]),
                float(pool.scores[n]),
                float(pool.reranked[n]) if n < len(pool.reranked) else None,
            )
        )
    return rows


def _ranks(scores: Vectors) -> list[int]:
    """1 for the highest, and so on, by position."""
    ranks = np.empty(len(scores), np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks.tolist()


def _verdict(
    source: str,
    pool: Pool,
    hits: Sequence[Hit],
    index: Index,
    *,
    where: Mapping[str, str] | None,
) -> str:
    """Where the document stands, or why it stands nowhere."""
    document = index.catalog.document(index.catalog.meant(source))
    if document is None:
        raise ConfigError(f"{source!r} is not in the index; `rag-app status` lists all")
    own = [chunk.id for chunk in index.catalog.chunks_of(document.id)]
    if not own:
        return f"{source} has no text in the index; `rag-app status` tells why"
    if where and document.id not in index.matching(where):
        return f"{source} is left out by the filter"
    for hit in hits:
        if hit.chunk.document_id == document.id:
            return f"{source} is found: its best chunk is number {hit.rank}"
        if document.source in hit.also:
            return f"{source} says the same as {hit.chunk.source}, which is number {hit.rank}"
    places = {id_: n for n, id_ in enumerate(pool.ids)}
    best = min((places[id_] for id_ in own if id_ in places), default=None)
    if best is None:
        return f"{source} is no candidate: {_best(own, pool, index)}"
    return f"{source} is a candidate, number {best + 1}: {best} others score higher"


def _best(own: Sequence[str], pool: Pool, index: Index) -> str:
    """How near the document comes to being a candidate."""
    if not len(pool.vector):
        return "nothing was asked"
    cosine = float((index.vectors_of(own, dimensions=len(pool.vector)) @ pool.vector).max())
    bm25 = max(index.bm25(pool.asked, own).values(), default=0.0)
    weakest = float(pool.dense.min(initial=1.0))
    words = f"its best BM25 is {bm25:.1f}" if bm25 else "it has none of the question's words"
    return f"its best cosine is {cosine:.2f} (the candidates begin at {weakest:.2f}), and {words}"


def explanation_text(explanation: Explanation) -> str:
    """The candidates of a question in columns."""
    lines = [f"searched for: {' '.join(explanation.asked)}"]
    rerank, unjudged = ("  rerank", "       –") if explanation.reranked else ("", "")
    head = ("rank", "score", "cosine", "#", "BM25", "#", "named", rerank, "words and source")
    lines.append("{:>4}{:>7}{:>8}{:>5}{:>7}{:>5}{:>7}{}  {}".format(*head))
    for row in explanation.candidates:
        lexical_rank = row.lexical_rank or "–"
        judged = unjudged if row.rerank is None else f"{row.rerank:8.3f}"
        lines.append(
            f"{row.rank:4}{row.score:7.3f}{row.dense:8.3f}{row.dense_rank:5}{row.lexical:7.1f}"
            f"{lexical_rank:>5}{row.named:7.2f}{judged}  [{' '.join(row.matched)}] "
            f"{place(row.source, row.page)}, {row.start}–{row.end}"
        )
    return "\n".join(map(one_line, filter(None, [*lines, explanation.verdict])))
