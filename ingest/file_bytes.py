"""The bytes of files, within a limit: by the size they tell, and by what they turn out to have."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from rag_app.errors import SkippedFile

LARGEST = 200 << 20  # bytes of a file
_BLOCK = 1 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes, block by block.

    Files of the kernel tell no size; some never end, and some make whoever reads them wait.

    Raises:
        SkippedFile: It is no file of bytes, is too large, or cannot be read to an end.
        OSError: It cannot be opened or read.
    """
    # Without blocking: what was a file a moment ago may be a pipe that nobody writes to.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SkippedFile("is a pipe, a socket or a device")
        if status.st_size > LARGEST:
            raise over_the_limit(status.st_size)
        size = 0
        while block := file.read(_BLOCK):
            size += len(block)
            if size > LARGEST:
                raise SkippedFile(f"goes on after {LARGEST >> 20} MiB, which is the limit")
            yield block
        if block is None:
            raise SkippedFile("keeps its readers waiting, as some files of the kernel do")


def over_the_limit(size: int) -> SkippedFile:
    """What is said of a file of so many bytes."""
    return SkippedFile(
        f"{size >> 20:,} MiB is over the limit of {LARGEST >> 20} MiB; split it, "
        "or name it in a .ragignore"
    )
