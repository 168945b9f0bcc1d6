"""Documents into chunks of about as many tokens as the embedding model sees.

A chunk ends at the strongest boundary in the second half of its window: a heading,
else a paragraph's end, a sentence's, a line's, a word's. Chunks follow one another
without gap or overlap and are never stripped, so `document.text[start:end] == text`
holds and no character is lost, but for stretches of nothing but white space that are longer
than a chunk may be. The time grows with the length of the text, whatever it holds.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from rag_app.index.index_fingerprint import CHARACTERS, surrounded
from rag_app.protocols import Tokenizer
from rag_app.schema import COLUMNS, Chunk, Document, identify
from rag_app.text.sentences import each_sentence

_SPACES = " \t\n\r"
_MARKUP = re.compile(r"\\[a-z]+|<[^<>]*>")
_LONGEST_HEADING = 2_000  # characters
_LONGEST_MARKUP = 200  # characters around a title


def chunk(
    document: Document,
    *,
    tokenizer: Tokenizer,
    tokens: int = 512,
    context: int = 0,
    most: int | None = None,
) -> list[Chunk]:
    """The document's chunks, covering its whole text in order, or the first of them.

    Args:
        document: Any document; one without tokens has no chunks.
        tokenizer: The embedding model's own.
        tokens: Longest chunk, the model's special tokens included.
        context: Tokens of the text on each side that the chunk's vector sees besides.
        most: Chunks that are wanted; None for all.
    """
    text = document.text
    budget = tokens - tokenizer.special_tokens
    spans = tokenizer.spans(text)
    if not len(spans):
        return []
    cut = _windows(len(text), spans[:, 0], _Boundaries(document), budget, tokens * CHARACTERS)
    windows = list(islice((w for w in cut if w[2] or not text[w[0] : w[1]].isspace()), most))
    pieces = [
        piece
        for window in _counted(text, windows, tokenizer)
        for piece in _fitted(text, *window, tokenizer, budget)
    ]
    chunks = list(_made(document, pieces[:most], tokenizer.special_tokens))
    if not context:
        return chunks
    return [
        replace(made, seen=surrounded(text, spans, made.start, made.end, context))
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
                self._found.append(np.fromiter(find(self._document), dtype=np.int64))
            yield self._found[rank]


def _headings(document: Document) -> list[int]:
    return sorted(offset for offset, level, _ in document.headings if level < COLUMNS)


def _sentences(document: Document) -> Iterator[int]:
    return (start for start, _ in each_sentence(document.text))


def _ends(pattern: str) -> Callable[[Document], Iterator[int]]:
    found = re.compile(pattern)
    return lambda document: (match.end() for match in found.finditer(document.text))


_PARAGRAPHS, _LINES, _WORDS = _ends(r"\n[ \t]*\n\s*|\f\s*"), _ends(r"\n"), _ends(r"\s+")
_STRONGEST_FIRST: tuple[Callable[[Document], Iterable[int]], ...]
_STRONGEST_FIRST = (_headings, _PARAGRAPHS, _sentences, _LINES, _WORDS)


def _windows(
    length: int,
    token_starts: NDArray[np.int64],
    boundaries: _Boundaries,
    budget: int,
    most: int,
) -> Iterator[tuple[int, int, int]]:
    """(start, end, tokens that begin in it), of at most so many tokens and characters."""
    start = first = 0  # first: index of the first token of the window
    while (rest := len(token_starts) - first) > budget or length - start > most:
        earliest, latest = start + most // 2, start + most
        if rest > budget and token_starts[first + budget] <= latest:
            latest = int(token_starts[first + budget])
            # A rest shorter than a window is shared evenly, so that no crumb is left over.
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


def _made(
    document: Document, pieces: Iterable[tuple[int, int, int]], special: int
) -> Iterator[Chunk]:
    path, lines = _HeadingPath(document.headings), _heading_lines(document)
    for start, end, tokens in pieces:
        text = document.text[start:end]
        first_word = start + len(text) - len(text.lstrip())
        yield Chunk(
            id=identify(document.id, str(start), text),
            document_id=document.id,
            source=document.source,
            text=text,
            start=start,
            end=end,
            page=document.page_at(first_word),
            heading=path.at(first_word),
            tokens=tokens + special,
            headings=tuple(lines[bisect_left(lines, (start, 0)) : bisect_left(lines, (end, 0))]),
        )


def _heading_lines(document: Document) -> list[tuple[int, int]]:
    """(start, end) of the lines that are a heading and nothing else, in order.

    What names a part may say more, as the line of a setting or a function does.
    """
    found = []
    for start, level, title in document.headings:
        # A title that goes on in the next line has a blank for the line break. Many headings may
        # stand in one long line, which is looked at no further than markup reaches.
        latest = min(start + len(title) + _LONGEST_MARKUP, len(document.text))
        end = document.text.find("\n", start + len(title), latest)
        end = latest if end < 0 else end
        if level < COLUMNS and _letters(document.text[start:end]) == _letters(title):
            found.append((start, end))
    return sorted(found)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _MARKUP.sub("", text)))


class _HeadingPath:
    """The headings in force at ascending offsets, each looked at once."""

    def __init__(self, headings: Sequence[tuple[int, int, str]]) -> None:
        self._headings = headings
        self._next = 0
        self._path: list[tuple[int, str]] = []  # (level, title), highest first

    def at(self, offset: int) -> str:
        """The titles, highest first."""
        while self._next < len(self._headings) and self._headings[self._next][0] <= offset:
            _, level, title = self._headings[self._next]
            while self._path and self._path[-1][0] >= level:
                self._path.pop()
            self._path.append((level, title))
            self._next += 1
        # Every chunk has it, and some files have headings of a megabyte.
        return " › ".join(filter(None, (title for _, title in self._path)))[:_LONGEST_HEADING]
