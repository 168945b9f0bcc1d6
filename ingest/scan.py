"""Which files lie under the given paths."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_app.index.catalog import FileState
from rag_app.models.files import hash_file


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


def scan(paths: Sequence[Path]) -> tuple[list[FoundFile], list[tuple[str, str]]]:
    """All files under the paths, each once, and (source, reason) of what cannot be read.

    Hidden files and folders are passed over, unless named themselves; links to folders
    are not followed, so that a loop of links cannot trap the walk.
    """
    found: dict[str, FoundFile] = {}
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        candidates = [path] if path.is_file() else _walk(path, unreadable)
        for candidate in candidates:
            absolute = candidate.absolute().parent.resolve() / candidate.name
            try:
                stat = absolute.stat()
            except OSError as error:
                unreadable.append((str(candidate), error.strerror or str(error)))
                continue
            file = FoundFile(absolute, str(candidate), stat.st_size, stat.st_mtime_ns)
            found.setdefault(file.key, file)
    return list(found.values()), unreadable


def _walk(folder: Path, unreadable: list[tuple[str, str]]) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        unreadable.append((str(error.filename), error.strerror or str(error)))

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and (path.is_file() or path.is_symlink()):
                yield path
