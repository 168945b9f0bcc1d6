"""How a .ppt file keeps its slides: records inside records [MS-PPT 2.1, 2.3]."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import calcsize, unpack_from

from ingest.loading.legacy.compound_file import LOCKED, Streams
from ingest.loading.legacy.symbols import SYMBOLS
from rag_app.errors import LoadError

USER_EDIT, DIRECTORY = 0x0FF5, 0x1772
DOCUMENT, SLIDE, NOTES, MASTER = 0x03E8, 0x03EE, 0x03F0, 0x03F8
LIST, LISTED = 0x0FF0, 0x03F3
TEXT_HEADER, CHARACTERS, BYTES, STRING = 0x0F9F, 0x0FA0, 0x0FA8, 0x0FBA
_TAG_DATA = 0x138B  # holds records without saying so
_ENCRYPTED = 0xF3D1C4DF
_DEEPEST = 60  # records inside records
_BREAKS = {0x0B: "\n", 0x0D: "\n", **dict.fromkeys([*range(9), 0xAD])}


@dataclass(frozen=True, slots=True)
class Record:
    """What lies from `start` to `end` of the stream; `holds` other records or not."""

    kind: int
    instance: int
    holds: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A slide as the document lists it, with the texts of its outline: kind and words."""

    id: int
    persistent: int
    texts: tuple[tuple[int, str], ...]


class SlidesFile:
    """The records of a file, found by walking, or by the numbers that programs give them."""

    def __init__(self, streams: Streams) -> None:
        self.stream = streams.read("PowerPoint Document")
        user = streams.read("Current User")
        token, edit = unpack_from("<II", user.ljust(20, b"\0"), 12)
        if token == _ENCRYPTED:
            raise LoadError(LOCKED)
        if len(self.stream) < 8:
            raise streams.damaged("it is cut short")
        self._places = self._directory(edit)

    def top(self) -> Iterator[Record]:
        """The records that lie in no other."""
        return self._records(0, len(self.stream))

    def inside(self, record: Record) -> Iterator[Record]:
        """The records that one holds."""
        return self._records(record.start, record.end)

    def walk(self, record: Record, depth: int = 0) -> Iterator[Record]:
        """All records below one, in order."""
        if depth < _DEEPEST:
            for inner in self.inside(record):
                yield inner
                if inner.holds:
                    yield from self.walk(inner, depth + 1)

    def numbers(self, record: Record, form: str) -> tuple[int, ...]:
        """The numbers a record begins with; zeros where it is cut short."""
        size = calcsize(form)
        data = self.stream[record.start : min(record.end, record.start + size)]
        return unpack_from(f"<{form}", data.ljust(size, b"\0"))

    def text(self, record: Record) -> str:
        """The text of a record that is one."""
        data = self.stream[record.start : record.end]
        encoding = "latin-1" if record.kind == BYTES else "utf-16-le"
        return data.decode(encoding, "replace").translate(_BREAKS).translate(SYMBOLS).strip()

    def persistent(self, number: int, kind: int) -> Record | None:
        """The newest record with a number, if it is of the kind."""
        place = self._places.get(number)
        if place is None:
            return None
        found = next(self._records(place, len(self.stream)), None)
        return found if found and found.kind == kind else None

    def listed(self, instance: int) -> list[Listing]:
        """The slides (0), masters (1) or notes (2) in the order of the document."""
        found: list[Listing] = []
        for document in self._documents():
            for record in self.inside(document):
                if record.kind == LIST and record.instance == instance:
                    found += self._listings(record)
            if found:
                break
        return found

    def _documents(self) -> Iterator[Record]:
        numbered = (self.persistent(number, DOCUMENT) for number in sorted(self._places))
        yield from (record for record in numbered if record)
        yield from (record for record in self.top() if record.kind == DOCUMENT)

    def _listings(self, listing: Record) -> Iterator[Listing]:
        current: tuple[int, ...] | None = None
        texts: list[tuple[int, str]] = []
        for record in self.inside(listing):
            if record.kind == LISTED:
                if current:
                    yield Listing(current[3], current[0], tuple(texts))
                current, texts = self.numbers(record, "4I"), []
            elif record.kind == TEXT_HEADER:
                texts.append((self.numbers(record, "I")[0], ""))
            elif record.kind in (CHARACTERS, BYTES) and texts:
                texts[-1] = texts[-1][0], self.text(record)
        if current:
            yield Listing(current[3], current[0], tuple(texts))

    def _records(self, start: int, end: int) -> Iterator[Record]:
        while start + 8 <= end:
            version, kind, size = unpack_from("<HHI", self.stream, start)
            stop = min(start + 8 + size, end)
            holds = version & 0xF == 0xF or kind == _TAG_DATA
            yield Record(kind, version >> 4, holds, start + 8, stop)
            start = stop

    def _directory(self, edit: int) -> dict[int, int]:
        """Number → place in the stream, as the last edit left it."""
        places: dict[int, int] = {}
        edits = set()
        while edit not in edits and edit + 8 < len(self.stream):
            edits.add(edit)
            record = next(self._records(edit, len(self.stream)))
            if record.kind != USER_EDIT:
                break
            _, _, edit, directory = self.numbers(record, "4I")
            for found in self._records(directory, len(self.stream)):
                if found.kind == DIRECTORY:
                    for number, place in self._entries(found):
                        places.setdefault(number, place)
                break
        return places

    def _entries(self, directory: Record) -> Iterator[tuple[int, int]]:
        at = directory.start
        while at + 4 <= directory.end:
            (head,) = unpack_from("<I", self.stream, at)
            first, count = head & 0xFFFFF, min(head >> 20, (directory.end - at - 4) // 4)
            places = unpack_from(f"<{count}I", self.stream, at + 4)
            yield from enumerate(places, start=first)
            at += 4 + 4 * count
