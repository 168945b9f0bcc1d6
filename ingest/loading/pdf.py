"""PDF: text page by page, headings recognised by their larger letters."""

import logging
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ingest.loading.extracted import Extracted
from rag_app.errors import LoadError

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_logger = logging.getLogger(__name__)
_PAGE_BREAK = "\n\f\n"
_HEADING_SIZE = 1.15  # times the size of the body text
_LONGEST_HEADING = 120  # characters


def extract(data: bytes) -> Extracted:
    """All pages, a form feed between them; pages without text are named as missing."""
    reader = _open(data)
    texts: list[str] = []
    sizes: list[dict[str, float]] = []
    failed: list[int] = []
    for number, page in enumerate(reader.pages, start=1):
        try:
            text, line_sizes = _read_page(page)
        except Exception:
            _logger.debug("page %d cannot be read", number, exc_info=True)
            text, line_sizes = "", {}
            failed.append(number)
        texts.append(text)
        sizes.append(line_sizes)
    empty = [n for n, text in enumerate(texts, start=1) if not text.strip() and n not in failed]
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + len(_PAGE_BREAK))
    title = (reader.metadata.title if reader.metadata else None) or ""
    return Extracted(
        _PAGE_BREAK.join(texts) if any(text.strip() for text in texts) else "",
        title=title.strip(),
        page_starts=tuple(starts),
        headings=tuple(_headings(texts, starts, sizes)),
        missing=_missing(failed, empty, len(texts)),
    )


def _open(data: bytes) -> "PdfReader":
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise LoadError("protected by a password; save a copy without one")
    return reader


def _read_page(page: "PageObject") -> tuple[str, dict[str, float]]:
    """The page's text, and the size of the letters of each of its lines."""
    pieces: list[tuple[str, float]] = []

    def visit(text: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        pieces.append((text, abs(size * matrix[3]) or abs(size * matrix[1])))

    # A surrogate would make the text impossible to store.
    text = page.extract_text(visitor_text=visit).encode("utf-8", "replace").decode("utf-8")
    return text, _line_sizes(pieces)


def _line_sizes(pieces: list[tuple[str, float]]) -> dict[str, float]:
    """Line → letter size, for lines set in one size throughout."""
    sizes: dict[str, float] = {}
    line, found = "", set[float]()
    for text, size in [*pieces, ("\n", 0.0)]:
        for index, part in enumerate(text.split("\n")):
            if index:
                if len(found) == 1 and line.strip():
                    sizes[line.strip()] = found.pop()
                line, found = "", set()
            line += part
            if part.strip():
                found.add(round(size, 1))
    return sizes


def _headings(
    texts: list[str], starts: list[int], sizes: list[dict[str, float]]
) -> list[tuple[int, int, str]]:
    weights: Counter[float] = Counter()
    for page in sizes:
        for line, size in page.items():
            weights[size] += len(line)
    if not weights:
        return []
    body = weights.most_common(1)[0][0]
    larger = sorted({s for s in weights if s >= body * _HEADING_SIZE}, reverse=True)
    levels = {size: min(rank, 6) for rank, size in enumerate(larger, start=1)}
    headings = []
    for text, start, page in zip(texts, starts, sizes, strict=True):
        offset = start
        for line in text.split("\n"):
            title = line.strip()
            if (level := levels.get(page.get(title, 0.0))) and len(title) <= _LONGEST_HEADING:
                headings.append((offset, level, title))
            offset += len(line) + 1
    return headings


def _missing(failed: list[int], empty: list[int], pages: int) -> str:
    parts = []
    if failed:
        parts.append(f"unreadable: {_listed(failed)}")
    if empty:
        parts.append(f"without text, perhaps scanned: {_listed(empty)}")
    return f"of {pages} pages, " + "; ".join(parts) if parts else ""


def _listed(pages: list[int]) -> str:
    shown = ", ".join(map(str, pages[:20]))
    return shown + (f" and {len(pages) - 20} more" if len(pages) > 20 else "")
