"""Follows changes of folders in the background, as `rag-ingest --watch` does.

Which folders is remembered in the index, so that it goes on after a restart.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from ingest.report import SyncReport
from ingest.roots import Root, Roots
from ingest.sync import configured
from ingest.watch import UNKNOWN, Waits, watch
from rag_app.errors import RagError
from rag_app.index.index import Index
from rag_app.protocols import Embedder
from rag_app.settings.provenance import Settings
from ui.jobs.ingestion import Turns
from ui.languages.fixed_words import UNWATCHED

_logger = logging.getLogger(__name__)
_Sync = Callable[[Path, Event], SyncReport]


@dataclass(frozen=True, slots=True)
class Watched:
    """How the watching of a folder goes.

    Attributes:
        busy: Whether changes are being taken up now, or wait for their turn.
        looked: When everything was last found as the index has it.
        changed: When documents last changed.
        report: How they did.
        error: Why the last changes could not be taken up, in one line; else empty.
    """

    busy: bool = False
    looked: datetime | None = None
    changed: datetime | None = None
    report: SyncReport | None = None
    error: str = ""


class FolderWatch:
    """The folders that are watched; those that were before are from the beginning.

    Args:
        index: To be kept up to date.
        embedder: Whose vectors it holds.
        settings: How files are read.
        turns: Shared with all else that writes to the index.
        waits: How long to wait for what.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        settings: Settings,
        *,
        turns: Turns,
        waits: Waits | None = None,
    ) -> None:
        self.settings = settings
        self._roots = Roots(index.catalog)
        self._waits = waits or Waits()
        self._changing = Lock()
        self._watches: dict[str, _Watch] = {}

        def sync(path: Path, ended: Event) -> SyncReport:
            with turns.take(cancelled=ended.is_set):
                return configured(settings)(
                    [path], index, embedder=embedder, may_be_gone=True, cancelled=ended.is_set
                )

        self._sync = sync
        for root in self._roots.folders():
            if root.watched:
                self._watches[root.key] = _Watch(
                    root, sync, self._waits, follow_links=settings.follow_links
                )

    @property
    def changes(self) -> int:
        """Moves whenever documents have changed."""
        return sum(each.changes for each in [*self._watches.values()])

    @property
    def watched(self) -> int:
        """How many folders are watched."""
        return len(self._watches)

    def of(self, key: str) -> Watched | None:
        """How it goes with that folder, if it is watched."""
        found = self._watches.get(key)
        return found.state if found is not None else None

    def is_at_it(self, key: str) -> bool:
        """Whether that folder is being taken up now, so that nobody else need do so."""
        state = self.of(key)
        return state is not None and (state.busy or state.looked is None)

    def start(self, root: Root) -> None:
        """Watch a folder, and remember to."""
        self._roots.watch(root.key, on=True)
        with self._changing:
            if root.key not in self._watches:
                self._watches[root.key] = _Watch(
                    root, self._sync, self._waits, follow_links=self.settings.follow_links
                )

    def stop(self, key: str, *, wait: bool = False) -> None:
        """Watch a folder no longer, and remember not to.

        Args:
            key: Of its root.
            wait: Until what is under way has ended.
        """
        self._roots.watch(key, on=False)
        with self._changing:
            ended = self._watches.pop(key, None)
        if ended is not None:
            ended.end(wait=wait)

    def close(self, *, wait: bool = False) -> None:
        """End all of it; the next one begins where this ended."""
        for each in [*self._watches.values()]:
            each.end(wait=wait)


class _Watch:
    """One folder, watched by a thread of its own."""

    def __init__(self, root: Root, sync: _Sync, waits: Waits, *, follow_links: bool) -> None:
        self.state = Watched()
        self.changes = 0
        self._path = root.path
        self._follow_links = follow_links
        self._sync = sync
        self._waits = waits
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True, name=f"watching {root.key}")
        self._thread.start()

    def end(self, *, wait: bool) -> None:
        self._ended.set()
        if wait:
            self._thread.join()

    def _run(self) -> None:
        try:
            watch(
                [self._path],
                self._take_up,
                since=UNKNOWN,
                waits=self._waits,
                looked=self._look,
                follow_links=self._follow_links,
                cancelled=self._ended.is_set,
            )
        except Exception:
            _logger.exception("watching %s failed", self._path)
            self._tell(busy=False, error=UNWATCHED)

    def _take_up(self) -> None:
        self._tell(busy=True)
        try:
            report = self._sync(self._path, self._ended)
        except RagError as error:
            self._tell(busy=False, error=str(error))
            raise
        self._tell(busy=False, error="")
        if report.changes:
            self._tell(changed=_now(), report=report)
            self.changes += 1

    def _look(self) -> None:
        self._tell(looked=_now())

    def _tell(self, **news: Any) -> None:
        self.state = replace(self.state, **news)


def _now() -> datetime:
    return datetime.now().astimezone()
