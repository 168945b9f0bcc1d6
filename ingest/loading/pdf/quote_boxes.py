"""Where on a PDF's page a quote stands: one box a line, as the page is looked at.

PDFium says of each character where it is, in points of the page before it is turned and cut
to what is shown of it; it also says where such a point is on the picture it draws.
"""

from collections.abc import Iterable, Iterator
from ctypes import byref, c_int
from typing import Any, NamedTuple

from ingest.loading.pdf.quote_alignment import aligned

_ALIKE = 0.5  # of the lower one's height that two boxes of one line have in common
_GAP = 2.0  # times the height of a line: what stands farther apart is another column
_FINE = 1_000_000  # steps that the sides of a page are measured in


class Box(NamedTuple):
    """A rectangle on a page, 0…1 of its width and height from its upper left."""

    left: float
    top: float
    right: float
    bottom: float


class _Stretch(NamedTuple):
    """A rectangle in points from the page's lower left; of text that runs upwards or not."""

    left: float
    bottom: float
    right: float
    top: float
    turned: bool


def quote_boxes(page: Any, quote: str, *, before: str = "", after: str = "") -> list[Box]:
    """Where a quote stands on the page, in the page's order; none where the page does not say it.

    Args:
        page: PDFium's, open.
        quote: Text that was read from this page.
        before: Of that text, what stands before the quote; tells repeated ones apart.
        after: The same of what follows.
    """
    from pypdfium2 import raw

    text = page.get_textpage()
    places = aligned(list(_characters(raw, text)), quote, before=before, after=after)
    lines = _lines(_stretch(raw, text, at) for at in places)
    return [box for line in lines if (box := _shown(raw, page, line)) is not None]


def _characters(raw: Any, text: Any) -> Iterator[str]:
    """The page's characters; one that takes two places has the second one empty."""
    first = ""
    for at in range(text.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(text, at))
        if "\ud800" <= character < "\udc00":
            first = character
            continue
        if first:
            yield (first + character).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        yield "" if first else character
        first = ""


def _stretch(raw: Any, text: Any, at: int) -> _Stretch:
    """A character with the room that its font gives a line."""
    matrix = raw.FS_MATRIX()
    known = raw.FPDFText_GetMatrix(text, at, byref(matrix))
    turned = bool(known) and abs(matrix.b) > abs(matrix.a)
    left, bottom, right, top = text.get_charbox(at, loose=True)
    return _Stretch(left, bottom, right, top, turned)


def _lines(letters: Iterable[_Stretch]) -> list[_Stretch]:
    lines: list[_Stretch] = []
    for letter in letters:
        if lines and _continues(lines[-1], letter):
            last = lines[-1]
            lines[-1] = _Stretch(
                min(last.left, letter.left),
                min(last.bottom, letter.bottom),
                max(last.right, letter.right),
                max(last.top, letter.top),
                last.turned,
            )
        else:
            lines.append(letter)
    return lines


def _continues(line: _Stretch, letter: _Stretch) -> bool:
    if line.turned != letter.turned:
        return False
    (start, end, low, high), (begin, stop, below, above) = map(_along, (line, letter))
    height = min(high - low, above - below)
    in_common = min(high, above) - max(low, below)
    gap = max(begin - end, start - stop)
    return in_common >= _ALIKE * height and gap <= _GAP * height


def _along(stretch: _Stretch) -> tuple[float, float, float, float]:
    """Where it begins and ends in the direction of the text, then across."""
    left, bottom, right, top, turned = stretch
    return (bottom, top, left, right) if turned else (left, right, bottom, top)


def _shown(raw: Any, page: Any, line: _Stretch) -> Box | None:
    """The line on the picture of the page; None where it is cut off."""
    corners = ((line.left, line.bottom), (line.right, line.top))
    across, down = zip(*(_point(raw, page, x, y) for x, y in corners), strict=True)
    box = Box(min(across), min(down), max(across), max(down))
    return box if box.right > box.left and box.bottom > box.top else None


def _point(raw: Any, page: Any, x: float, y: float) -> tuple[float, float]:
    across, down = c_int(), c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, byref(across), byref(down))
    return _share(across.value), _share(down.value)


def _share(steps: int) -> float:
    return min(max(steps / _FINE, 0.0), 1.0)
