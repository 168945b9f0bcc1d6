"""PDF: page by page by the better of two readers, pictures of text recognised."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from time import monotonic

from ingest.loading.extracted import Extracted
from ingest.loading.pdf.cleaning import clean, spelled
from ingest.loading.pdf.lines import Line, text_of
from ingest.loading.pdf.page_text import join_pages
from ingest.loading.pdf.pages import Page, Pages
from ingest.loading.scans.legibility import worth
from ingest.loading.scans.ocr import cure, read_pictures
from rag_app.errors import LoadError

_SECONDS = 90.0  # for all pages; what has been read by then is kept
_MOST_PAGES = 50_000
_BETTER = 1.5  # times as much worth: what is recognised replaces what the page says of itself
_NO_TITLE = re.compile(r"^(untitled\W*|microsoft \w+ - )", re.IGNORECASE)
_SHORTEST_TITLE = 3  # letters
_RECOGNISED = ("picture", "letters", "drawing")


def extract(data: bytes) -> Extracted:
    """All pages, a form feed between them; those that could not be read are named."""
    deadline = monotonic() + _SECONDS
    pages = Pages(data)
    found = _read(pages, deadline)
    wanted = [index for index, page in enumerate(found) if page.trouble in _RECOGNISED]
    advice = cure() if wanted else ""
    if wanted and not advice:
        found = _recognise(pages, found, wanted, deadline)
    texts = [
        [*lines, *map(spelled, page.notes)]
        for lines, page in zip(clean([page.lines for page in found]), found, strict=True)
    ]
    extracted = join_pages(texts, title=_title(pages.title()))
    missing = _missing(found, pages, advice)
    if not extracted.text and pages.mended:
        raise LoadError("damaged or cut short, nothing could be saved; get the file again")
    if not (extracted.text or missing or advice) and wanted:
        missing = "pictures in which no text was found"
    return replace(extracted, missing=missing, members=pages.attachments())


def _title(text: str) -> str:
    """The title without what programs put there; a number or a single letter is none."""
    title = _NO_TITLE.sub("", spelled(Line(text)).text)
    return title if sum(map(str.isalpha, title)) >= _SHORTEST_TITLE else ""


def _read(pages: Pages, deadline: float) -> list[Page]:
    found: list[Page] = []
    for index in range(min(len(pages), _MOST_PAGES)):
        if monotonic() > deadline:
            break
        found.append(pages.read(index))
    return found


def _recognise(
    pages: Pages, found: Sequence[Page], wanted: Sequence[int], deadline: float
) -> list[Page]:
    """The pages with those that are wanted read as pictures, where that makes more of them."""
    recognised = list(found)
    pictures = (pages.picture(index) if monotonic() < deadline else b"" for index in wanted)
    for index, lines in zip(wanted, read_pictures(pictures, deadline=deadline), strict=True):
        if lines is not None:
            recognised[index] = _better(found[index], lines)
    return recognised


def _better(page: Page, recognised: Sequence[Line]) -> Page:
    if worth(text_of(recognised)) > _BETTER * worth(text_of(page.lines)):
        return Page(recognised, page.notes)
    # A picture of no text holds nothing to miss; letters that were drawn are still unread.
    unread = page.trouble == "letters" and not page.lines
    return page if unread else replace(page, trouble="")


def _missing(found: Sequence[Page], pages: Pages, advice: str) -> str:
    why = {
        "damaged": "damaged",
        "picture": f"pictures, perhaps of text: {advice}" if advice else "pictures, not recognised",
        "letters": "in a font that does not say its letters" + (f": {advice}" if advice else ""),
    }
    parts = []
    for trouble, reason in why.items():
        if numbers := [n for n, page in enumerate(found, start=1) if page.trouble == trouble]:
            parts.append(f"{_listed(numbers)} ({reason})")
    if len(found) < (count := len(pages)):
        parts.append(f"{len(found) + 1}–{count} (more than is read of one file; split it)")
    reasons = [f"of {len(pages)} pages: {', '.join(parts)}"] if parts else []
    if pages.mended:
        reasons.append(
            "damaged or cut short, only what could be saved was read; get the file again"
        )
    return "; ".join(reasons)


def _listed(numbers: Sequence[int]) -> str:
    runs = [_run([n for _, n in run]) for _, run in groupby(enumerate(numbers), _offset)]
    return ", ".join(runs[:20]) + (f" and {len(runs) - 20} more" if len(runs) > 20 else "")


def _offset(numbered: tuple[int, int]) -> int:
    return numbered[1] - numbered[0]


def _run(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
