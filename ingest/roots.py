"""What an index is to mirror: the files and folders that were ingested, as it remembers them.

Kept in the catalogue, so that a run that was cancelled or killed can be offered again, and
folders be followed on after a restart.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ingest.missing_paths import reason_away
from ingest.names import path_of, prefix_of, text_of
from ingest.scan import locate
from rag_app.errors import ConfigError
from rag_app.index.catalog.catalog import Catalog, Entry

STATE = "roots"  # its name in the catalogue


@dataclass(frozen=True, slots=True)
class Root:
    """A file or folder that was ingested.

    Attributes:
        key: Its absolute path as text, see `ingest.names`.
        shown: The path as it was given.
        is_folder: Whether it was a folder; a file is only remembered while it is unfinished.
        watched: Whether its changes are to be followed.
        unfinished: Whether its last run has not come to its end, or not yet.
    """

    key: str
    shown: str
    is_folder: bool = True
    watched: bool = False
    unfinished: bool = False

    @property
    def path(self) -> Path:
        """Where it is: as given, where that still leads there, so that sources stay the same."""
        return same_place(self.shown, self.key)

    @property
    def away(self) -> str:
        """Why nothing can be told of it now, as it is gone or empty; else nothing."""
        return reason_away(self.path)

    def holds(self, entry: Entry) -> bool:
        """Whether the entry's file is, or lies in, this one."""
        path = entry.file.path
        return path == self.key or path.startswith(prefix_of(self.key))


def same_place(shown: str, key: str) -> Path:
    """The path as it was given, where it still leads to the file or folder; else its own."""
    given = path_of(shown)
    return given if locate(given) == path_of(key) else path_of(key)


class Roots:
    """The roots of one index, by key."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def all(self) -> dict[str, Root]:
        """As they are now."""
        return _loads(self._catalog.get(STATE))

    def folders(self) -> list[Root]:
        """The folders, by path."""
        return [root for _, root in sorted(self.all().items()) if root.is_folder]

    def unfinished(self) -> list[Root]:
        """What a run was begun of and not ended."""
        return [root for root in self.all().values() if root.unfinished]

    @contextmanager
    def underway(self, paths: Sequence[Path]) -> Iterator[None]:
        """The paths are ingested inside; unless that ends well, they stay unfinished.

        A `ConfigError` means that nothing was begun.
        """
        before = self.all()
        begun = self.begin(paths)
        try:
            yield
        except ConfigError:
            self._change(lambda _: before)
            raise
        self._change(lambda roots: _ended(roots, begun))

    def begin(self, paths: Sequence[Path]) -> Collection[str]:
        """Remember them as unfinished; their keys."""
        begun = {root.key: root for root in map(_root, paths)}
        self._change(lambda roots: roots | {k: _joined(roots.get(k), begun[k]) for k in begun})
        return begun

    def watch(self, key: str, *, on: bool) -> None:
        """Remember whether the changes of a folder are to be followed."""
        self._change(
            lambda roots: {k: replace(r, watched=on) if k == key else r for k, r in roots.items()}
        )

    def leave(self) -> None:
        """Forget that anything is unfinished."""
        self._change(lambda roots: _ended(roots, roots))

    def forget(self, key: str) -> None:
        """Forget a root."""
        self._change(lambda roots: {k: root for k, root in roots.items() if k != key})

    def _change(self, change: Callable[[dict[str, Root]], dict[str, Root]]) -> None:
        self._catalog.change(STATE, lambda kept: _dumps(change(_loads(kept))))


def _root(path: Path) -> Root:
    place = locate(path)
    return Root(text_of(place), text_of(path), is_folder=place.is_dir(), unfinished=True)


def _joined(known: Root | None, begun: Root) -> Root:
    """What is ingested again keeps what was said of it, but the way it is named."""
    if known is None:
        return begun
    # A folder that is gone may come back.
    return replace(known, shown=begun.shown, unfinished=True)


def _ended(roots: dict[str, Root], keys: Collection[str]) -> dict[str, Root]:
    """With these no longer unfinished; of single files nothing is left to be remembered."""
    ended = {k: replace(r, unfinished=r.unfinished and k not in keys) for k, r in roots.items()}
    return {key: root for key, root in ended.items() if root.is_folder or root.unfinished}


def _loads(kept: str | None) -> dict[str, Root]:
    return {values["key"]: Root(**values) for values in json.loads(kept or "[]")}


def _dumps(roots: dict[str, Root]) -> str:
    return json.dumps([asdict(root) for root in roots.values()])
