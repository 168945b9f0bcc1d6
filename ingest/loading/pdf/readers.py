"""The two readers of PDFs: PDFium, fast and forgiving, and pypdf, which reads some more."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from ctypes import byref, c_double, c_ulong
from functools import partial
from io import BytesIO
from itertools import islice
from math import hypot
from re import finditer
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.loading.extracted import Member
from ingest.loading.pdf.annotations import notes
from ingest.loading.pdf.lines import Line, Word, lines_of, text_of
from ingest.loading.scans.ocr import SHARPNESS
from rag_app.errors import LoadError

if TYPE_CHECKING:
    from pypdf import PageObject

_logger = logging.getLogger(__name__)
_LOCKED = "protected by a password; save a copy without one"
_MOST_PIXELS = 20_000_000
_MOST_ATTACHMENTS = 1_000
_MOST_OBJECTS = 5_000  # looked at on a page
_OUTLINES = 50  # paths from which a drawing may hold letters


class Reading(NamedTuple):
    """The lines of a page, and what is filled in and noted on it."""

    lines: Sequence[Line]
    notes: Sequence[Line] = ()


class Drawn(NamedTuple):
    """What a page draws: text, letters with a shape, pictures (their share), many outlines."""

    text: bool
    letters: bool
    pictures: float = 0.0
    outlines: bool = False


UNKNOWN = Drawn(text=True, letters=True)


class Pdfium:
    """A file opened by PDFium."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            LoadError: It asks for a password.
            PdfiumError: It is damaged beyond PDFium's means.
        """
        import pypdfium2
        from pypdfium2 import raw

        try:
            self.file = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
                raise LoadError(_LOCKED) from error
            raise
        self._raw = raw
        self._form = self._opened_form()

    def _opened_form(self) -> Any:
        """What the values of form fields are asked of; must be opened before any page."""
        from pypdfium2 import PdfiumError

        try:
            self.file.init_forms()
        except PdfiumError:
            _logger.debug("form cannot be read", exc_info=True)
        return self.file.formenv

    def __len__(self) -> int:
        return len(self.file)

    def title(self) -> str:
        """The title in the file's properties."""
        return str(self.file.get_metadata_value("Title"))

    def read(self, index: int) -> Reading:
        """The text of a page, its notes and form fields."""
        with closing(self.file[index]) as page:
            lines = lines_of(self._words(page.get_textpage()))
            text = text_of(lines)
            written = [note for note in notes(page, self._form) if note not in text]
            return Reading(lines, [Line(note, apart=True) for note in written])

    def _words(self, page: Any) -> Iterator[Word]:
        text = page.get_text_range()
        exact = page.count_chars() == len(text)
        x, y, end = c_double(), c_double(), 0
        for match in finditer(r"\S+", text):
            at = match.start() if exact else self._index(page, text, match.start())
            self._raw.FPDFText_GetCharOrigin(page.raw, at, byref(x), byref(y))
            breaks = "\n" in text[end : match.start()]
            end = match.end()
            # PDFium's mark where it joined a word that was hyphenated at the end of a line.
            word = match[0].replace("\ufffe", "\u00ad")
            size, turned = self._size(page, at)
            yield Word(word, x.value, y.value, size, breaks, turned)

    def _index(self, page: Any, text: str, at: int) -> int:
        """The index of a character of the page; the text leaves some out, others take two."""
        units = len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
        return max(0, int(self._raw.FPDFText_GetCharIndexFromTextIndex(page.raw, units)))

    def _size(self, page: Any, at: int) -> tuple[float, bool]:
        """The size of a letter, and whether it is not upright."""
        matrix = self._raw.FS_MATRIX()
        size = float(self._raw.FPDFText_GetFontSize(page.raw, at))
        if not self._raw.FPDFText_GetMatrix(page.raw, at, byref(matrix)):
            return size, False
        return size * hypot(matrix.c, matrix.d), abs(matrix.b) > abs(matrix.a)

    def drawn(self, index: int) -> Drawn:
        """What there is on a page."""
        with closing(self.file[index]) as page:
            area = page.get_width() * page.get_height() or 1.0
            text = page.get_textpage().get_text_range()
            only_spaces = bool(text) and text.isspace()
            written = letters = False
            pictures, paths = 0.0, 0
            for item in islice(page.get_objects(max_depth=8), _MOST_OBJECTS):
                if item.type == self._raw.FPDF_PAGEOBJ_PATH:
                    paths += 1
                    continue
                left, bottom, right, top = item.get_bounds()
                if item.type == self._raw.FPDF_PAGEOBJ_IMAGE:
                    pictures += abs((right - left) * (top - bottom)) / area
                elif item.type == self._raw.FPDF_PAGEOBJ_TEXT and not only_spaces:
                    written = True
                    letters |= right > left and top > bottom
            return Drawn(written, letters, pictures, paths >= _OUTLINES)

    def picture(self, index: int) -> bytes:
        """The page as it looks, in grey, as a PGM file."""
        with closing(self.file[index]) as page:
            width, height = page.get_size()
            scale = min(SHARPNESS / 72, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
            grey = page.render(scale=scale, grayscale=True).to_numpy()
            return b"P5 %d %d 255\n" % (grey.shape[1], grey.shape[0]) + bytes(grey.tobytes())

    def attachments(self) -> Iterator[Member]:
        """The files inside the file."""
        for number in range(min(self.file.count_attachments(), _MOST_ATTACHMENTS)):
            attachment = self.file.get_attachment(number)
            size = c_ulong()
            self._raw.FPDFAttachment_GetFile(attachment, None, 0, byref(size))
            if size.value:
                yield Member(attachment.get_name(), size.value, partial(_content, attachment))


def _content(attachment: Any) -> bytes:
    return bytes(attachment.get_data())


class Pypdf:
    """A file opened by pypdf."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            LoadError: It asks for a password.
        """
        from pypdf import PasswordType, PdfReader

        self._file: PdfReader = PdfReader(BytesIO(data))
        if self._file.is_encrypted and self._file.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise LoadError(_LOCKED)

    def __len__(self) -> int:
        return len(self._file.pages)

    def title(self) -> str:
        """The title in the file's properties."""
        return (self._file.metadata.title if self._file.metadata else None) or ""

    def read(self, index: int) -> Reading:
        """The text of a page."""
        return Reading(_lines_of_page(self._file.pages[index]))


def _lines_of_page(page: "PageObject") -> list[Line]:
    pieces: list[tuple[str, float]] = []

    def visit(text: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        pieces.append((text, abs(size * matrix[3]) or abs(size * matrix[1])))

    text = page.extract_text(visitor_text=visit)
    sizes = _line_sizes(pieces)
    lines: list[Line] = []
    apart = False
    for row in text.split("\n"):
        if words := " ".join(row.split()):
            lines.append(Line(words, sizes.get(words, 0.0), apart and bool(lines)))
        apart = not words
    return lines


def _line_sizes(pieces: list[tuple[str, float]]) -> dict[str, float]:
    """Line → letter size, for lines set in one size throughout."""
    sizes: dict[str, float] = {}
    line, found = "", set[float]()
    for text, size in [*pieces, ("\n", 0.0)]:
        for number, part in enumerate(text.split("\n")):
            if number:
                if len(found) == 1 and line.strip():
                    sizes[" ".join(line.split())] = found.pop()
                line, found = "", set()
            line += part
            if part.strip():
                found.add(round(size, 1))
    return sizes
