"""One file into one document, and what a failure says."""

import logging
import re
from dataclasses import replace
from hashlib import file_digest, sha256
from pathlib import Path
from time import sleep
from typing import BinaryIO

from ingest.file_bytes import LARGEST, blocks
from ingest.loading.archives.members import LONGEST, Budget, with_members
from ingest.loading.extracted import Extracted
from ingest.loading.formats import FORMATS
from ingest.loading.large_files import LARGE, large_kind
from ingest.loading.sniff import sniff, suffix_of
from ingest.names import text_of
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document, identify

_logger = logging.getLogger(__name__)
_READINGS = 5  # of a file that changes meanwhile
_REST = 0.2  # seconds between them
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # half a character, or the end of a C string


def load(path: Path, *, source: str | None = None) -> Document:
    """The text of a file with its title, pages and headings.

    Args:
        path: The file.
        source: What citations call it; the path as given if None.

    Raises:
        SkippedFile: The file is of a format that is not read, or holds no text.
        LoadError: It could not be read; the message names the file and the cure.
    """
    try:
        size = path.stat().st_size
        kind, extracted, digest = (_load_large if size > LARGEST else _load)(path)
        if not extracted.text.strip():
            raise SkippedFile("holds no text" + (f" ({m})" if (m := extracted.missing) else ""))
    except OSError as error:
        raise LoadError(f"{text_of(path)}: {error.strerror or error}") from error
    except LoadError as error:
        raise type(error)(_storable(f"{text_of(path)}: {error}")) from error
    folder = path.parent.resolve()
    return Document(
        id=identify(text_of(folder / path.name)),
        source=source if source is not None else text_of(path),
        text=extracted.text,
        title=_storable(" ".join(extracted.title.split())) or text_of(path.stem),
        digest=digest,
        page_starts=extracted.page_starts,
        headings=extracted.headings,
        metadata={
            **extracted.metadata,
            "format": _shown(kind, path.name),
            "folder": text_of(folder),
        },
        missing=extracted.missing,
    )


def _load(path: Path) -> tuple[str, Extracted, str]:
    """The format, the text and the SHA-256 of a file that is read as a whole."""
    data = _read(path)
    kind, extracted = _extract(path.name, data, budget=Budget())
    return kind, extracted, sha256(data).hexdigest()


def _load_large(path: Path) -> tuple[str, Extracted, str]:
    """The same of an archive or a mailbox that is too large to be held."""
    budget = Budget()
    with path.open("rb") as file:
        kind, extracted = _extract(path.name, file, budget=budget)
        file.seek(0)
        return kind, extracted, file_digest(file, "sha256").hexdigest()


def _extract(
    name: str, data: bytes | BinaryIO, *, budget: Budget, depth: int = 0
) -> tuple[str, Extracted]:
    """The format and the text, with those of the files inside."""
    kind = sniff(name, data) if isinstance(data, bytes) else large_kind(name, data)

    def inner(member: str, content: bytes) -> Extracted:
        shown = member or name.rpartition(".")[0]
        return _extract(shown, content, budget=budget, depth=depth + 1)[1]

    try:
        extracted = FORMATS[kind](data) if isinstance(data, bytes) else LARGE[kind](data)
        budget.characters -= len(extracted.text)
        if extracted.members:
            extracted = with_members(extracted, inner, budget=budget, depth=depth)
    except (LoadError, MemoryError):
        raise
    except Exception as error:
        _logger.debug("parser failed on %s", name, exc_info=True)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise LoadError(f"damaged or not a .{kind} file ({reason[:200]})") from error
    return kind, _clean(_shortened(extracted))


def _clean(extracted: Extracted) -> Extracted:
    """Text, headings and metadata that can be stored; every offset stays."""
    return replace(
        extracted,
        text=_storable(extracted.text),
        headings=tuple((at, level, _storable(title)) for at, level, title in extracted.headings),
        metadata={key: _storable(value) for key, value in extracted.metadata.items()},
        missing=_storable(extracted.missing),
    )


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("�", text)


def _shortened(extracted: Extracted) -> Extracted:
    """No more text than can be worked with; what is left out is said."""
    if len(extracted.text) <= LONGEST:
        return extracted
    cut = f"all after the first {LONGEST:,} characters of {len(extracted.text):,}"
    return replace(
        extracted,
        text=extracted.text[:LONGEST],
        page_starts=tuple(start for start in extracted.page_starts if start < LONGEST),
        headings=tuple(heading for heading in extracted.headings if heading[0] < LONGEST),
        missing="; ".join(filter(None, (extracted.missing, cut))),
    )


def _shown(kind: str, name: str) -> str:
    """What people filter by: of source code the language, told by the suffix."""
    return suffix_of(name) if kind == "code" else kind


def _read(path: Path) -> bytes:
    """The bytes of a file that stood still while it was read, if it ever does."""
    try:
        for _ in range(_READINGS):
            before = path.stat()
            data = b"".join(blocks(path))
            after = path.stat()
            stood_still = before.st_mtime_ns == after.st_mtime_ns
            if stood_still and before.st_size == after.st_size == len(data):
                return data
            sleep(_REST)
    except OSError as error:
        raise LoadError(error.strerror or str(error)) from error
    raise LoadError("is being written to; run again when that has finished")
