"""Plain text, in whatever encoding."""

import codecs
import re

from ingest.loading.extracted import Extracted
from rag_app.errors import LoadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Names that files give to encodings which Python knows by another, or by a wider one.
_ALIASES = {
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "shift_jis": "cp932",
    "us-ascii": "cp1252",
    "x-sjis": "cp932",
}
_SEVEN_BITS = ("hz", "iso2022", "utf-7")  # they look like ASCII
_NO_ENCODINGS = {
    "base64", "bz2", "hex", "idna", "punycode", "quopri", "raw-unicode-escape", "rot-13",
    "undefined", "unicode-escape", "utf-16", "utf-16-be", "utf-16-le", "uu", "zlib",
}  # fmt: skip

_MOST_ZEROS = 0.1  # of the bytes of a text that is not UTF-16
_MOST_BROKEN = 0.1  # of the characters beyond ASCII in a text that is UTF-8
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_PRINTED = re.compile(rb"[\t\n\r -~]")
_LEAST_PRINTED = 0.7  # of the bytes of a text of which all else is in doubt
_NEIGHBOURS = re.compile(rb"[\x80-\xff]{2}")
_FEWEST = 3  # characters beyond ASCII that say something of the encoding
_NEVER_UNMARKED = ["utf_7", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
_SAMPLE = 1 << 18  # bytes shown to the detector
_NO_TEXT = "holds bytes in no known text encoding; save it as UTF-8"


def extract(data: bytes) -> Extracted:
    """The text as it stands."""
    return Extracted(decode(data))


def decode(data: bytes, declared: str = "") -> str:
    """The bytes as text with `\\n` line ends: by byte order mark, as UTF-8, or as detected.

    Args:
        data: Any bytes.
        declared: The encoding the file says it is in; believed only where it fits.

    Raises:
        LoadError: The bytes are no text.
    """
    text = _decode(data, _known(declared))
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "�")


def _decode(data: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data.count(0) > len(data) * _MOST_ZEROS:
        return _unmarked_utf_16(data)
    encodings = (declared, "utf-8") if declared.startswith(_SEVEN_BITS) else ("utf-8", declared)
    for encoding in filter(None, encodings):
        try:
            return data.decode(encoding)
        except UnicodeError:
            continue
    text = data.decode("utf-8", errors="replace")
    if _is_nearly_whole(text):
        return text
    return data.decode(_detected(data, declared), errors="replace")


def _known(declared: str) -> str:
    """The encoding under the name that Python has for it; empty if it has none."""
    name = declared.strip().strip("\"'").lower()
    try:
        known = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError):
        return ""
    return "" if known in _NO_ENCODINGS else known


def _is_nearly_whole(text: str) -> bool:
    """Whether a text read as UTF-8 is that, for all its few broken characters."""
    broken = text.count("�")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return broken < foreign * _MOST_BROKEN


def _detected(data: bytes, declared: str) -> str:
    """The most likely encoding of bytes that are not UTF-8.

    Raises:
        LoadError: There is none.
    """
    from charset_normalizer import from_bytes

    first = _NOT_ASCII.search(data)
    start = max(0, first.start() - _SAMPLE // 4) if first else 0
    sample = data[start : start + _SAMPLE]
    if start + _SAMPLE < len(data):
        sample = sample[: sample.rfind(b"\n") + 1 or None]  # between two characters
    if len(_NOT_ASCII.findall(sample)) < _FEWEST and not _NEIGHBOURS.search(sample):
        return "cp1252"  # too few to tell; in scripts of many characters they come in pairs
    matches = from_bytes(sample, cp_exclusion=_NEVER_UNMARKED)
    best = matches.best()
    if best is None:
        if len(_PRINTED.findall(sample)) < len(sample) * _LEAST_PRINTED:
            raise LoadError(_NO_TEXT)
        return declared or "cp1252"
    # Of code pages that fit equally well, the most common one.
    return next(
        (m.encoding for m in matches if m.encoding == "cp1252" and m.chaos <= best.chaos),
        best.encoding,
    )


def _unmarked_utf_16(data: bytes) -> str:
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if len(high) / 2 < high.count(0) > data.count(0) * 0.9:
            return data.decode(encoding, errors="replace")
    raise LoadError(_NO_TEXT)
