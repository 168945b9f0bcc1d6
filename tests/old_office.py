"""Makes Word and PowerPoint files of before 2007, which no library of today writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack, pack_into

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SMALLEST = 4096  # bytes of a stream that lies in sectors of its own


def container(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with streams, padded with zeros so that all are large."""
    sectors: list[bytes] = []
    fat: list[int] = []
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for number, (name, data) in enumerate(streams.items(), start=1):
        data = data.ljust(_SMALLEST, b"\0")
        first, count = len(sectors), -(-len(data) // _SECTOR)
        padded = data.ljust(count * _SECTOR, b"\0")
        sectors += [padded[at : at + _SECTOR] for at in range(0, len(padded), _SECTOR)]
        fat += [*range(first + 1, first + count), _END]
        right = number + 1 if number < len(streams) else _FREE
        entries.append(_entry(name, 2, first, len(data), right=right))
    directory = b"".join(entries)
    directory += _entry("", 0, 0, 0) * (-len(entries) % 4)
    first = len(sectors)
    sectors += [directory[at : at + _SECTOR] for at in range(0, len(directory), _SECTOR)]
    fat += [*range(first + 1, len(sectors)), _END]
    tables = 1
    while (len(fat) + tables) * 4 > tables * _SECTOR:
        tables += 1
    places = range(len(sectors), len(sectors) + tables)
    fat += [_FAT] * tables
    fat += [_FREE] * (tables * _SECTOR // 4 - len(fat))
    head = pack("<8s16xHHHHH6xIII4xIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE,
                9, 6, 0, tables, first, _SMALLEST, _END, 0, _END, 0)  # fmt: skip
    head += pack("<109I", *places, *[_FREE] * (109 - tables))
    return head + b"".join(sectors) + pack(f"<{len(fat)}I", *fat)


def _entry(
    name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE
) -> bytes:
    written = f"{name}\0".encode("utf-16-le") if name else b""
    links = pack("<III", _FREE, right, child)
    return (
        written.ljust(64, b"\0") + pack("<HBB", len(written), kind, 1) + links
        + bytes(36) + pack("<IQ", start, size)
    )  # fmt: skip


def properties(**strings: str) -> bytes:
    """The stream that tells the title and the author."""
    numbers = {"title": 2, "author": 4}
    values = [(1, pack("<IHxx", 2, 65001))]
    for name, text in strings.items():
        data = text.encode() + b"\0"
        values.append((numbers[name], pack("<II", 0x1E, len(data)) + data))
    at, places, body = 8 + 8 * len(values), b"", b""
    for number, value in values:
        places += pack("<II", number, at + len(body))
        body += value.ljust(-(-len(value) // 4) * 4, b"\0")
    section = pack("<II", at + len(body), len(values)) + places + body
    return pack("<HHI16xI16xI", 0xFFFE, 0, 0, 1, 48) + section


@dataclass(frozen=True, slots=True)
class Par:
    """A paragraph of a Word file, its end mark the last character, and how it is set."""

    text: str
    style: int = 0
    changes: bytes = b""


IN_TABLE = b"\x16\x24\x01"
ROW_END = b"\x16\x24\x01\x17\x24\x01"
LISTED = b"\x0b\x46\x01\x00"
DELETED, HIDDEN = b"\x00\x08\x01", b"\x3c\x08\x01"
_TEXT_AT, _PAGES_AT = 0x600, 0x1200


def word(
    *body: Par,
    stories: Mapping[str, str] = {},
    characters: Sequence[tuple[int, int, bytes]] = (),
    tables: Mapping[int, bytes] = {},
    narrow: bool = False,
    flags: int = 0,
) -> dict[str, bytes]:
    """The streams of a document of Word 97.

    Args:
        body: Its paragraphs.
        stories: The texts of `footnotes`, `headers`, `comments` and so on.
        characters: First and last position, and the changes that apply there.
        tables: More parts of the table stream, by their numbers.
        narrow: Write the text with a byte to a character.
        flags: More than those that every file has.
    """
    names = ("footnotes", "headers", "macros", "comments", "endnotes", "boxes", "more")
    text = "".join(par.text for par in body) + "".join(stories.get(name, "") for name in names)
    encoded = text.encode("cp1252") if narrow else text.encode("utf-16-le")
    units = len(encoded) if narrow else len(encoded) // 2
    width = 1 if narrow else 2
    stream = bytearray(_PAGES_AT + 2 * _SECTOR)
    pack_into("<HH6xH20xH", stream, 0, 0xA5EC, 0xC1, 0x0200 | flags, 14)
    main = sum(len(par.text.encode("utf-16-le")) // 2 for par in body)
    pack_into("<H12x8I", stream, 62, 22, main, *(len(stories.get(name, "")) for name in names))
    pack_into("<H", stream, 152, 93)
    stream[_TEXT_AT : _TEXT_AT + len(encoded)] = encoded
    place = (_TEXT_AT * 2) | 0x40000000 if narrow else _TEXT_AT
    pieces = pack("<2IHIH", 0, units, 0, place, 0)
    paragraphs, at = [], _TEXT_AT
    for par in body:
        end = at + len(par.text.encode("utf-16-le")) // 2 * width
        paragraphs.append((at, end, pack("<H", par.style) + par.changes))
        at = end
    runs = [(_TEXT_AT + a * width, _TEXT_AT + b * width, changes) for a, b, changes in characters]
    stream[_PAGES_AT : _PAGES_AT + _SECTOR] = _page(paragraphs, 13)
    stream[_PAGES_AT + _SECTOR :] = _page(runs, 1)
    first = _PAGES_AT // _SECTOR
    parts = {
        1: _styles(),
        12: pack("<3I", _TEXT_AT, at, first + 1),
        13: pack("<3I", _TEXT_AT, at, first),
        33: pack("<BI", 2, len(pieces)) + pieces,
        **tables,
    }
    table = b""
    for number, part in parts.items():
        pack_into("<II", stream, 154 + 8 * number, len(table), len(part))
        table += part
    return {"WordDocument": bytes(stream), "1Table": table}


def _page(runs: Sequence[tuple[int, int, bytes]], width: int) -> bytes:
    """A page of properties: bounds, places, and from its end on what is told of each run."""
    page = bytearray(_SECTOR)
    filled: list[tuple[int, int, bytes]] = []
    for start, end, changes in runs:
        if filled and filled[-1][1] < start:
            filled.append((filled[-1][1], start, b""))
        filled.append((start, end, changes))
    page[-1] = len(filled)
    at = _SECTOR - 2
    for n, (start, end, changes) in enumerate(filled):
        pack_into("<II", page, 4 * n, start, end)
        if width == 13:
            changes = changes if len(changes) % 2 else changes + b"\0"
            record = bytes([(len(changes) + 1) // 2]) + changes
        else:
            record = bytes([len(changes)]) + changes
        if changes:
            at = (at - len(record)) // 2 * 2
            page[at : at + len(record)] = record
            page[4 * (len(filled) + 1) + n * width] = at // 2
    return bytes(page)


def _styles() -> bytes:
    """Style 0 for text, 1 and 2 for headings of those levels, 3 built on 2, 4 with a level."""
    known = [
        (0, 0xFFF, b""),
        (1, 0, b""),
        (2, 0, b""),
        (0xFFE, 2, b""),
        (0xFFE, 0, b"\x40\x26\x02"),
    ]
    sheet = pack("<HHH", 4, len(known), 10)
    for sti, base, changes in known:
        style = pack("<HHHHH", sti, base << 4 | 1, 0, 0, 0)
        style += pack("<HHH", 1, ord("n"), 0) + pack("<HH", 2 + len(changes), 0) + changes
        sheet += pack("<H", len(style)) + style
    return sheet


def record(kind: int, *inside: bytes, instance: int = 0, holds: bool = True) -> bytes:
    """A record of a PowerPoint file."""
    body = b"".join(inside)
    return pack("<HHI", instance << 4 | (0xF if holds else 0), kind, len(body)) + body


def atom(kind: int, data: bytes = b"", *, instance: int = 0) -> bytes:
    """A record that holds no others."""
    return record(kind, data, instance=instance, holds=False)


def shape(text: str, kind: int = 4, *, place: tuple[int, int, int, int] | None = None) -> bytes:
    """A shape with text; of kind 0 it is the title."""
    encoded = atom(0x0FA0, text.encode("utf-16-le"))
    if text.isascii():
        encoded = atom(0x0FA8, text.encode())
    anchor = atom(0xF00F, pack("<4i", *place)) if place else b""
    return record(0xF004, anchor, record(0xF00D, atom(0x0F9F, pack("<I", kind)), encoded))


def slides(
    *contents: bytes,
    outlines: Sequence[Sequence[tuple[int, str]]] = (),
    notes: Mapping[int, str] = {},
    master: bytes = b"",
    token: int = 0xE391C05F,
) -> dict[str, bytes]:
    """The streams of a presentation.

    Args:
        contents: The records of the shapes of each slide, and others beside them.
        outlines: Kind and text of what the document itself keeps for each slide.
        notes: The notes by the number of the slide, from 1 on.
        master: The shapes on all slides.
        token: What the current user's stream begins with; another one if it is encrypted.
    """
    stream, places = b"", {}

    def add(number: int, data: bytes) -> None:
        nonlocal stream
        places[number] = len(stream)
        stream += data

    slide_list, notes_list = b"", b""
    add(2, record(0x03F8, record(0x040C, master)))
    for n, content in enumerate(contents, start=1):
        head = atom(0x03EF, pack("<I8xIIHxx", 0, 900, 0, 7))
        add(2 + n, record(0x03EE, head, record(0x040C, content)))
        slide_list += _listed(2 + n, 255 + n)
        for kind, text in outlines[n - 1] if n <= len(outlines) else ():
            slide_list += atom(0x0F9F, pack("<I", kind)) + atom(0x0FA0, text.encode("utf-16-le"))
    for n, text in notes.items():
        head = atom(0x03F1, pack("<II", 255 + n, 0))
        add(50 + n, record(0x03F0, head, record(0x040C, shape(text, 2))))
        notes_list += _listed(50 + n, 500 + n)
    lists = [(slide_list, 0), (_listed(2, 900), 1), (notes_list, 2)]
    add(1, record(0x03E8, *(record(0x0FF0, data, instance=n) for data, n in lists)))
    directory = len(stream)
    entries = b"".join(pack("<II", 1 << 20 | number, place) for number, place in places.items())
    stream += atom(0x1772, entries)
    edit = len(stream)
    stream += atom(0x0FF5, pack("<IIIII8x", 0, 0, 0, directory, 1))
    return {
        "PowerPoint Document": stream,
        "Current User": pack("<HHIIII", 0, 0x0FF6, 20, 20, token, edit),
    }


def _listed(number: int, id_: int) -> bytes:
    return atom(0x03F3, pack("<IIIII", number, 0, 0, id_, 0))
