"""Which files lie under the given paths."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from ingest.cancelling import stop_if
from ingest.file_bytes import blocks
from ingest.ignore import IGNORE_FILE, Rules
from ingest.names import prefix_of, text_of
from rag_app.errors import LoadError, SkippedFile
from rag_app.index.catalog.catalog import CATALOGUE, FileState
from rag_app.protocols import IsCancelled, never

_LATEST = 2**63 - 1  # the year 2262: SQLite takes no larger number


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it lies there.

    Attributes:
        path: Absolute.
        source: What citations call it: the path as given, unless others are given alike.
        given: The path as the user gave it.
        size: In bytes.
        modified: In nanoseconds since 1970.
        stamp: Moves with every change, whatever date the file is given.
        device: The file system that it lies in.
    """

    path: Path
    source: str
    given: str
    size: int
    modified: int
    stamp: str
    device: int

    @classmethod
    def of(cls, path: str, shown: str, status: os.stat_result) -> Self:
        """The file with that status."""
        given = text_of(shown)
        return cls(
            path=Path(path),
            source=given,
            given=given,
            size=status.st_size,
            modified=max(-_LATEST, min(status.st_mtime_ns, _LATEST)),
            # The date of the content anybody may set, these the system alone.
            stamp=f"{status.st_ctime_ns} {status.st_ino}",
            device=status.st_dev,
        )

    @property
    def key(self) -> str:
        """Its absolute path as text; `path_of` gives the path back."""
        return text_of(self.path)

    def state(self, *, cancelled: IsCancelled = never) -> FileState:
        """The file as it is now, with the digest of its bytes.

        One that is not read, being too large or none of bytes, has a digest of its own.

        Raises:
            OSError: It cannot be opened or read.
            RunCancelled: Before its end.
        """
        digest = sha256()
        try:
            for block in blocks(self.path):
                stop_if(cancelled)
                digest.update(block)
        except SkippedFile:
            digest = sha256(f"{self.key} {self.size} {self.modified} {self.stamp}".encode())
        told = digest.hexdigest()
        return FileState(self.key, self.size, self.modified, told, self.given, self.stamp)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that cannot be looked at, or is not to be, and why."""

    path: Path
    source: str
    reason: str
    outcome: Literal["failed", "skipped"] = "failed"


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be walked: where it is, its name as given, and what is ignored in it.

    `root` is the folder that was named, whose links are not to lead out of it.
    """

    path: str
    shown: str
    rules: Rules
    root: str


def locate(path: Path) -> Path:
    """The one absolute path of a file or folder, however it was named.

    Links to folders are followed; a link to a file is a file of its own.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return Path(os.path.realpath(path))
    except OSError:
        pass  # not there, or behind a closed door: no folder that anyone can look into
    return Path(os.path.realpath(path.absolute().parent), path.name)


def scan(
    paths: Sequence[Path], *, follow_links: bool = False, cancelled: IsCancelled = never
) -> tuple[list[FoundFile], list[Unreadable]]:
    """All files under the paths, each once, and what cannot be read.

    Indexes are passed over, and hidden and ignored files and folders unless named
    themselves. Links to folders are not followed, so that a loop of links cannot trap the
    walk, and links to files outside of the folder that was named only where `follow_links`
    says so; pipes, sockets and devices are never opened.
    """
    search = _Search(cancelled, follow_links)
    for path in paths:
        search.look(path)
    return list(search.found.values()), list(search.unreadable.values())


class _Search:
    """Gathers what is found; the first name of a file is the one it keeps."""

    def __init__(self, cancelled: IsCancelled, follow_links: bool) -> None:
        self._cancelled = cancelled
        self._follow_links = follow_links
        self.found: dict[str, FoundFile] = {}
        self.unreadable: dict[str, Unreadable] = {}

    def look(self, path: Path) -> None:
        """Take up a file or folder that was named."""
        place, shown = str(locate(path)), str(path)
        try:
            status = path.stat()
        except OSError as error:
            self._refuse(place, shown, _reason(error))
            return
        if stat.S_ISDIR(status.st_mode):
            self._walk(_Folder(place, "" if shown == "." else shown, Rules(), place))
        elif stat.S_ISREG(status.st_mode):
            self._add(place, shown, status)
        else:
            self._refuse(place, shown, "is a pipe, a socket or a device; name a file or a folder")

    def _walk(self, root: _Folder) -> None:
        # A list and no recursion: folders may lie deeper than Python's stack.
        folders = [root]
        while folders:
            stop_if(self._cancelled)
            folders += reversed(self._list(folders.pop()))

    def _list(self, folder: _Folder) -> list[_Folder]:
        """Take up the files of a folder; its folders, still to be walked."""
        try:
            with os.scandir(folder.path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._miss(folder.path, folder.shown, error)
            return []
        names = {entry.name for entry in entries}
        if CATALOGUE in names:
            return []
        rules = folder.rules
        if IGNORE_FILE in names:
            try:
                rules = rules.within(folder.path)
            except LoadError as error:
                # Better nothing of the folder than what was meant to be kept out.
                shown = prefix_of(folder.shown) + IGNORE_FILE
                self._refuse(folder.path, shown, f"{error}; its folder is left as it was")
                return []
        path, shown = prefix_of(folder.path), prefix_of(folder.shown)
        folders = []
        for entry in entries:
            if not entry.name.startswith("."):
                inner, called = path + entry.name, shown + entry.name
                if self._take(entry, inner, called, rules, folder.root):
                    folders.append(_Folder(inner, called, rules, folder.root))
        return folders

    def _take(
        self, entry: os.DirEntry[str], path: str, shown: str, rules: Rules, root: str
    ) -> bool:
        """Take up what is a file; whether it is a folder to be walked."""
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if rules.ignores(path, folder=is_folder):
                return False
            if is_folder:
                return True
            status = entry.stat()
        except OSError as error:
            self._miss(path, shown, error)
        else:
            if entry.is_symlink() and (reason := self._unfollowed(path, root, status)):
                self._refuse(path, shown, reason, "skipped")
            elif stat.S_ISREG(status.st_mode):
                self._add(path, shown, status)
        return False

    def _unfollowed(self, link: str, root: str, status: os.stat_result) -> str:
        """Why a link is not followed; empty where it is, or leads to nothing that is missed."""
        target = Path(os.path.realpath(link))
        if target.is_relative_to(root):
            return ""
        if stat.S_ISDIR(status.st_mode):
            return f"leads to the folder {target}; ingest that one too"
        if stat.S_ISREG(status.st_mode) and not self._follow_links:
            return "leads to a file outside of the folder; take it in with --follow-links"
        return ""

    def _add(self, path: str, shown: str, status: os.stat_result) -> None:
        self.found.setdefault(path, FoundFile.of(path, shown, status))

    def _miss(self, path: str, shown: str, error: OSError) -> None:
        """What has gone since its folder was listed is no longer there to be read."""
        if not isinstance(error, FileNotFoundError) or os.path.lexists(path):
            self._refuse(path, shown, _reason(error))

    def _refuse(
        self, path: str, shown: str, reason: str, outcome: Literal["failed", "skipped"] = "failed"
    ) -> None:
        unread = Unreadable(Path(path), text_of(shown), reason, outcome)
        self.unreadable.setdefault(path, unread)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
