"""Our chunker beside fixed windows and LangChain's recursive splitter, same retriever, k = 5.

    pip install -e '.[benchmark]'
    python -m benchmarks.chunkers ../shared/data/chunking

The measures are those of `rag-app eval chunks`. LangChain's splitter counts in the same
tokens and overlaps nothing, as the others do; its pieces are placed by searching for them.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ingest.chunking import chunk
from rag_app.evaluation.chunks import load, score_chunks
from rag_app.index.catalog.rows import FileState
from rag_app.protocols import Tokenizer
from rag_app.rag import Rag
from rag_app.schema import Chunk, Document, identify
from rag_app.settings.provenance import Settings

K = 5
Spans = Iterator[tuple[int, int]]


def fixed(document: Document, tokenizer: Tokenizer, tokens: int) -> Spans:
    """Windows of so many tokens, wherever they end."""
    starts = tokenizer.spans(document.text)[:, 0]
    cuts = [*starts[:: tokens - tokenizer.special_tokens].tolist(), len(document.text)]
    yield from pairwise(cuts)


def recursive(document: Document, tokenizer: Tokenizer, tokens: int) -> Spans:
    """LangChain's splitter with its own separators."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=tokens - tokenizer.special_tokens,
        chunk_overlap=0,
        length_function=lambda text: len(tokenizer.spans(text)),
    )
    end = 0
    for piece in splitter.split_text(document.text):
        start = document.text.index(piece, end)
        end = start + len(piece)
        yield start, end


CHUNKERS: dict[str, Callable[[Document, Tokenizer, int], Spans]] = {
    "fixed": fixed,
    "recursive": recursive,
}
OURS = ((512, 0), (300, 100), (200, 0), (170, 165))  # tokens, and those its vector sees besides


def as_chunk(document: Document, start: int, end: int, tokenizer: Tokenizer) -> Chunk:
    """The chunk of a span, as the index stores it."""
    text = document.text[start:end]
    tokens = len(tokenizer.spans(text)) + tokenizer.special_tokens
    return Chunk(
        identify(document.id, str(start), text),
        document.id,
        document.source,
        text,
        start,
        end,
        None,
        "",
        tokens,
    )


def cut(
    document: Document, tokenizer: Tokenizer, chunker: str, tokens: int, context: int
) -> list[Chunk]:
    """The document's chunks; those of "ours" as ingestion makes them."""
    if chunker == "ours":
        return chunk(document, tokenizer=tokenizer, tokens=tokens, context=context)
    spans = CHUNKERS[chunker](document, tokenizer, tokens)
    return [as_chunk(document, *span, tokenizer) for span in spans]


def fill(rag: Rag, documents: list[Document], chunker: str, tokens: int, context: int) -> int:
    """An index of the documents, cut by the chunker; how many chunks there are."""
    with rag.index.writing() as writer:
        for document in documents:
            chunks = cut(document, rag.embedder.tokenizer, chunker, tokens, context)
            texts = [piece.seen or piece.text for piece in chunks]
            writer.keep(texts, rag.embedder.embed(texts))
            file = FileState(document.id, 0, 0, document.digest)
            writer.commit(document, chunks, file=file, recipe=chunker)
        writer.deliver()
    return rag.index.catalog.count_chunks()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    documents, questions = load(arguments.folder)
    print(f"{'':20}{'chunks':>8}{'recall':>9}{'precision':>11}{'IoU':>8}")
    rows = [(chunker, tokens, 0) for tokens in (512, 200) for chunker in CHUNKERS]
    for chunker, tokens, context in [*rows, *(("ours", *each) for each in OURS)]:
        with tempfile.TemporaryDirectory() as folder:
            settings = replace(Settings(), index=Path(folder), answer="read")
            with closing(Rag.open(settings=settings)) as rag:
                count = fill(rag, documents, chunker, tokens, context)
                found = score_chunks(rag, documents, questions, k=K)
        size = f"{tokens}+2×{context}" if context else str(tokens)
        print(
            f"{chunker:10}{size:>10}{count:8}{found['recall']:9.3f}"
            f"{found['precision']:11.3f}{found['iou']:8.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
