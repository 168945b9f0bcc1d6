"""Files read ahead of the embedding and cut into chunks, in child processes with limits."""

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from ingest.cancelling import stop_if
from ingest.children import Child, Limits
from ingest.cutting import Cut, Cutter, from_values
from ingest.scan import FoundFile
from rag_app.errors import LoadError
from rag_app.protocols import IsCancelled, never
from rag_app.schema import Document

_MOST_PROCESSES = 4
_TICK = 0.2  # seconds between looks whether to go on waiting


Found = Cut | Document | LoadError


def read_ahead(
    files: Iterable[FoundFile],
    limits: Limits,
    *,
    cutter: Cutter | None = None,
    cancelled: IsCancelled = never,
) -> Generator[Found, None, None]:
    """The document of each file, or why there is none, in the order given.

    A few files are read while the ones before are worked on, never more, so that memory
    does not grow with the number of files. A file that takes long does not delay a cancel.
    The documents come cut, unless there is no cutter or no other process can have it.
    """
    told = cutter.as_settings() if cutter else None
    count = min(_MOST_PROCESSES, os.cpu_count() or 1)
    children = [Child(limits, told) for _ in range(count)]
    free = deque(children)
    ahead: deque[Future[Found]] = deque()

    def read(file: FoundFile) -> Found:
        child = free.pop()
        try:
            return from_values(
                **child.ask(file.key, do="load", path=str(file.path), source=file.source)
            )
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


def _awaited(future: "Future[Found]", cancelled: IsCancelled) -> Found:
    while not future.done():
        stop_if(cancelled)
        wait([future], timeout=_TICK)
    return future.result()
