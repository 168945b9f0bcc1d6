"""How much of the text that answers is retrieved, and how much else with it.

The measures of Chroma's chunking report (Smith & Troynikov 2024), over characters:
recall is the share of the reference text that was retrieved, precision the share of the
retrieved text that is reference, IoU their intersection over their union, and precision
omega the precision of a retriever that brings up every chunk touching the reference.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag_app.errors import DataError
from rag_app.evaluation.metrics import mean
from rag_app.evaluation.temporary_index import (
    evaluation_document,
    open_temporary_index,
    read_lines,
    read_text,
)
from rag_app.rag import Rag
from rag_app.retrieval.question_length import check_question
from rag_app.schema import Document, Hit
from rag_app.settings.provenance import Settings

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the disjoint ascending ranges of one corpus that answer it."""

    text: str
    corpus: str
    wanted: tuple[Range, ...]


def evaluate_chunks(
    folder: Path, *, settings: Settings, k: int = 5, limit: int | None = None
) -> dict[str, Any]:
    """Mean recall, precision, IoU and precision omega over the questions.

    Raises:
        DataError: The folder is not in the layout of Chroma's report.
    """
    documents, questions = load(folder)
    rag, _ = open_temporary_index(documents, replace(settings, k=k))
    with closing(rag):
        return score_chunks(rag, documents, questions[:limit], k=k)


def load(folder: Path) -> tuple[list[Document], list[Question]]:
    """The corpora and the questions on them.

    Raises:
        DataError: The folder is not in the layout of Chroma's report.
    """
    documents = [
        evaluation_document(path.stem, read_text(path)) for path in sorted(folder.glob("*.md"))
    ]
    if not documents:
        raise DataError(f"{folder} holds no *.md")
    corpora = {document.id for document in documents}
    return documents, load_questions(folder / "questions.jsonl", corpora)


def score_chunks(
    rag: Rag, documents: Sequence[Document], questions: Sequence[Question], *, k: int
) -> dict[str, Any]:
    """The means over the questions for an index of the documents, however they were cut."""
    chunks = {
        document.id: [(c.start, c.end) for c in rag.index.catalog.chunks_of(document.id)]
        for document in documents
    }
    scores = [
        _score(question, rag.retriever.search(question.text, k=k), chunks[question.corpus])
        for question in questions
    ]
    names = ("recall", "precision", "iou", "precision_omega")
    return {
        **{name: mean([score[i] for score in scores]) for i, name in enumerate(names)},
        "questions": len(scores),
    }


def load_questions(path: Path, corpora: Collection[str]) -> list[Question]:
    """The questions of a `questions.jsonl`, each on one of the corpora."""

    def parse(row: dict[str, Any]) -> Question:
        wanted = merge((int(r["start"]), int(r["end"])) for r in row["references"])
        if row["corpus"] not in corpora:
            raise ValueError(f"there is no {row['corpus']}.md")
        if not any(start < end for start, end in wanted):
            raise ValueError("no reference text")
        check_question(row["question"])
        return Question(row["question"], row["corpus"], tuple(wanted))

    return read_lines(path, parse)


def merge(ranges: Iterable[Range]) -> list[Range]:
    """The same characters as disjoint ascending ranges."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def common(first: Sequence[Range], second: Sequence[Range]) -> int:
    """How many characters two lists of disjoint ranges share."""
    return sum(
        max(0, min(end, other_end) - max(start, other_start))
        for start, end in first
        for other_start, other_end in second
    )


def _score(
    question: Question, hits: Sequence[Hit], chunks: Sequence[Range]
) -> tuple[float, float, float, float]:
    wanted = question.wanted
    size = sum(end - start for start, end in wanted)
    own = [(h.chunk.start, h.chunk.end) for h in hits if h.chunk.document_id == question.corpus]
    shared = common(wanted, merge(own))
    retrieved = sum(hit.chunk.end - hit.chunk.start for hit in hits)
    touching = [chunk for chunk in chunks if common([chunk], wanted)]
    omega = sum(end - start for start, end in touching)
    return (
        shared / size,
        shared / retrieved if retrieved else 0.0,
        shared / (size + retrieved - shared),
        common(wanted, merge(touching)) / omega if omega else 0.0,
    )
