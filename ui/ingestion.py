"""Adds documents in a thread of its own, so that no page has to wait for it.

A page is only a view of the run: leaving or reloading it does not interrupt the run, and
questions are answered meanwhile from what is already in.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock, Thread

from ingest.report import Progress, SyncReport
from ingest.sync import configured
from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.index.index import Index
from rag_app.protocols import Embedder

_logger = logging.getLogger(__name__)


class Ingestion:
    """The present run, or the last one.

    Attributes:
        progress: How far the run has come; None before its first file is read.
        report: What became of the files, once the run has ended well.
        error: Why the run ended early, in one line; empty if it did not.
    """

    def __init__(self, index: Index, embedder: Embedder, settings: Settings) -> None:
        self._index = index
        self._embedder = embedder
        self._settings = settings
        self._starting = Lock()
        self._thread: Thread | None = None
        self.progress: Progress | None = None
        self.report: SyncReport | None = None
        self.error = ""

    @property
    def running(self) -> bool:
        """Whether documents are being added now."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, paths: Sequence[Path]) -> bool:
        """Make the index mirror the paths; False, and nothing done, during another run."""
        with self._starting:
            if self.running:
                return False
            self.dismiss()
            # A daemon: an index survives the end of the process at any instant.
            self._thread = Thread(target=self._run, args=(tuple(paths),), daemon=True)
            self._thread.start()
            return True

    def dismiss(self) -> None:
        """Forget what the last run reported."""
        self.progress, self.report, self.error = None, None, ""

    def wait(self) -> None:
        """Return when the run has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, paths: Sequence[Path]) -> None:
        try:
            self.report = configured(self._settings)(
                paths, self._index, embedder=self._embedder, progress=self._note
            )
        except RagError as error:
            self.error = str(error)
        except Exception:
            _logger.exception("adding %s failed", ", ".join(map(str, paths)))
            self.error = "Adding documents failed unexpectedly; the log says more."

    def _note(self, progress: Progress) -> None:
        self.progress = progress
