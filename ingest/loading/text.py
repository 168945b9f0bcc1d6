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
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise LoadError("holds bytes in no known text encoding; save it as UTF-8")
    return str(best)
