"""What the system tells of changes in folders: inotify and its like, through watchdog."""

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Condition
from types import TracebackType

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter, ObservedWatch

from ingest.scan import locate

_logger = logging.getLogger(__name__)
# Not that a file is opened or read: ingestion does that all the time.
_KINDS: list[type[FileSystemEvent]] = [
    events.FileCreatedEvent,
    events.FileModifiedEvent,
    events.FileMovedEvent,
    events.FileDeletedEvent,
    events.DirCreatedEvent,
    events.DirMovedEvent,
    events.DirDeletedEvent,
]
for _name in ("FileAttribEvent", "DirAttribEvent"):  # from watchdog 7 on
    if hasattr(events, _name):
        _KINDS.append(getattr(events, _name))
_MOST = 10_000  # places remembered between two looks
# What other machines write there is not told to this one.
_REMOTE = {"9p", "afs", "ceph", "cifs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something changed."""

    path: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class _Watched:
    """A folder that is watched: which one it was, and who tells of it."""

    identity: tuple[int, int]
    watch: ObservedWatch
    emitter: EventEmitter

    def is_still(self, identity: tuple[int, int] | None) -> bool:
        # The number of a deleted folder may be given to the next one.
        return self.identity == identity and self.emitter.is_alive()


class Events(FileSystemEventHandler):
    """Gathers the places of changes under the paths, between `with` and its end.

    `complete` is False where the system does not tell of everything: too many folders
    are watched already, or files lie on another machine. Then someone has to look.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._condition = Condition()
        self._places: set[Place] | None = set()  # None: too many to remember
        self._watched: dict[str, _Watched] = {}
        self._refused: dict[str, tuple[int, int]] = {}
        self._observer: BaseObserver | None = None
        self._warnings = warnings.catch_warnings()

    def __enter__(self) -> "Events":
        self._warnings.__enter__()
        # It says so at length whenever a new folder comes with folders in it.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        try:
            observer = Observer()
            observer.start()
        except OSError as error:
            _logger.warning("%s; looking for changes every few seconds instead", error)
        else:
            self._observer = observer
            self.renew()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._warnings.__exit__(kind, error, traceback)

    @property
    def complete(self) -> bool:
        """Whether every change is told of."""
        return self._observer is not None and not self._refused

    def renew(self) -> bool:
        """Follow folders that went away, came back or were exchanged; whether any was."""
        if self._observer is None:
            return False
        wanted = _folders_of(self._paths)
        ended = [
            folder
            for folder, watched in self._watched.items()
            if folder not in wanted or not watched.is_still(_identity(folder))
        ]
        for folder in ended:
            self._observer.unschedule(self._watched.pop(folder).watch)
        for folder, recursive in wanted.items():
            if folder not in self._watched:
                self._watch(self._observer, folder, recursive)
        return bool(ended)

    def wait(self, seconds: float) -> set[Place] | None:
        """Where things changed since the last call, once they do or the time is up.

        None stands for more places than are remembered.
        """
        with self._condition:
            if self._places == set():
                self._condition.wait(seconds)
            places, self._places = self._places, set()
            return places

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog, in its own thread."""
        paths: list[str | bytes] = [event.src_path, event.dest_path]
        with self._condition:
            for path in paths:
                if path and self._places is not None:
                    self._places.add(Place(os.fsdecode(path), event.is_directory))
                    if len(self._places) > _MOST:
                        self._places = None
            self._condition.notify()

    def _watch(self, observer: BaseObserver, folder: str, recursive: bool) -> None:
        identity = _identity(folder)
        if identity is None or self._refused.get(folder) == identity:
            return
        try:
            if _is_remote(folder):
                raise OSError("files on other machines change unnoticed")
            watch = observer.schedule(self, folder, recursive=recursive, event_filter=_KINDS)
            (emitter,) = (e for e in observer.emitters if e.watch == watch)
            self._watched[folder] = _Watched(identity, watch, emitter)
            _check_room(observer)
        except OSError as error:
            if _identity(folder) is None:
                return  # it has just gone; it is watched when it is back
            self._refused[folder] = identity
            _logger.warning("%s: %s; looking every few seconds instead", folder, error)


def _check_room(observer: BaseObserver) -> None:
    """Watch one more folder: that it cannot be, is not told of folders below a watched one.

    Raises:
        OSError: The system watches no more folders.
    """
    if sys.platform == "linux":
        kinds: list[type[FileSystemEvent]] = [events.DirDeletedEvent]
        observer.unschedule(observer.schedule(FileSystemEventHandler(), os.sep, event_filter=kinds))


def _folders_of(paths: Sequence[Path]) -> dict[str, bool]:
    """The folders to be watched, and whether with all below.

    For a file, and for what is not there, the folder it lies in: there it will appear.
    """
    folders: dict[str, bool] = {}
    for path in map(locate, paths):
        if path.is_dir():
            folders[str(path)] = True
        else:
            folders.setdefault(str(path.parent), False)
    return folders


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_remote(folder: str) -> bool:
    if sys.platform != "linux":
        return False
    mounts = Path("/proc/self/mounts").read_bytes().decode("utf-8", "surrogateescape")
    kinds = {}
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        kinds[point] = kind
    inside = [point for point in kinds if Path(folder).is_relative_to(point)]
    return bool(inside) and kinds[max(inside, key=len)].split(".")[0] in _REMOTE
