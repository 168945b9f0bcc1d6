"""What a .doc file says of its characters and paragraphs [MS-DOC 2.6, 2.9].

Runs of bytes have lists of changes to the style: those are read that tell deleted and
hidden text, symbols, headings, lists and the rows of tables.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from

from ingest.loading.legacy.doc_file import WordFile

_STYLES, _CHARACTERS, _PARAGRAPHS = 1, 12, 13  # pairs of offset and size
_PAGE = 512  # bytes
_DELETED, _HIDDEN, _SYMBOL = 0x0800, 0x083C, 0x6A09
_IN_TABLE, _ROW_END, _OUTLINE, _LIST = 0x2416, 0x2417, 0x2640, 0x460B
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)  # bytes of an operand, by its kind
_FAR = (0x6645, 0x6646)
_TABLE_DEFINITION, _TABS = 0xD608, 0xC615
_BODY_TEXT = 9  # the outline level of what is no heading
_TITLE_STYLE = 62
_USER_STYLE = 0xFFE
_NO_STYLE = 0xFFF
_DEEPEST = 12  # styles that build on one another


@dataclass(frozen=True, slots=True)
class Paragraph:
    """How a paragraph is set; `level` 0 is no heading."""

    level: int = 0
    in_table: bool = False
    row_end: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A range of the text that is not shown as it stands, and what is shown."""

    start: int
    end: int
    shown: str = ""


class Properties:
    """Looks up what applies to positions in the text."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._levels = _style_levels(file.described(_STYLES))
        self._paragraphs = [
            (first, self._paragraph(page, at)) for first, _, page, at in _runs(file, _PARAGRAPHS)
        ]
        self._paragraphs.sort(key=lambda run: run[0])
        self._cuts = [
            (first, end, shown)
            for first, end, page, at in _runs(file, _CHARACTERS)
            if (shown := _shown_instead(page[at + 1 : at + 1 + page[at]] if at else b""))
            is not None
        ]
        self._cuts.sort()

    def paragraph(self, position: int) -> Paragraph:
        """How the paragraph is set whose mark is at a position."""
        for piece, first, _ in self._file.covering(position, position + 1):
            index = bisect_right(self._paragraphs, piece.place(first), key=lambda run: run[0])
            if index:
                return self._paragraphs[index - 1][1]
        return Paragraph()

    def cuts(self, start: int, end: int) -> Iterator[Cut]:
        """What in a range of the text is deleted, hidden or a symbol."""
        for piece, first, last in self._file.covering(start, end):
            begin, stop = piece.place(first), piece.place(last)
            index = bisect_right(self._cuts, begin, key=lambda run: run[0])
            for n in range(max(0, index - 1), len(self._cuts)):
                low, high, shown = self._cuts[n]
                if low >= stop:
                    break
                low, high = max(low, begin), min(high, stop)
                if low < high:
                    yield Cut(piece.position(low), piece.position(high), shown)

    def _paragraph(self, page: bytes, at: int) -> Paragraph:
        if not at:
            return Paragraph(self._levels.get(0, 0))
        begin, size = (at + 1, 2 * page[at] - 1) if page[at] else (at + 2, 2 * page[at + 1])
        record = page[begin : begin + size]
        if len(record) < 2:
            return Paragraph()
        level = self._levels.get(unpack_from("<H", record)[0], 0)
        in_table = row_end = listed = False
        for code, operand in self._changes(record[2:]):
            if code == _OUTLINE:
                level = _level(operand[0])
            elif code == _IN_TABLE:
                in_table = bool(operand[0])
            elif code == _ROW_END:
                row_end = bool(operand[0])
            elif code == _LIST:
                listed = any(operand)
        return Paragraph(level, in_table, row_end, listed)

    def _changes(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for code, operand in _changes(data):
            if code in _FAR:
                yield from _changes(self._file.far(unpack_from("<I", operand)[0]))
            else:
                yield code, operand


def _runs(file: WordFile, pair: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield first and last byte of runs of text, the page that tells of them, and where in it.

    At 0 there is nothing to be told.
    """
    listed = file.described(pair)
    count = (len(listed) - 4) // 8
    width = 1 if pair == _CHARACTERS else 13
    numbers = unpack_from(f"<{count}I", listed, 4 * (count + 1)) if count > 0 else ()
    for number in dict.fromkeys(number & 0x3FFFFF for number in numbers):
        page = file.stream[number * _PAGE : (number + 1) * _PAGE]
        if len(page) < _PAGE:
            continue
        runs = min(page[-1], (_PAGE - 5) // (4 + width))
        bounds = unpack_from(f"<{runs + 1}I", page)
        for n in range(runs):
            at = 2 * page[4 * (runs + 1) + n * width]
            yield bounds[n], bounds[n + 1], page, at


def _changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the changes in a list, each with its operand; what is cut short is left out."""
    at = 0
    while at + 3 <= len(data):
        (code,) = unpack_from("<H", data, at)
        at += 2
        size = _SIZES[code >> 13]
        if code == _TABLE_DEFINITION:
            size = unpack_from("<H", data.ljust(at + 2, b"\0"), at)[0] + 1
        elif not size:
            if code == _TABS and data[at] == 255:
                return  # its size is told otherwise, and it comes last
            size = data[at] + 1
        if at + size > len(data):
            return
        yield code, data[at : at + size]
        at += size


def _shown_instead(data: bytes) -> str | None:
    """What is shown in place of characters; None if they are shown as they stand."""
    for code, operand in _changes(data):
        if code in (_DELETED, _HIDDEN) and operand[0] in (1, 0x81):
            return ""
        if code == _SYMBOL:
            return chr(unpack_from("<H", operand, 2)[0])
    return None


def _level(outline: int) -> int:
    return outline + 1 if outline < _BODY_TEXT else 0


def _style_levels(sheet: bytes) -> dict[int, int]:
    """The heading levels of the styles that are for headings, by number."""
    if len(sheet) < 6:
        return {}
    size, count, base = unpack_from("<HHH", sheet)
    at = 2 + size
    own: dict[int, int | None] = {}
    below: dict[int, int] = {}
    for number in range(min(count, _NO_STYLE)):
        if at + 2 > len(sheet):
            break
        (length,) = unpack_from("<H", sheet, at)
        style = sheet[at + 2 : at + 2 + length]
        at += 2 + length
        if len(style) >= base >= 4:
            own[number] = _own_level(style, base)
            below[number] = unpack_from("<H", style, 2)[0] >> 4
    levels = {}
    for number in own:
        found, step = own[number], number
        for _ in range(_DEEPEST):
            if found is not None:
                break
            step = below.get(step, _NO_STYLE)
            found = own.get(step)
        if found:
            levels[number] = found
    return levels


def _own_level(style: bytes, base: int) -> int | None:
    """The level that a style gives; None if it leaves that to the one it builds on."""
    known = unpack_from("<H", style)[0] & 0xFFF
    if 1 <= known <= 9:
        return int(known)
    if known == _TITLE_STYLE:
        return 1
    if unpack_from("<H", style, 2)[0] & 0xF != 1 or base + 2 > len(style):
        return None  # of characters
    (letters,) = unpack_from("<H", style, base)
    at = base + 2 * letters + 4
    if at + 4 > len(style):
        return None
    (size,) = unpack_from("<H", style, at)
    for code, operand in _changes(style[at + 4 : at + 2 + size]):
        if code == _OUTLINE:
            return _level(operand[0])
    return None if known == _USER_STYLE else 0
