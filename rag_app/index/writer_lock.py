"""One writer of an index at a time; the system lets go of the lock when a process dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag_app.errors import IndexLocked, StoreError

# A child that a killed writer was just starting lets go of the lock only a moment later.
_PATIENCE = 0.5  # seconds


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Nobody else writes to the index in the folder meanwhile.

    Raises:
        IndexLocked: Another process, or another thread of this one, is writing.
        StoreError: The folder is gone, or cannot be written to.
    """
    if not folder.is_dir():  # which the lock would make
        raise StoreError(f"{folder} is no longer there, so nothing was written")
    lock = FileLock(folder / "writer.lock", timeout=_PATIENCE, is_singleton=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise IndexLocked(
            f"another process is writing to {folder}; wait until it has finished"
        ) from error
    except OSError as error:
        raise StoreError(f"{folder} cannot be written to ({error})") from error
    try:
        yield
    finally:
        lock.release()
