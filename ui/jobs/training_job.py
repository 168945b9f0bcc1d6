"""Fine-tunes an embedding model in a process of its own, so that the chat goes on meanwhile.

The process is `rag-app embed finetune`. One that was stopped, or died with the machine, is
continued by the next start.
"""

import json
import subprocess
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any

from ui.jobs.processes import Start, complaint, start_command

_FOLDER = "models"  # in the index folder
_FINISHED = "modules.json"


class TrainingJob:
    """The present run, or the last one.

    Attributes:
        verdict: What `embed finetune --json` says of the new model, once it has ended well.
        error: Why it ended early, in one line; empty if it did not.
    """

    def __init__(self, index: Path, *, start: Start = start_command) -> None:
        self._index = index
        self._begin = start
        self._starting = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: Thread | None = None
        self._out = self._folder()
        self._begun = 0.0
        self.verdict: dict[str, Any] | None = None
        self.error = ""

    @property
    def running(self) -> bool:
        """Whether a model is being trained now."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """Since the present run began."""
        return monotonic() - self._begun

    @property
    def begun_before(self) -> bool:
        """Whether a start continues a run that was not finished."""
        return self._scratch.is_dir()

    def start(self, embedder: str, *, epochs: int, adopt: bool) -> bool:
        """Train on questions made from the documents; False, and nothing done, during a run.

        Args:
            embedder: The model to begin with.
            epochs: At most.
            adopt: Use the new model at once where it is better.
        """
        with self._starting:
            if self.running:
                return False
            self.verdict, self.error, self._out = None, "", self._folder()
            self._begun = monotonic()
            self._process = self._begin(self._command(embedder, epochs, adopt=adopt))
            self._thread = Thread(target=self._follow, args=(self._process,), daemon=True)
            self._thread.start()
            return True

    def stop(self) -> None:
        """End the run; the next one continues it after its last whole epoch."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Return when the run has ended."""
        if self._thread is not None:
            self._thread.join()

    def _follow(self, process: "subprocess.Popen[str]") -> None:
        told, complaints = process.communicate()
        if process.returncode == 0:
            self.verdict = json.loads(told.splitlines()[-1])
        elif process.returncode > 0:  # below it was stopped
            self.error = complaint(complaints.splitlines())

    def _folder(self) -> Path:
        """The first of `own-1`, `own-2` … that holds no finished model."""
        number = 1
        while (self._index / _FOLDER / f"own-{number}" / _FINISHED).exists():
            number += 1
        return self._index / _FOLDER / f"own-{number}"

    @property
    def _scratch(self) -> Path:
        return self._out.with_name(f"{self._out.name}.training")

    def _command(self, embedder: str, epochs: int, *, adopt: bool) -> list[str]:
        command = ["embed", "finetune", "--json"]
        command += ["--index", str(self._index), "--embedder", embedder]
        command += ["--out", str(self._out), "--epochs", str(epochs)]
        return [*command, "--adopt"] if adopt else command
