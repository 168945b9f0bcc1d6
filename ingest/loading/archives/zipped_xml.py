"""Office documents as they lie on disk: a ZIP archive of XML parts, opened within limits."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, TypeAlias
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from rag_app.errors import LoadError

Element: TypeAlias = Any  # of lxml, which comes without types

SOFT_HYPHEN = "\xad"  # shown only where a line breaks

_LARGEST = 400 << 20  # bytes of all parts unpacked
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/"
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


class Parts:
    """The files inside, found whatever the case or the slashes of their names.

    `damaged` names those that could not be read, while others could.
    """

    def __init__(self, data: bytes) -> None:
        self._zip = ZipFile(BytesIO(data))
        self._names = {
            info.filename.replace("\\", "/").lower(): info for info in self._zip.infolist()
        }
        self._left = _LARGEST
        self._read: set[str] = set()
        self.damaged: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def names(self) -> list[str]:
        """All names, in lower case."""
        return list(self._names)

    def read(self, name: str) -> bytes:
        """The bytes of a part; none if it is not there or damaged.

        Raises:
            LoadError: All that was read is over the limit.
        """
        info = self._names.get(name.lower())
        if info is None:
            return b""
        if info.filename not in self._read:
            self._read.add(info.filename)
            self._left -= info.file_size
        if self._left < 0:
            raise LoadError(f"over {_LARGEST >> 20} MiB unpacked; split it")
        try:
            return self._zip.read(info)
        except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError):
            self.damaged.append(info.filename)
            return b""

    def xml(self, name: str) -> Element | None:
        """The root element of a part, None if it is not there or damaged."""
        data = self.read(name)
        try:
            return parse(data) if data.strip() else None
        except SyntaxError:  # how the parser calls what is no XML
            self.damaged.append(name)
            return None

    def each(self, name: str, tag: str) -> Iterator[Element]:
        """Yield the elements of a tag one by one, forgotten once the next is asked for."""
        from lxml import etree

        data = transitional(self.read(name))
        try:
            for _, element in etree.iterparse(BytesIO(data), tag=tag, **_SAFE) if data else ():
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except SyntaxError:
            self.damaged.append(name)

    @property
    def missing(self) -> str:
        """What could not be read, for a person."""
        return (
            f"damaged inside: {', '.join(list(dict.fromkeys(self.damaged))[:20])}"
            if self.damaged
            else ""
        )


def parse(data: bytes) -> Element:
    """The root element; nothing outside is fetched and no entity is put in.

    Both dialects of Office files, strict and transitional, come out as transitional.
    """
    from lxml import etree

    return etree.fromstring(transitional(data), etree.XMLParser(**_SAFE))


def transitional(data: bytes) -> bytes:
    """XML of the strict dialect with the names that all programs write."""
    return _STRICT.sub(_TRANSITIONAL, data) if b"purl.oclc.org/ooxml" in data else data


def local(element: Element) -> str:
    """The tag without its namespace; nothing for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element | None, name: str) -> str | None:
    """An attribute by its name, whatever its namespace."""
    if element is None:
        return None
    if (value := element.get(name)) is not None:
        return str(value)
    return next((str(v) for k, v in element.items() if k.rpartition("}")[2] == name), None)


def whole(text: str | None, otherwise: int = 0) -> int:
    """A number that is not negative; the other one where there is none."""
    return int(text) if text and text.isdecimal() else otherwise
