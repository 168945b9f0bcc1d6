"""Files read ahead of the embedding, in child processes with limits."""

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

from ingest.cancelling import IsCancelled, never, stop_if
from ingest.children import Child, Limits
from ingest.scan import FoundFile
from rag_app.errors import LoadError
from rag_app.schema import Document

_MOST_PROCESSES = 4
_TICK = 0.2  # seconds between looks whether to go on waiting


def read_ahead(
    files: Iterable[FoundFile], limits: Limits, *, cancelled: IsCancelled = never
) -> Generator[Document | LoadError, None, None]:
    """The document of each file, or why there is none, in the order given.

    A few files are read while the ones before are worked on, never more, so that memory
    does not grow with the number of files. A file that takes long does not delay a cancel.
    """
    count = min(_MOST_PROCESSES, os.cpu_count() or 1)
    children = [Child(limits) for _ in range(count)]
    free = deque(children)
    ahead: deque[Future[Document | LoadError]] = deque()

    def read(file: FoundFile) -> Document | LoadError:
        child = free.pop()
        try:
            fields = child.ask(file.key, do="load", path=str(file.path), source=file.source)
            return _document(fields)
        except LoadError as error:
            return error
        finally:
            free.append(child)

    def stop() -> None:
        for future in ahead:
            future.cancel()
        for child in children:
            child.stop()

    with ExitStack() as ending:
        ending.callback(stop)  # again, as one may just have been starting
        pool = ThreadPoolExecutor(count, thread_name_prefix="reading")
        ending.enter_context(pool)
        ending.callback(stop)
        for file in files:
            ahead.append(pool.submit(read, file))
            if len(ahead) > count:
                yield _awaited(ahead.popleft(), cancelled)
        while ahead:
            yield _awaited(ahead.popleft(), cancelled)


def _awaited(
    future: "Future[Document | LoadError]", cancelled: IsCancelled
) -> Document | LoadError:
    while not future.done():
        stop_if(cancelled)
        wait([future], timeout=_TICK)
    return future.result()


def _document(fields: dict[str, Any]) -> Document:
    """JSON knows no tuples."""
    headings = tuple(tuple(heading) for heading in fields["headings"])
    return Document(**fields | {"page_starts": tuple(fields["page_starts"]), "headings": headings})
