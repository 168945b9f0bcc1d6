"""Plain text, in whatever encoding."""

import codecs

from ingest.loading.extracted import Extracted
from rag_app.errors import LoadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MOST_ZEROS = 0.1  # of the bytes of a text that is not UTF-16
_NO_TEXT = "holds bytes in no known text encoding; save it as UTF-8"


def extract(data: bytes) -> Extracted:
    """The text as it stands."""
    return Extracted(decode(data))


def decode(data: bytes) -> str:
    """The bytes as text with `\\n` line ends: by byte order mark, as UTF-8, or as detected.

    Raises:
        LoadError: The bytes are no text.
    """
    return _decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "�")


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data.count(0) > len(data) * _MOST_ZEROS:
        return _unmarked_utf_16(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    matches = from_bytes(data)
    best = matches.best()
    if best is None:
        raise LoadError(_NO_TEXT)
    # Of code pages that fit equally well, the most common one.
    return next(
        (str(m) for m in matches if m.encoding == "cp1252" and m.chaos <= best.chaos), str(best)
    )


def _unmarked_utf_16(data: bytes) -> str:
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if len(high) / 2 < high.count(0) > data.count(0) * 0.9:
            return data.decode(encoding, errors="replace")
    raise LoadError(_NO_TEXT)
