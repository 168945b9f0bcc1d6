"""Child processes that parse files, so that a hostile one costs itself alone."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO, cast

from rag_app.errors import LoadError, SkippedFile


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds by the clock, MiB of address space, and chunks."""

    seconds: int = 120
    mebibytes: int = 2048
    chunks: int = 10_000


DEFAULT_LIMITS = Limits()


class Child:
    """One process, started when it is first needed and again after it has died."""

    def __init__(self, limits: Limits, cutter: Mapping[str, Any] | None = None) -> None:
        """With the `Cutter` for what it reads, as that tells of itself, if it is to cut."""
        self._limits = limits
        self._cutter = cutter
        self._process: subprocess.Popen[str] | None = None

    def ask(self, name: str, **question: Any) -> Any:
        """What `ingest.loading.worker` makes of a file.

        Args:
            name: What people call the file.
            question: See the worker.

        Raises:
            SkippedFile: The worker skips the file.
            LoadError: It cannot read it, or has died over it.
        """
        process = self._process = self._process or _start(self._limits, self._cutter)
        answer = _answer(process, question)
        if answer is None:
            cause = self._cause_of_death(process)
            self.stop()
            raise LoadError(f"{name}: {cause}")
        if "skipped" in answer:
            raise SkippedFile(answer["skipped"])
        if "failed" in answer:
            raise LoadError(answer["failed"])
        if "exhausted" in answer:
            self.stop()  # nobody knows what it still holds
            raise LoadError(f"{name}: {self._exhausted()}")
        return answer["done"]

    def stop(self) -> None:
        """End the process, whatever it is doing; the next question starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            process.communicate()

    def _cause_of_death(self, process: "subprocess.Popen[str]") -> str:
        _kill(process)
        status = process.wait()
        if status == -signal.SIGALRM:
            cure = "raise file_seconds and run with --rebuild"
            return f"took longer than {self._limits.seconds} s to read; {cure}"
        if status == -signal.SIGKILL:
            return self._exhausted()
        return f"crashed its reader (status {status}); the file is damaged or hostile"

    def _exhausted(self) -> str:
        cure = "raise file_mebibytes and run with --rebuild"
        return f"needs more than {self._limits.mebibytes} MiB to be read; {cure}"


def _start(limits: Limits, cutter: Mapping[str, Any] | None) -> "subprocess.Popen[str]":
    quiet = not logging.getLogger().isEnabledFor(logging.DEBUG)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [
            # -P: no module is taken from the folder that people happen to be in.
            *(sys.executable, "-P", "-m", "ingest.loading.worker"),
            *(str(limits.seconds), str(limits.mebibytes), json.dumps(cutter)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            # There are several of them, and threads take address space.
            "OPENBLAS_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        encoding="utf-8",
        # Ctrl-C is for us alone: a file whose reader it ends would count as damaged.
        process_group=0,
    )


def _kill(process: "subprocess.Popen[str]") -> None:
    """End the process, if it has not ended, and what it has started, such as tesseract."""
    if process.returncode is None:  # else its number may be another's by now
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _answer(process: "subprocess.Popen[str]", question: dict[str, Any]) -> dict[str, Any] | None:
    """What the process says, or None if it died over the question."""
    try:
        print(json.dumps(question), file=process.stdin, flush=True)
    except BrokenPipeError:
        return None
    answer = cast("TextIO", process.stdout).readline()
    return json.loads(answer) if answer.endswith("\n") else None
