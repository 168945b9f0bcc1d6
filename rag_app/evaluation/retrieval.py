"""Retrieval on a collection in BEIR layout (Thakur et al. 2021)."""

import csv
import math
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from rag_app.errors import DataError
from rag_app.evaluation.metrics import mean, ndcg, percentiles, recall, reciprocal_rank
from rag_app.evaluation.temporary_index import (
    evaluation_document,
    open_temporary_index,
    read_lines,
    read_text,
)
from rag_app.retrieval.question_length import check_question
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Document
from rag_app.settings.provenance import Settings

_DEPTH = 100  # documents ranked for each question


def evaluate_retrieval(
    folder: Path, *, settings: Settings, split: str = "test", limit: int | None = None
) -> dict[str, Any]:
    """nDCG, recall, reciprocal rank and latency over the questions judged in the split.

    Raises:
        DataError: The folder is not in BEIR layout.
    """
    documents = read_documents(folder)
    judgements = read_judgements(folder / "qrels" / f"{split}.tsv")
    texts = dict(read_lines(folder / "queries.jsonl", read_question))
    questions = [id_ for id_ in judgements if id_ in texts][:limit]
    if not questions:
        raise DataError(f"{folder / 'queries.jsonl'} holds no question judged in {split!r}")
    ranked, latencies = {}, []
    rag, ingest = open_temporary_index(documents, settings)
    with closing(rag):
        # Deep enough that a hundred documents of several chunks each can be ranked.
        depth = math.ceil(_DEPTH * max(1, rag.index.catalog.count_chunks() / len(documents)))
        rag.retriever.search("warm up", k=depth)
        for id_ in questions:
            begun = perf_counter()
            ranked[id_] = rank_documents(rag.retriever, texts[id_], depth=depth)
            latencies.append(1000 * (perf_counter() - begun))
    pairs = [(ranked[id_], judgements[id_]) for id_ in questions]
    return {
        "ndcg@10": mean([ndcg(found, wanted, k=10) for found, wanted in pairs]),
        "recall@10": mean([recall(found, wanted, k=10) for found, wanted in pairs]),
        "recall@100": mean([recall(found, wanted, k=100) for found, wanted in pairs]),
        "mrr@10": mean([reciprocal_rank(found, wanted, k=10) for found, wanted in pairs]),
        "queries": len(questions),
        "documents": len(documents),
        "latency_ms": percentiles(latencies),
        "ingest": ingest,
    }


def rank_documents(retriever: Retriever, question: str, *, depth: int) -> list[str]:
    """Document ids, best first; a document's score is its best chunk's."""
    hits = retriever.search(question, k=depth)
    return list(dict.fromkeys(hit.chunk.document_id for hit in hits))


def read_documents(folder: Path) -> list[Document]:
    """The corpus of a folder in BEIR layout."""
    documents = read_lines(folder / "corpus.jsonl", _document)
    if not documents:
        raise DataError(f"{folder / 'corpus.jsonl'} holds no documents")
    return documents


def _document(row: dict[str, Any]) -> Document:
    title = row.get("title") or ""
    text = "\n\n".join([title, row["text"]]) if title else row["text"]
    return evaluation_document(str(row["_id"]), text, title=title)


def read_question(row: dict[str, Any]) -> tuple[str, str]:
    """Id and text of a line of `queries.jsonl`."""
    check_question(row["text"])
    return str(row["_id"]), row["text"]


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Question id → document id → relevance."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    lines = read_text(path).split("\n")
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        for row in rows:
            found[row["query-id"]][row["corpus-id"]] = int(row["score"])
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f"{path}, line {rows.line_num}: not query-id, corpus-id and score ({error!r})"
        ) from error
    return found
