"""How much of the text that answers is retrieved, and how much else with it.

The measures of Chroma's chunking report (Smith & Troynikov 2024), over characters:
recall is the share of the reference text that was retrieved, precision the share of the
retrieved text that is reference, IoU their intersection over their union, and precision
omega the precision of a retriever that brings up every chunk touching the reference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag_app.config import Settings
from rag_app.errors import DataError
from rag_app.evaluation.metrics import mean
from rag_app.evaluation.throwaway import evaluation_document, open_throwaway, read_lines

Range = tuple[int, int]


def evaluate_chunks(
    folder: Path, *, settings: Settings, k: int = 5, limit: int | None = None
) -> dict[str, Any]:
    """Mean recall, precision, IoU and precision omega over the questions.

    Raises:
        DataError: The folder has no `*.md` or no `questions.jsonl`.
    """
    documents = [
        evaluation_document(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.md"))
    ]
    if not documents:
        raise DataError(f"{folder} holds no *.md")
    rag, _ = open_throwaway(documents, replace(settings, k=k))
    chunks = {
        document.id: [(c.start, c.end) for c in rag.index.catalog.chunks_of(document.id)]
        for document in documents
    }
    scores = []
    for row in read_lines(folder / "questions.jsonl")[:limit]:
        corpus = row["corpus"]
        hits = [hit.chunk for hit in rag.retriever.search(row["question"], k=k)]
        own = [(chunk.start, chunk.end) for chunk in hits if chunk.document_id == corpus]
        elsewhere = sum(c.end - c.start for c in hits if c.document_id != corpus)
        wanted = merge((r["start"], r["end"]) for r in row["references"])
        scores.append(_score(wanted, own, elsewhere, chunks[corpus]))
    names = ("recall", "precision", "iou", "precision_omega")
    return {
        **{name: mean([score[i] for score in scores]) for i, name in enumerate(names)},
        "questions": len(scores),
    }


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
    wanted: Sequence[Range], own: Sequence[Range], elsewhere: int, chunks: Sequence[Range]
) -> tuple[float, float, float, float]:
    size = sum(end - start for start, end in wanted)
    shared = common(wanted, merge(own))
    retrieved = sum(end - start for start, end in own) + elsewhere
    touching = [chunk for chunk in chunks if common([chunk], wanted)]
    omega = sum(end - start for start, end in touching)
    return (
        shared / size,
        shared / retrieved if retrieved else 0.0,
        shared / (size + retrieved - shared),
        common(wanted, merge(touching)) / omega if omega else 0.0,
    )
