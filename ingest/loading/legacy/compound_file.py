"""What Word and PowerPoint files from before 2007 share: a container of streams."""

from codecs import lookup
from io import BytesIO
from struct import error as StructError
from struct import unpack_from

from rag_app.errors import LoadError

LOCKED = "protected by a password; save a copy without one"
_CURE = "open it in an office program and save it as"
_PROPERTIES = "\x05SummaryInformation"
_TITLE, _AUTHOR = 2, 4
# What programs put in by themselves.
_NOTHING = {"", "powerpoint presentation", "presentation", "slide 1", "word document", "untitled"}
_LONGEST = 1_000  # characters of a title
_UTF_8, _UTF_16 = 65001, 1200


class Streams:
    """The streams of a container by their names, whatever their case."""

    def __init__(self, data: bytes, *, newer: str) -> None:
        """Open a container; `newer` is the suffix of the format that took its place."""
        from olefile import OleFileIO

        self._newer = newer
        try:
            self._file = OleFileIO(BytesIO(data))
        except Exception as error:  # whatever a damaged container makes of it
            raise self.damaged(str(error)) from error

    def damaged(self, how: str) -> LoadError:
        """What is wrong with the file, and the cure."""
        return LoadError(f"damaged ({how}); {_CURE} {self._newer}")

    def read(self, name: str) -> bytes:
        """The bytes of a stream; none if it is not there.

        Raises:
            LoadError: It is there but damaged.
        """
        if not self._file.exists(name):
            return b""
        try:
            with self._file.openstream(name) as stream:
                return bytes(stream.read())
        except Exception as error:  # whatever a damaged container makes of it
            raise self.damaged(f"{name}: {error}") from error

    def properties(self) -> dict[str, str]:
        """The `title` and the `author`, those that are given."""
        try:
            named = {"title": _TITLE, "author": _AUTHOR}
            strings = _strings(self.read(_PROPERTIES))
        except (LoadError, StructError):  # the text does not need them
            return {}
        given = {name: strings.get(at, "") for name, at in named.items()}
        return {name: text for name, text in given.items() if text.lower() not in _NOTHING}


def _strings(data: bytes) -> dict[int, str]:
    """The strings of a property set, by their numbers [MS-OLEPS 2.21]."""
    if len(data) < 48:
        return {}
    (start,) = unpack_from("<I", data, 44)
    (count,) = unpack_from("<I", data, start + 4)
    places = [unpack_from("<II", data, start + 8 + 8 * n) for n in range(min(count, 100))]
    encoding = "cp1252"
    for number, place in places:
        if number == 1:  # the code page, which is said first
            (page,) = unpack_from("<H", data, start + place + 4)
            encoding = _encoding(page)
    found = {}
    for number, place in places:
        kind, size = unpack_from("<II", data, start + place)
        at = start + place + 8
        if kind == 0x1E:
            text = data[at : at + min(size, _LONGEST)].decode(encoding, "replace")
        elif kind == 0x1F:
            text = data[at : at + 2 * min(size, _LONGEST)].decode("utf-16-le", "replace")
        else:
            continue
        found[number] = " ".join(text.partition("\0")[0].split())
    return found


def _encoding(page: int) -> str:
    known = {_UTF_8: "utf-8", _UTF_16: "utf-16-le", 10000: "mac_roman"}
    name = known.get(page, f"cp{page}")
    try:
        return lookup(name).name
    except LookupError:
        return "cp1252"
