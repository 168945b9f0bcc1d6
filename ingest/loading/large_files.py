"""Files too large to be held in memory: what fits of those that are made of many parts."""

from collections.abc import Callable, Mapping
from io import SEEK_END
from typing import BinaryIO

from ingest.file_bytes import LARGEST, over_the_limit
from ingest.loading.archives.archive import extract_compressed, extract_tar, extract_zip
from ingest.loading.archives.container import kind_of_zip
from ingest.loading.extracted import Extracted
from ingest.loading.mail.message import extract_mailbox
from ingest.loading.sniff import ZIP, sniff
from rag_app.errors import LoadError, SkippedFile

_JUDGED = 1 << 20  # bytes by which a file is told


def large_kind(name: str, file: BinaryIO) -> str:
    """The format, a key of `LARGE`.

    Raises:
        LoadError: It is damaged.
        SkippedFile: It is none of many parts, or of a format that is not read.
    """
    head = file.read(_JUDGED)
    try:
        kind = kind_of_zip(file) if head.startswith(ZIP) else sniff(name, head)
    except SkippedFile:
        raise
    except LoadError:
        kind = ""  # of its beginning alone no more can be told
    if kind not in LARGE:
        raise over_the_limit(file.seek(0, SEEK_END))
    return kind


def _extract_mailbox(file: BinaryIO) -> Extracted:
    """The messages that fit, and what does not."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    data = file.read(LARGEST)
    whole = data[: data.rfind(b"\nFrom ") + 1] or data
    cut = f"all after the first {LARGEST >> 20} of {size >> 20} MiB; split the mailbox"
    return extract_mailbox(whole, missing=cut)


LARGE: Mapping[str, Callable[[BinaryIO], Extracted]] = {
    "zip": extract_zip,
    "tar": extract_tar,
    "gz": extract_compressed,
    "mbox": _extract_mailbox,
}
