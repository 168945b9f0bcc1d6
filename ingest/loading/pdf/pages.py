"""The pages of a PDF, each read by the reader that makes more of it.

PDFium reads every page: it takes a tenth of pypdf's time and keeps words whole. Where its
text is plainly legible, that is all. Where it is poor, or there is none although letters are
drawn, pypdf reads the page too, and the text that is worth more wins (see `legibility`);
PDFium's if both are worth the same. What is still no text is a picture to be recognised.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ingest.loading.extracted import Member
from ingest.loading.pdf.lines import Line, text_of
from ingest.loading.pdf.readers import UNKNOWN, Drawn, Pdfium, Pypdf, Reading
from ingest.loading.pdf.repair import mended
from ingest.loading.scans.legibility import is_coded, legibility, readable_share, worth
from rag_app.errors import LoadError

_logger = logging.getLogger(__name__)
_PLAIN = 0.9  # legibility from which nothing better is looked for
_READABLE = 0.5  # share of readable characters below which a text is none
_LITTLE = 100  # characters on a page that is mostly a picture
_MOSTLY = 0.8  # of a page
_SMALLEST = 0.02  # of a page: a picture that may hold text

# What a page is that gave no text or little: a picture, letters that do not say which they
# are, a drawing whose outlines may be letters, or something that no reader could open.
Trouble = Literal["", "picture", "letters", "drawing", "damaged"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text, what is filled in and noted on it, and why there may be more."""

    lines: Sequence[Line] = ()
    notes: Sequence[Line] = ()
    trouble: Trouble = ""


class Pages:
    """A file opened by the readers that can."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            LoadError: It asks for a password.
            PyPdfError: Neither reader can open it.
        """
        self._data = data
        self.mended = False
        self.pdfium = _pdfium(data)
        if self.pdfium is None:
            self._open_otherwise()

    def _open_otherwise(self) -> None:
        """Open what PDFium cannot by pypdf, or as far as it can be mended."""
        try:
            self._pypdf = Pypdf(self._data)
            return
        except LoadError:
            raise
        except Exception:
            self.pdfium = _pdfium(mended(self._data))
            if self.pdfium is None or not len(self.pdfium):
                raise
        self.mended = True

    @cached_property
    def _pypdf(self) -> Pypdf | None:
        try:
            return Pypdf(self._data)
        except Exception:  # whatever a damaged file makes of it; PDFium has opened it
            _logger.debug("pypdf cannot open the file", exc_info=True)
            return None

    def __len__(self) -> int:
        return len(self.pdfium or self._pypdf or ())

    def title(self) -> str:
        """The title in the file's properties."""
        reader = self.pdfium or self._pypdf
        return reader.title() if reader else ""

    def attachments(self) -> Iterator[Member]:
        """The files inside the file."""
        return self.pdfium.attachments() if self.pdfium else iter(())

    def picture(self, index: int) -> bytes:
        """A page as it looks; nothing if it cannot be drawn."""
        try:
            return self.pdfium.picture(index) if self.pdfium else b""
        except Exception:
            _logger.debug("page %d cannot be drawn", index + 1, exc_info=True)
            return b""

    def read(self, index: int) -> Page:
        """A page, by the better reader."""
        first = _read(self.pdfium, index)
        text = text_of(first.lines) if first else ""
        plain = legibility(text) >= _PLAIN
        if first and plain and len(text) >= _LITTLE:
            return Page(first.lines, first.notes)
        drawn = self._drawn(index)
        best = first
        second = _read(self._pypdf, index) if drawn.text and not plain else None
        if second and (first is None or worth(text_of(second.lines)) > worth(text)):
            best = Reading(second.lines, first.notes if first else ())
        if best is None:
            return Page(trouble="damaged")
        readable = readable_share(text_of(best.lines)) >= _READABLE
        return Page(best.lines if readable else (), best.notes, _trouble(best, drawn))

    def _drawn(self, index: int) -> Drawn:
        try:
            return self.pdfium.drawn(index) if self.pdfium else UNKNOWN
        except Exception:
            _logger.debug("page %d cannot be looked at", index + 1, exc_info=True)
            return UNKNOWN


def _pdfium(data: bytes) -> Pdfium | None:
    try:
        return Pdfium(data) if data else None
    except LoadError:
        raise
    except Exception:
        _logger.debug("PDFium cannot open the file", exc_info=True)
        return None


def _read(reader: Pdfium | Pypdf | None, index: int) -> Reading | None:
    try:
        return reader.read(index) if reader else None
    except Exception:  # a page that is damaged leaves the others readable
        _logger.debug("%s cannot read page %d", reader, index + 1, exc_info=True)
        return None


def _trouble(best: Reading, drawn: Drawn) -> Trouble:
    text = text_of(best.lines)
    if readable_share(text) >= _READABLE:
        if len(text) < _LITTLE and drawn.pictures >= _MOSTLY:
            return "picture"
        return "letters" if is_coded(text) else ""
    if drawn.pictures >= _SMALLEST:
        return "picture"
    if drawn.letters:
        return "letters"
    return "drawing" if drawn.outlines else ""
