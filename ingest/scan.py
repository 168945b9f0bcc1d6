"""Which files lie under the given paths."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_app.index.catalog import FileState
from rag_app.models.files import hash_file

_CATALOG = "catalog.sqlite"  # a folder with this file is an index


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and what citations will call it: the path as the user gave it."""

    path: Path
    source: str
    size: int
    modified: int

    @property
    def key(self) -> str:
        """Its absolute path."""
        return str(self.path)

    def state(self) -> FileState:
        """The file as it is now, with the digest of its bytes."""
        return FileState(self.key, self.size, self.modified, hash_file(self.path))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that cannot be looked at, and why."""

    path: Path
    source: str
    reason: str


def locate(path: Path) -> Path:
    """The one absolute path of a file or folder, however it was named.

    Links to folders are followed; a link to a file is a file of its own.
    """
    return path.resolve() if path.is_dir() else path.absolute().parent.resolve() / path.name


def scan(paths: Sequence[Path]) -> tuple[list[FoundFile], list[Unreadable]]:
    """All files under the paths, each once, and what cannot be read.

    Hidden files and folders and indexes are passed over, unless named themselves; links
    to folders are not followed, so that a loop of links cannot trap the walk.
    """
    found: dict[Path, FoundFile] = {}
    unreadable: dict[Path, Unreadable] = {}

    def refuse(path: Path, reason: str) -> None:
        source = os.fsencode(path).decode("utf-8", "replace")
        unreadable.setdefault(locate(path), Unreadable(locate(path), source, reason))

    def refuse_folder(error: OSError) -> None:
        refuse(Path(error.filename), error.strerror or str(error))

    for path in paths:
        for candidate in [path] if path.is_file() else _walk(path, refuse_folder):
            absolute = locate(candidate)
            try:
                str(absolute).encode()
                stat = absolute.stat()
            except UnicodeEncodeError:
                refuse(candidate, "its name is not valid UTF-8; rename it")
            except OSError as error:
                refuse(candidate, error.strerror or str(error))
            else:
                file = FoundFile(absolute, str(candidate), stat.st_size, stat.st_mtime_ns)
                found.setdefault(absolute, file)
    return list(found.values()), list(unreadable.values())


def _walk(folder: Path, refused: Callable[[OSError], None]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=refused):
        if _CATALOG in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and (path.is_file() or path.is_symlink()):
                yield path
