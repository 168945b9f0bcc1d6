"""Adds documents in a thread of its own, so that no page has to wait for it.

A page is only a view of the run: leaving or reloading it does not interrupt the run, and
questions are answered meanwhile from what is already in.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from ingest.cancelling import RunCancelled, stop_if
from ingest.report import Progress, SyncReport
from ingest.roots import Roots
from ingest.sync import configured
from rag_app.errors import IndexLocked, RagError
from rag_app.index.index import Index
from rag_app.protocols import Embedder, IsCancelled, never
from rag_app.settings.provenance import Settings
from ui.jobs.remaining_time import RemainingTime
from ui.languages.fixed_words import UNADDED
from ui.languages.language import gettext

_TICK = 0.2  # seconds between looks whether to go on waiting
_logger = logging.getLogger(__name__)


def busy() -> str:
    """What a visitor is told who cannot add or remove documents now."""
    return gettext("Documents are being added already; wait until that has finished.")


class Turns:
    """All that writes to the index in this process does so in turn."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def take(self, *, cancelled: IsCancelled = never) -> Iterator[None]:
        """Nothing else writes inside.

        Raises:
            RunCancelled: Before it was our turn.
        """
        while not self._lock.acquire(timeout=_TICK):
            stop_if(cancelled)
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def take_now(self) -> Iterator[None]:
        """The same, where nobody is to wait.

        Raises:
            IndexLocked: It is not our turn.
        """
        if not self._lock.acquire(timeout=_TICK):
            raise IndexLocked(busy())
        try:
            yield
        finally:
            self._lock.release()


class Ingestion:
    """The present run, or the last one.

    Attributes:
        turns: Shared with all else that writes to the index.
        roots: What was ingested, and what of it is unfinished.
        progress: How far the run has come; None before its first file is read.
        report: What became of the files, once the run has ended well or was cancelled.
        error: Why the run ended early, in one line; empty if it did not.
    """

    def __init__(
        self, index: Index, embedder: Embedder, settings: Settings, *, turns: Turns | None = None
    ) -> None:
        self.turns = turns or Turns()
        self.roots = Roots(index.catalog)
        self._index = index
        self._embedder = embedder
        self._settings = settings
        self._starting = Lock()
        self._thread: Thread | None = None
        self._cancel = Event()
        self._remaining = RemainingTime()
        self.progress: Progress | None = None
        self.report: SyncReport | None = None
        self.error = ""

    @property
    def running(self) -> bool:
        """Whether documents are being added now."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def ending(self) -> bool:
        """Whether the present run was cancelled, and is about to end."""
        return self.running and self._cancel.is_set()

    @property
    def seconds_left(self) -> float | None:
        """Until the end of the run, once that can be told."""
        return self._remaining.seconds(monotonic())

    def start(self, paths: Sequence[Path]) -> bool:
        """Make the index mirror the paths; False, and nothing done, during another run."""
        with self._starting:
            if self.running:
                return False
            self.dismiss()
            self._cancel.clear()
            self._remaining = RemainingTime()
            # A daemon: an index survives the end of the process at any instant.
            self._thread = Thread(
                target=self._run, args=(tuple(paths),), daemon=True, name="ingestion"
            )
            self._thread.start()
            return True

    def cancel(self) -> None:
        """End the run soon; what is in stays, and `resume` goes on from there."""
        self._cancel.set()

    def resume(self) -> bool:
        """Go on with all that is unfinished and is there, even since another process.

        See `start`.
        """
        paths = [root.path for root in self.roots.unfinished()]
        return self.start([path for path in paths if path.exists()])

    def dismiss(self) -> None:
        """Forget what the last run reported."""
        self.progress, self.report, self.error = None, None, ""

    def wait(self) -> None:
        """Return when the run has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, paths: Sequence[Path]) -> None:
        try:
            with self.turns.take(cancelled=self._cancel.is_set):
                self.report = configured(self._settings)(
                    paths,
                    self._index,
                    embedder=self._embedder,
                    progress=self._note,
                    cancelled=self._cancel.is_set,
                )
        except RunCancelled:
            self.roots.begin(paths)  # it had not even come to that
            self.report = SyncReport(cancelled=True)
        except RagError as error:
            self.error = str(error)
        except Exception:
            _logger.exception("adding %s failed", ", ".join(map(str, paths)))
            self.error = UNADDED

    def _note(self, progress: Progress) -> None:
        self._remaining.note(progress.done, progress.files, monotonic())
        self.progress = progress
