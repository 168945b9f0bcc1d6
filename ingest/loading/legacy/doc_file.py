"""How a .doc file of Word 6 to 2003 keeps its text [MS-DOC 2.3, 2.4, 2.5].

The text lies in pieces, in the order of the piece table, and positions count its
characters: first the body's, then those of footnotes, headers, comments, endnotes and
text boxes. What applies to characters and paragraphs is told by their place in the stream.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import unpack_from
from sys import byteorder

from ingest.loading.legacy.compound_file import LOCKED, Streams
from rag_app.errors import LoadError

WORD_97, _WORD_6 = 0xA5EC, 0xA5DC
_ENCRYPTED, _WHICH_TABLE, _WIDE = 0x0100, 0x0200, 0x1000  # flags at 10
_STORIES = ("body", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "more boxes")
_PIECES = 33  # of the pairs of offset and size
_PIECES_6 = 0x160
_SHORTEST = 0x80  # bytes of a file information block
# Encodings of text in languages that Word 6 wrote with code pages of their own.
_CODE_PAGES = {
    0x01: "cp1256", 0x02: "cp1251", 0x04: "cp950", 0x05: "cp1250", 0x08: "cp1253", 0x0D: "cp1255",
    0x0E: "cp1250", 0x11: "cp932", 0x12: "cp949", 0x15: "cp1250", 0x18: "cp1250", 0x19: "cp1251",
    0x1B: "cp1250", 0x1E: "cp874", 0x1F: "cp1254", 0x22: "cp1251", 0x23: "cp1251", 0x24: "cp1250",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that lie together: where in the text, and from which byte of the stream on."""

    start: int
    end: int
    at: int
    wide: bool

    def place(self, position: int) -> int:
        """The byte of a character."""
        return self.at + (position - self.start) * (2 if self.wide else 1)

    def position(self, place: int) -> int:
        """The character that a byte belongs to, or begins."""
        return self.start + (place - self.at) // (2 if self.wide else 1)


class WordFile:
    """The text of a file, its pieces and stories, and the tables that describe it."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._far: bytes | None = None
        self.stream = streams.read("WordDocument")
        if len(self.stream) < _SHORTEST:
            raise streams.damaged("it is cut short")
        self.kind, flags = self._number(0), self._number(10)
        if flags & _ENCRYPTED:
            raise LoadError(LOCKED)
        if self.kind not in (WORD_97, _WORD_6):
            raise streams.damaged("it begins as no Word document")
        self._pairs, lengths = self._layout()
        self.table = self._table(flags) if self.kind == WORD_97 else self.stream
        self._wide = bool(flags & _WIDE)
        self.pieces: list[Piece] = []
        self.text = "".join(self._read_pieces())
        self.cut_short = len(self.text) < sum(lengths)
        self.stories = dict(self._stories(lengths))

    def described(self, pair: int) -> bytes:
        """One of the parts of the table stream; none in files of Word 6."""
        if self.kind != WORD_97 or self._pairs + 8 * pair + 8 > len(self.stream):
            return b""
        at, size = unpack_from("<II", self.stream, self._pairs + 8 * pair)
        return self.table[at : at + size]

    def far(self, at: int) -> bytes:
        """Properties too long for their page: they are kept with the pictures."""
        if self._far is None:
            self._far = self._streams.read("Data")
        if at + 2 > len(self._far):
            return b""
        (size,) = unpack_from("<H", self._far, at)
        return self._far[at + 2 : at + 2 + size]

    def covering(self, start: int, end: int) -> Iterator[tuple[Piece, int, int]]:
        """Yield the parts of a range of the text that lie together, with their ends."""
        index = max(0, bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1)
        while index < len(self.pieces) and self.pieces[index].start < end:
            piece = self.pieces[index]
            first, last = max(start, piece.start), min(end, piece.end)
            if first < last:
                yield piece, first, last
            index += 1

    def _number(self, at: int) -> int:
        if at + 2 > len(self.stream):
            raise self._streams.damaged("it is cut short")
        return int(unpack_from("<H", self.stream, at)[0])

    def _layout(self) -> tuple[int, Sequence[int]]:
        """Where the pairs of offset and size begin, and the lengths of the stories."""
        if self.kind == _WORD_6:
            return 0, unpack_from("<8I", self.stream, 0x34)
        longs = 36 + 2 * self._number(32)
        pairs = longs + 4 * self._number(longs - 2) + 2
        if pairs > len(self.stream):
            raise self._streams.damaged("it is cut short")
        return pairs, unpack_from("<8I", self.stream, longs + 12)

    def _table(self, flags: int) -> bytes:
        first, second = ("1Table", "0Table") if flags & _WHICH_TABLE else ("0Table", "1Table")
        return self._streams.read(first) or self._streams.read(second)

    def _read_pieces(self) -> Iterator[str]:
        """The text piece by piece, as much as the stream can hold."""
        start = 0
        for at, length, wide in self._listed():
            data = self.stream[at : at + length * (2 if wide else 1)]
            text = _wide(data) if wide else data.decode(self._encoding(), "replace")
            if start + len(text) > len(self.stream):
                raise self._streams.damaged("its piece table is wrong")
            if text:
                self.pieces.append(Piece(start, start + len(text), at, wide))
                start += len(text)
                yield text

    def _encoding(self) -> str:
        if self.kind == WORD_97:
            return "cp1252"
        # Of encodings with two bytes to a character the positions would not be known.
        page = _CODE_PAGES.get(self._number(6) & 0x3FF, "cp1252")
        return page if page.startswith(("cp125", "cp874")) else "cp1252"

    def _listed(self) -> Iterator[tuple[int, int, bool]]:
        """For every piece its first byte, its length, and whether a character takes two bytes."""
        if self.kind == WORD_97:
            listed = _piece_table(self.described(_PIECES))
        else:
            at, size = unpack_from("<II", self.stream.ljust(_PIECES_6 + 8, b"\0"), _PIECES_6)
            listed = _piece_table(self.stream[at : at + size])
        if not listed and self.kind == _WORD_6:
            first, end = unpack_from("<II", self.stream, 0x18)
            yield first, max(0, end - first), self._wide
        elif not listed:
            raise self._streams.damaged("it has no piece table")
        count = len(listed) // 12
        ends = unpack_from(f"<{count + 1}I", listed) if listed else ()
        for n in range(count):
            (at,) = unpack_from("<I", listed, 4 * (count + 1) + 8 * n + 2)
            length = max(0, ends[n + 1] - ends[n])
            if self.kind == _WORD_6:
                yield at, length, self._wide
            elif at & 0x40000000:
                yield (at & 0x3FFFFFFF) // 2, length, False
            else:
                yield at & 0x3FFFFFFF, length, True

    def _stories(self, lengths: Sequence[int]) -> Iterator[tuple[str, range]]:
        start = 0
        for name, length in zip(_STORIES, lengths, strict=True):
            end = min(start + length, len(self.text))
            yield name, range(start, end)
            start = end


def _piece_table(data: bytes) -> bytes:
    """The piece table behind the properties that come before it; none if there is none."""
    at = 0
    while at + 5 <= len(data):
        if data[at] == 2:
            (size,) = unpack_from("<I", data, at + 1)
            table = data[at + 5 : at + 5 + size]
            return table if len(table) >= 16 else b""
        if data[at] != 1:
            break
        at += 3 + int(unpack_from("<H", data, at + 1)[0])
    return b""


def _wide(data: bytes) -> str:
    """UTF-16 with one character for each unit, so that positions count units."""
    data = data[: len(data) // 2 * 2]
    text = data.decode("utf-16-le", "surrogatepass")
    if 2 * len(text) == len(data):
        return text
    units = array("H", data)
    if byteorder == "big":
        units.byteswap()
    return "".join(map(chr, units))
