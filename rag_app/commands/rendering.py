"""Hits and answers as JSON values and as text for a terminal."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from rag_app.generation.citations import NO_SUPPORT
from rag_app.retrieval.sections import Section
from rag_app.schema import Answer, Chunk, Hit, Retrieval
from rag_app.text.printable import one_line, shorten, where


def chunk_json(chunk: Chunk) -> dict[str, Any]:
    """One chunk as JSON values."""
    return {
        "chunk_id": chunk.id,
        "source": chunk.source,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "heading": chunk.heading,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One hit as JSON values."""
    return {
        **chunk_json(hit.chunk),
        "score": hit.score,
        "rank": hit.rank,
        "signals": asdict(hit.signals),
        "also": list(hit.also),
    }


def retrieval_json(found: Retrieval) -> dict[str, Any]:
    """The result of `rag-app search --json`."""
    return {
        "question": found.question,
        "hits": [hit_json(hit) for hit in found.hits],
        "seconds": dict(found.seconds),
    }


def sections_json(found: Retrieval, sections: Sequence[Section]) -> dict[str, Any]:
    """The result of `rag-app search --sections --json`; hits are told by rank."""
    rows = [
        asdict(replace(section, hits=())) | {"hits": [hit.rank for hit in section.hits]}
        for section in sections
    ]
    return {**retrieval_json(found), "sections": rows}


def sections_text(sections: Sequence[Section]) -> str:
    """Sections for a person to read, whole."""
    return "\n\n".join(
        f"{where(section.source, section.page)}, {section.start}–{section.end}\n{section.text}"
        for section in sections
    )


def answer_json(answer: Answer) -> dict[str, Any]:
    """The result of `rag-app ask --json`."""
    citations = [asdict(citation) for citation in answer.citations]
    return {
        "question": answer.question,
        "text": answer.text,
        "mode": answer.mode,
        "confidence": answer.confidence,
        "citations": citations,
        "hits": [hit_json(hit) for hit in answer.hits],
        "seconds": dict(answer.seconds),
        "searched": answer.searched,
        "note": answer.note,
        "unsupported": [list(span) for span in answer.unsupported],
    }


def retrieval_text(found: Retrieval) -> str:
    """Hits for a person to read."""
    if not found.hits:
        return "nothing found; is the index empty? `rag-app status` tells"
    return "\n\n".join(_hit_text(hit) for hit in found.hits)


def _hit_text(hit: Hit) -> str:
    line = f"{hit.rank}. {where(hit.chunk.source, hit.chunk.page)}  ({hit.score:.2f})"
    also = one_line(f", also in {', '.join(hit.also)}") if hit.also else ""
    return f"{line}{also}\n{shorten(hit.chunk.text)}"


def answer_text(answer: Answer) -> str:
    """An answer with its sources for a person to read."""
    lines = [answer.text]
    shown: set[int] = set()
    for citation in answer.citations:
        if citation.number not in shown:
            shown.add(citation.number)
            quoted = " ".join(citation.quote.split())
            lines.append(f"[{citation.number}] {where(citation.source, citation.page)}: “{quoted}”")
    for start, end in answer.unsupported:
        lines.append(f"{NO_SUPPORT}: “{answer.text[start:end]}”")
    lines.append(f"(chance that the documents answer this: {answer.confidence:.0%})")
    if answer.note:
        lines.append(one_line(answer.note))
    return "\n\n".join(lines)
