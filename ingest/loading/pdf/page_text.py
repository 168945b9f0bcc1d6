"""Pages of lines become the text: a form feed between pages, larger letters are headings."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loading.extracted import Extracted
from ingest.loading.pdf.lines import Line, body_size, is_large, rounded, text_of

_PAGE_BREAK = "\n\f\n"
_LONGEST_HEADING = 120  # characters
_LEVELS = 6
_NUMBER, _FIGURE = re.compile(r"\d[\d.,]*"), re.compile(r"\d[.,]\d|\d ?%")
_FINISHED = tuple(".:?!")

Heading = tuple[int, int, str]


def join_pages(pages: Sequence[Sequence[Line]], *, title: str = "") -> Extracted:
    """The text of all pages, where they begin, and the headings."""
    texts = [text_of(page) for page in pages]
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + len(_PAGE_BREAK))
    levels = _levels(pages)
    return Extracted(
        _PAGE_BREAK.join(texts) if any(texts) else "",
        title=title,
        page_starts=tuple(starts),
        headings=tuple(
            heading
            for page, start in zip(pages, starts, strict=False)
            for heading in _headings(page, start, levels)
        ),
    )


def _levels(pages: Sequence[Sequence[Line]]) -> dict[float, int]:
    """Letter size → level, for the sizes well above that of most text."""
    body = body_size(pages)
    larger = {rounded(line.size) for page in pages for line in page if is_large(line, body)}
    return {
        size: min(rank, _LEVELS) for rank, size in enumerate(sorted(larger, reverse=True), start=1)
    }


def _headings(page: Sequence[Line], start: int, levels: dict[float, int]) -> list[Heading]:
    """Lines in larger letters, those that follow one another in one size as one heading."""
    found: list[Heading] = []
    follows = False
    offset = start
    for line, below in pairwise([*page, Line("")]):
        level = levels.get(rounded(line.size), 0)
        goes_on = follows and not line.apart and not found[-1][2].endswith(_FINISHED)
        if level and goes_on and found[-1][1] == level:
            at, _, title = found.pop()
            found.append((at, level, f"{title} {line.text}"))
        elif level:
            found.append((offset, level, line.text))
        follows = bool(level)
        offset += len(line.text) + (2 if below.apart else 1)
    return [heading for heading in found if _is_title(heading[2])]


def _is_title(text: str) -> bool:
    """Rows of figures and sentences may be set large too."""
    figures = len(_NUMBER.findall(text)) > 2 or len(_FIGURE.findall(text)) > 1
    sentence = text.endswith(".") and len(text) > _LONGEST_HEADING / 2
    fits = len(text) <= _LONGEST_HEADING and sum(map(str.isalpha, text)) > 1
    return fits and not figures and not sentence
