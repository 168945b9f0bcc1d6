"""Documents into chunks of about as many tokens as the embedding model sees.

A chunk ends at the strongest boundary in the second half of its window: a heading,
else a paragraph's end, a sentence's, a line's, a word's. Chunks follow one another
without gap or overlap and are never stripped, so `document.text[start:end] == text`
holds and no character is lost.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Tokenizer
from rag_app.recipe import surrounded
from rag_app.schema import COLUMNS, Chunk, Document, identify
from rag_app.sentences import sentence_spans

_SPACES = " \t\n\r"
_MARKUP = re.compile(r"\\[a-z]+|<[^<>]*>")


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
    windows = list(_windows(len(document.text), spans[:, 0], _Boundaries(document), budget))
    lines = _heading_lines(document)
    chunks = [
        _make_chunk(document, *piece, tokenizer.special_tokens, lines)
        for window in _counted(document.text, windows, tokenizer)
        for piece in _fitted(document.text, *window, tokenizer, budget)
    ]
    if not context:
        return chunks
    return [
        replace(made, seen=surrounded(document.text, spans, made.start, made.end, context))
        for made in chunks
    ]


class _Boundaries:
    """Ascending offsets at which a chunk may begin, by strength, each found when needed."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[NDArray[np.int64]] = []

    def strongest(self, earliest: int, latest: int) -> int | None:
        """The strongest in the range; of equals, the last, to fill the window."""
        for offsets in self._by_strength():
            index = int(np.searchsorted(offsets, latest, side="right")) - 1
            if index >= 0 and offsets[index] >= earliest:
                return int(offsets[index])
        return None

    def _by_strength(self) -> Iterator[NDArray[np.int64]]:
        for rank, find in enumerate(_STRONGEST_FIRST):
            if rank == len(self._found):
                self._found.append(np.array(find(self._document), dtype=np.int64))
            yield self._found[rank]


def _headings(document: Document) -> list[int]:
    return sorted(offset for offset, level, _ in document.headings if level < COLUMNS)


def _sentences(document: Document) -> list[int]:
    return [start for start, _ in sentence_spans(document.text)]


def _ends(pattern: str) -> Callable[[Document], list[int]]:
    found = re.compile(pattern)
    return lambda document: [match.end() for match in found.finditer(document.text)]


_PARAGRAPHS, _LINES, _WORDS = _ends(r"\n[ \t]*\n\s*|\f\s*"), _ends(r"\n"), _ends(r"\s+")
_STRONGEST_FIRST = (_headings, _PARAGRAPHS, _sentences, _LINES, _WORDS)


def _windows(
    length: int,
    token_starts: NDArray[np.int64],
    boundaries: _Boundaries,
    budget: int,
) -> Iterator[tuple[int, int, int]]:
    """(start, end, tokens that begin in it)."""
    start = first = 0  # first: index of the first token of the window
    while len(token_starts) - first > budget:
        latest = int(token_starts[first + budget])
        # A rest shorter than a window is shared evenly, so that no crumb is left over.
        rest = len(token_starts) - first
        half = (rest if rest < 2 * budget else budget) // 2
        earliest = int(token_starts[first + half])
        cut = boundaries.strongest(earliest, latest)
        if cut is None or cut <= start:
            cut = latest
        next_first = int(np.searchsorted(token_starts, cut))
        yield start, cut, next_first - first
        start, first = cut, next_first
    yield start, length, len(token_starts) - first


def _counted(
    text: str, windows: Sequence[tuple[int, int, int]], tokenizer: Tokenizer
) -> Iterator[tuple[int, int, int]]:
    """The windows with the tokens that each has when it is tokenised alone."""

    def clean(cut: int) -> bool:
        if cut in (0, len(text)):
            return True
        return tokenizer.splits_at_spaces and (text[cut - 1] in _SPACES or text[cut] in _SPACES)

    inside = [clean(start) and clean(end) for start, end, _ in windows]
    others = [window for window, same in zip(windows, inside, strict=True) if not same]
    counts = iter(tokenizer.counts([text[start:end] for start, end, _ in others]))
    for (start, end, count), same in zip(windows, inside, strict=True):
        yield start, end, count if same else next(counts)


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


def _make_chunk(
    document: Document,
    start: int,
    end: int,
    tokens: int,
    special: int,
    lines: Sequence[tuple[int, int]],
) -> Chunk:
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
        headings=tuple(lines[bisect_left(lines, (start, 0)) : bisect_left(lines, (end, 0))]),
    )


def _heading_lines(document: Document) -> list[tuple[int, int]]:
    """(start, end) of the lines that are a heading and nothing else, in order.

    What names a part may say more, as the line of a setting or a function does.
    """
    found = []
    for start, level, title in document.headings:
        # A title that goes on in the next line has a blank for the line break.
        end = document.text.find("\n", start + len(title))
        end = len(document.text) if end < 0 else end
        if level < COLUMNS and _letters(document.text[start:end]) == _letters(title):
            found.append((start, end))
    return sorted(found)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _MARKUP.sub("", text)))


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
