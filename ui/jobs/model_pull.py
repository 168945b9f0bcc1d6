"""Gets a model from the hub in a process of its own: `rag-app models pull`."""

import json
import subprocess
from threading import Lock, Thread

from ui.jobs.processes import Start, complaint, start_command


class ModelPull:
    """The present run, or the last one.

    Attributes:
        name: Of the model.
        done: Bytes that are here.
        total: Bytes of all files that were begun.
        here: Whether the model has arrived.
        cancelled: Whether the run was cancelled.
        error: Why it failed, in one line; empty if it did not.
    """

    def __init__(self, *, start: Start = start_command) -> None:
        self._begin = start
        self._starting = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: Thread | None = None
        self._forget("")

    @property
    def running(self) -> bool:
        """Whether a model is on its way now."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, name: str) -> bool:
        """Get the model of that name; False, and nothing done, during another run."""
        with self._starting:
            if self.running:
                return False
            self._forget(name)
            # Whatever stands behind the dashes is a name, and no option.
            self._process = self._begin(["models", "--json", "pull", "--", name])
            self._thread = Thread(target=self._follow, args=(self._process,), daemon=True)
            self._thread.start()
            return True

    def cancel(self) -> None:
        """End the run; what has arrived is used by the next one."""
        if self.running and self._process is not None:
            self.cancelled = True
            self._process.terminate()

    def wait(self) -> None:
        """Return when the run has ended."""
        if self._thread is not None:
            self._thread.join()

    def _forget(self, name: str) -> None:
        self.name, self.done, self.total = name, 0, 0
        self.here, self.cancelled, self.error = False, False, ""

    def _follow(self, process: "subprocess.Popen[str]") -> None:
        complaints = []
        for line in process.stderr or ():
            if line.startswith('{"done"'):
                progress = json.loads(line)
                self.done, self.total = progress["done"], progress["total"]
            else:
                complaints.append(line)
        process.communicate()
        self.here = process.returncode == 0
        if not self.here and not self.cancelled:
            self.error = complaint(complaints)
