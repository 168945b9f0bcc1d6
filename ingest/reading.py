"""Files read ahead of the embedding, in child processes with limits."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TextIO, cast

from ingest.scan import FoundFile
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document

_MOST_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds by the clock, MiB of address space."""

    seconds: int = 120
    mebibytes: int = 2048


DEFAULT_LIMITS = Limits()


def read_ahead(
    files: Iterable[FoundFile], limits: Limits
) -> Generator[Document | LoadError, None, None]:
    """The document of each file, or why there is none, in the order given.

    A few files are read while the ones before are worked on, never more, so that memory
    does not grow with the number of files.
    """
    count = min(_MOST_PROCESSES, os.cpu_count() or 1)
    processes = [_Process(limits) for _ in range(count)]
    free = deque(processes)
    ahead: deque[Future[Document | LoadError]] = deque()

    def read(file: FoundFile) -> Document | LoadError:
        process = free.pop()
        try:
            return process.read(file)
        finally:
            free.append(process)

    with ThreadPoolExecutor(count, thread_name_prefix="reading") as pool:
        try:
            for file in files:
                ahead.append(pool.submit(read, file))
                if len(ahead) > count:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
            for process in processes:
                process.stop()


class _Process:
    """One child, started when it is first needed and again after it has died."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: subprocess.Popen[str] | None = None

    def read(self, file: FoundFile) -> Document | LoadError:
        """The document, or the error that loading it raised."""
        child = self._child = self._child or _start(self._limits)
        answer = _ask(child, {"path": str(file.path), "source": file.source})
        if answer is None:
            cause = self._cause_of_death(child)
            self.stop()
            return LoadError(f"{file.key}: {cause}")
        if "document" in answer:
            return _document(answer["document"])
        if "skipped" in answer:
            return SkippedFile(answer["skipped"])
        if "failed" in answer:
            return LoadError(answer["failed"])
        self.stop()  # nobody knows what it still holds
        return LoadError(f"{file.key}: {self._exhausted()}")

    def stop(self) -> None:
        """End the child, whatever it is doing; the next file gets a new one."""
        child, self._child = self._child, None
        if child is not None:
            if child.poll() is None:
                child.kill()
            child.communicate()

    def _cause_of_death(self, child: "subprocess.Popen[str]") -> str:
        status = child.wait()
        if status == -signal.SIGALRM:
            return f"took longer than {self._limits.seconds} s to read; raise file_seconds"
        if status == -signal.SIGKILL:
            return self._exhausted()
        return f"crashed its reader (status {status}); the file is damaged or hostile"

    def _exhausted(self) -> str:
        return f"needs more than {self._limits.mebibytes} MiB to be read; raise file_mebibytes"


def _start(limits: Limits) -> "subprocess.Popen[str]":
    quiet = not logging.getLogger().isEnabledFor(logging.DEBUG)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [
            # -P: no module is taken from the folder that people happen to be in.
            *(sys.executable, "-P", "-m", "ingest.loading.worker"),
            *(str(limits.seconds), str(limits.mebibytes)),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        encoding="utf-8",
    )


def _ask(child: "subprocess.Popen[str]", question: dict[str, str]) -> dict[str, Any] | None:
    """The child's answer, or None if it died over the question."""
    try:
        print(json.dumps(question), file=child.stdin, flush=True)
    except BrokenPipeError:
        return None
    answer = cast("TextIO", child.stdout).readline()
    return json.loads(answer) if answer.endswith("\n") else None


def _document(fields: dict[str, Any]) -> Document:
    """JSON knows no tuples."""
    headings = tuple(tuple(heading) for heading in fields["headings"])
    return Document(**fields | {"page_starts": tuple(fields["page_starts"]), "headings": headings})
