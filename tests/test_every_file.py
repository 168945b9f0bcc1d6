"""Every file of the evaluation data: accounted for, and cut into chunks that lose nothing.

Slow: it reads some 1,300 files, many of them made to break readers.
"""

import pytest

from ingest.children import Limits
from ingest.chunking import chunk
from ingest.reading import read_ahead
from ingest.scan import scan
from rag_app.errors import LoadError
from rag_app.models.embedder import SentenceEmbedder
from rag_app.schema import Document
from tests.conftest import SHARED

TOKENS = 512
# Some have an exact text that is large and dull; the chunker sees the like of it elsewhere.
FOLDERS = ("chunking", "docs", "finance", "hostile_files", "hostile_pdfs", "office", "tatqa")


def faults(document: Document, minilm: SentenceEmbedder) -> list[str]:
    """What is wrong with the document's chunks."""
    chunks = chunk(document, tokenizer=minilm.tokenizer, tokens=TOKENS)
    found = []
    if any(document.text[piece.start : piece.end] != piece.text for piece in chunks):
        found.append("a chunk is not the slice of its offsets")
    if any(piece.tokens > TOKENS for piece in chunks):
        found.append("a chunk is longer than the model sees")
    covered = [(piece.start, piece.end) for piece in chunks]
    gaps = zip([0, *(end for _, end in covered)], [*(s for s, _ in covered), None], strict=True)
    if any(document.text[start:end].strip() for start, end in gaps):
        found.append("text lies in no chunk")
    return found


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the evaluation data; RAG_APP_SHARED_DATA")
def test_every_file_is_read_or_refused_with_a_reason_and_no_text_is_lost(
    minilm: SentenceEmbedder,
) -> None:
    files, unreadable = scan([SHARED / folder for folder in FOLDERS])
    assert unreadable == []
    wrong: dict[str, list[str]] = {}
    read = 0
    for file, result in zip(files, read_ahead(files, Limits()), strict=True):
        if isinstance(result, LoadError):
            reason = str(result).removeprefix(f"{file.key}: ")
            if not reason or "Traceback" in reason or "\n" in reason:
                wrong[file.key] = [f"refused with {reason!r}"]
            continue
        read += 1
        if found := faults(result, minilm):
            wrong[file.key] = found
    assert wrong == {}
    assert read > len(files) * 0.8
