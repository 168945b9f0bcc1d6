"""A PDF that was cut short, made whole enough to be opened.

What tells where its objects are stands at the end of a file, and often so does the list of
its pages. The objects themselves say what they are: those that are pages are listed anew.
"""

import re
import zlib
from collections.abc import Iterator

_OBJECT = re.compile(rb"(\d{1,8})[ \t\r\n]+\d{1,5}[ \t\r\n]+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_COUNT, _FIRST = re.compile(rb"/N\s+(\d+)"), re.compile(rb"/First\s+(\d+)")
_STREAM = re.compile(rb"stream\r?\n")
_LOOKED_AT = 4096  # bytes of an object, for its type
_MOST_UNPACKED = 50 << 20  # bytes


def mended(data: bytes) -> bytes:
    """The file with its pages listed anew at its end; nothing if it has none."""
    unpacked = dict(_unpacked(data))
    found = {int(match[1]): match.end() for match in _OBJECT.finditer(data)}
    heads = {
        number: data[at : at + _LOOKED_AT].partition(b"endobj")[0] for number, at in found.items()
    }
    pages = [number for number, head in (heads | unpacked).items() if _PAGE.search(head)]
    if not pages:
        return b""
    free = max(*found, *unpacked, *pages) + 1
    objects = b"".join(b"%d 0 obj\n%s\nendobj\n" % item for item in unpacked.items())
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    return b"".join(
        (
            data,
            b"\nendstream\nendobj\n",
            objects,
            b"%d 0 obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (free, len(pages), kids),
            b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (free + 1, free),
            b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n0\n%%%%EOF\n" % (free + 2, free + 1),
        )
    )


def _unpacked(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The objects that are stored compressed, several in one, by their numbers."""
    left = _MOST_UNPACKED
    for match in _OBJECT.finditer(data):
        head = data[match.end() : match.end() + _LOOKED_AT]
        stream = _STREAM.search(head)
        if not stream or not _PACKED.search(head, 0, stream.start()):
            continue
        count, first = _COUNT.search(head), _FIRST.search(head)
        if not count or not first:
            continue
        content = _inflated(data, match.end() + stream.end(), left)
        left -= len(content)
        numbers = content[: int(first[1])].split()[: 2 * int(count[1])]
        if not all(map(bytes.isdigit, numbers)):
            continue
        starts = [int(first[1]) + int(start) for start in numbers[1::2]]
        for number, start, end in zip(
            numbers[::2], starts, [*starts[1:], len(content)], strict=False
        ):
            yield int(number), content[start:end]


def _inflated(data: bytes, start: int, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(memoryview(data)[start:], max(most, 1))
    except zlib.error:
        return b""
