"""A file of rows of the same number of bytes, read in place and written by number."""

import mmap
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import DamagedStore

Rows = NDArray[np.uint8]


def put_in_place(path: Path, content: bytes) -> None:
    """Have the file hold just that: whatever the instant of a kill, it is as before or so."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


class RowFile:
    """Rows are replaced and added, the file never shrinks: others may be reading it."""

    def __init__(self, path: Path, width: int) -> None:
        self.path = path
        self.width = width

    def count(self) -> int:
        """How many whole rows there are."""
        return self.path.stat().st_size // self.width if self.path.exists() else 0

    def read(self, count: int, *, scattered: bool = False) -> Rows:
        """(count, width) bytes, those of the file, in memory as far as they are used.

        Args:
            count: How many rows.
            scattered: Whether a few here and there will be used, and not all one by one.

        Raises:
            DamagedStore: There are fewer.
        """
        if self.count() < count:
            raise DamagedStore(
                f"{self.path} has been cut short; `rag-app doctor --repair` makes it anew"
            )
        if not count:
            return np.empty((0, self.width), np.uint8)
        with self.path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), count * self.width, access=mmap.ACCESS_READ)
        if scattered and hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_RANDOM)  # else each row brings its surroundings along
        return np.frombuffer(mapped, np.uint8).reshape(count, self.width)

    def write(self, numbers: NDArray[np.int64], rows: Rows) -> None:
        """Put (n, width) rows under ascending numbers; on the disk when this returns."""
        if not len(numbers):
            return
        # Not through memory: on a full disk that would kill the process.
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
            starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
            for run in np.split(np.arange(len(numbers)), starts[1:]):
                file.seek(int(numbers[run[0]]) * self.width)
                file.write(np.ascontiguousarray(rows[run]).tobytes())
            file.flush()
            os.fsync(file.fileno())
