"""Documents into chunks of about as many tokens as the embedding model sees.

A chunk ends at the strongest boundary in the second half of its window: a heading,
else a paragraph's end, a sentence's, a line's, a word's. Chunks follow one another
without gap or overlap and are never stripped, so `document.text[start:end] == text`
holds and no character is lost.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Tokenizer
from rag_app.schema import COLUMNS, Chunk, Document, identify
from rag_app.sentences import sentence_spans

# Boundary strengths, strongest first.
_HEADING, _PARAGRAPH, _SENTENCE, _LINE, _WORD = range(5)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*|\f\s*")
_LINE_END = re.compile(r"\n")
_WORD_END = re.compile(r"\s+")


def chunk(
    document: Document, *, tokenizer: Tokenizer, tokens: int = 512, context: int = 0
) -> list[Chunk]:
    """The document's chunks, covering its whole text in order.

    Args:
        document: Any document; one without tokens has no chunks.
        tokenizer: The embedding model's own.
        tokens: Longest chunk, the model's special tokens included.
        context: Tokens of the text on each side that the chunk's vector sees besides.
    """
    budget = tokens - tokenizer.special_tokens
    spans = tokenizer.spans(document.text)
    if not len(spans):
        return []
    boundaries = _boundaries(document)
    pieces: list[tuple[int, int, int]] = []
    windows = list(_windows(len(document.text), spans[:, 0], boundaries, budget))
    texts = [document.text[start:end] for start, end in windows]
    # Of a single window, the whole text, the count is known.
    counts = tokenizer.counts(texts) if len(texts) > 1 else [len(spans)]
    for (start, end), count in zip(windows, counts, strict=True):
        pieces.extend(_fitted(document.text, start, end, count, tokenizer, budget))
    chunks = [_make_chunk(document, *piece, tokenizer.special_tokens) for piece in pieces]
    if not context:
        return chunks
    return [
        replace(made, seen=_surrounded(document.text, spans, made.start, made.end, context))
        for made in chunks
    ]


def _surrounded(text: str, spans: NDArray[np.int64], start: int, end: int, context: int) -> str:
    """The text of the chunk with so many tokens on each side."""
    first = max(int(np.searchsorted(spans[:, 0], start)) - context, 0)
    last = min(int(np.searchsorted(spans[:, 0], end)) + context, len(spans)) - 1
    begin = min(start, int(spans[min(first, last), 0]))
    return text[begin : max(end, int(spans[last, 1]))]


def _boundaries(document: Document) -> list[NDArray[np.int64]]:
    """Ascending offsets at which a chunk may begin, by strength."""
    text = document.text
    found = {
        _HEADING: [offset for offset, level, _ in document.headings if level < COLUMNS],
        _PARAGRAPH: [match.end() for match in _PARAGRAPH_END.finditer(text)],
        _SENTENCE: [start for start, _ in sentence_spans(text)],
        _LINE: [match.end() for match in _LINE_END.finditer(text)],
        _WORD: [match.end() for match in _WORD_END.finditer(text)],
    }
    return [np.array(sorted(found[rank]), dtype=np.int64) for rank in sorted(found)]


def _windows(
    length: int,
    token_starts: NDArray[np.int64],
    boundaries: Sequence[NDArray[np.int64]],
    budget: int,
) -> Iterator[tuple[int, int]]:
    start = first = 0  # first: index of the first token of the window
    while len(token_starts) - first > budget:
        latest = int(token_starts[first + budget])
        # A rest shorter than a window is shared evenly, so that no crumb is left over.
        rest = len(token_starts) - first
        half = (rest if rest < 2 * budget else budget) // 2
        earliest = int(token_starts[first + half])
        cut = _strongest(boundaries, earliest, latest)
        if cut is None or cut <= start:
            cut = latest
        yield start, cut
        start = cut
        first = int(np.searchsorted(token_starts, cut))
    yield start, length


def _strongest(boundaries: Sequence[NDArray[np.int64]], earliest: int, latest: int) -> int | None:
    """The strongest boundary in the range; of equals, the last, to fill the window."""
    for offsets in boundaries:
        index = int(np.searchsorted(offsets, latest, side="right")) - 1
        if index >= 0 and offsets[index] >= earliest:
            return int(offsets[index])
    return None


def _fitted(
    text: str, start: int, end: int, count: int, tokenizer: Tokenizer, budget: int
) -> Iterator[tuple[int, int, int]]:
    """(start, end, tokens), halved until it fits.

    A piece tokenised alone may have more tokens than it had inside the whole text, where
    a cut falls inside a word or where the tokenizer looks at the neighbours.
    """
    if count <= budget or end - start == 1:
        yield start, end, count
        return
    middle = (start + end) // 2
    space = text.rfind(" ", start + 1, middle)
    cut = space + 1 if space > start + (end - start) // 4 else middle
    for begin, stop in ((start, cut), (cut, end)):
        (part,) = tokenizer.counts([text[begin:stop]])
        yield from _fitted(text, begin, stop, part, tokenizer, budget)


def _make_chunk(document: Document, start: int, end: int, tokens: int, special: int) -> Chunk:
    text = document.text[start:end]
    first_word = start + len(text) - len(text.lstrip())
    return Chunk(
        id=identify(document.id, str(start), text),
        document_id=document.id,
        source=document.source,
        text=text,
        start=start,
        end=end,
        page=document.page_at(first_word),
        heading=_heading_path(document, first_word),
        tokens=tokens + special,
    )


def _heading_path(document: Document, offset: int) -> str:
    """The headings in force at the offset, highest first."""
    last = bisect_right(document.headings, offset, key=lambda heading: heading[0])
    path: list[str] = []
    level_above = COLUMNS + 1
    for _, level, title in reversed(document.headings[:last]):
        if level < level_above:
            path.append(title)
            level_above = level
    return " › ".join(filter(None, reversed(path)))
