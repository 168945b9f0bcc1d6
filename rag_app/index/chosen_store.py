"""The vector store that an index was given when it was made, and remembers."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shlex import quote
from uuid import uuid4

from rag_app.errors import StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.stores.factory import (
    IN_PROCESS,
    RETIRED,
    folder_of,
    is_remote,
    lasting,
    offered,
    open_vectors,
)
from rag_app.protocols import VectorStore
from rag_app.schema import identify
from rag_app.settings.settings_files import is_trusted, trust_own

_logger = logging.getLogger(__name__)
REMEMBERED = "remembered store"  # what the index says of itself, among what users trust


class ChosenStore:
    """Knows which it is, opens it and empties it.

    The catalogue keeps its name without the password; who opens the index brings that along
    in `wanted`, which decides for new indexes.
    """

    def __init__(self, folder: Path, catalog: Catalog, model: str, *, wanted: str) -> None:
        self._folder = folder
        self._catalog = catalog
        self._model = model
        self._beside = folder / "unfinished"
        self._wanted = {lasting(wanted): offered(wanted)}

    @property
    def name(self) -> str:
        """As `vector_stores` spells it, without a password."""
        name = self._catalog.get("store") or IN_PROCESS
        return IN_PROCESS if name == RETIRED else name

    @property
    def is_remote(self) -> bool:
        """Whether it is on a server."""
        return is_remote(self.name)

    def may_be_asked(self) -> bool:
        """Whether it is on a server that the user trusts with what the index holds."""
        return self.is_remote and self._is_trusted(self.name)

    @property
    def is_there(self) -> bool:
        """Whether it has its folder; servers are trusted to be there."""
        folder = folder_of(self.name, self._folder)
        return folder is None or folder.is_dir()

    def remember(self) -> None:
        """Settle on one, for good."""
        if (store := self._catalog.get("store")) == RETIRED:
            self._catalog.set("store", offered(store))
        if store is None:
            # Older indexes did not say; all of them have Chroma in their folder.
            older = self._catalog.get("model") is not None
            self._catalog.set("store", IN_PROCESS if older else next(iter(self._wanted)))
            if self.is_remote:
                trust_own(self._folder, REMEMBERED, self.name)
        if self._catalog.get("index") is None:
            self._catalog.set("index", uuid4().hex)

    def open(self, store: str | None = None) -> VectorStore:
        """The store, or another one that the index could have.

        Raises:
            StoreError: It cannot be used, or nobody but the index says that it may be.
        """
        name = lasting(store) if store else self.name
        if is_remote(name) and not self._is_trusted(name):
            raise StoreError(
                f"{self._folder} has its vectors at {name.partition('+')[2]}, which would get to "
                "see texts; if you trust it: `rag-app config trust --index "
                f"{quote(str(self._folder))}`"
            )
        # A server may have the collections of several indexes.
        owner = str(self._catalog.get("index"))
        model = identify(self._model, owner) if is_remote(name) else self._model
        return open_vectors(store or self._wanted.get(name, name), self._folder, model=model)

    def want(self, store: str) -> None:
        """Know that the user wants it."""
        self._wanted[lasting(store)] = store

    def change(self, store: str) -> str:
        """Remember another one, which has been filled; the name of the one before."""
        before = self.name
        self.want(store)
        self._catalog.set("store", lasting(store))
        if self.is_remote:
            trust_own(self._folder, REMEMBERED, self.name)
        return before

    def remove(self, store: str | None = None) -> None:
        """Throw away what the store, or one that the index had, holds of it."""
        folder = folder_of(store or self.name, self._folder)
        if folder is not None:
            _discard(folder)
            return
        full = self._wanted.get(store, store) if store else None
        with closing(self.open(full)) as opened:
            opened.clear()

    def open_beside(self) -> VectorStore:
        """Where another model's vectors are put while those of the model before are used."""
        if self.is_remote:
            return self.open()  # each has its own collection there
        shutil.rmtree(self._beside, ignore_errors=True)
        return open_vectors(self.name, self._beside, model=self._model)

    def take_beside(self, before: str) -> None:
        """Use those; the vectors of the model before are thrown away."""
        folder = folder_of(self.name, self._folder)
        if folder is not None:
            # Chroma would keep the files of a collection that it has deleted.
            _discard(folder)
            (self._beside / folder.name).rename(folder)
            shutil.rmtree(self._beside, ignore_errors=True)
            return
        wanted = self._wanted.get(self.name, self.name)
        other = ChosenStore(self._folder, self._catalog, before, wanted=wanted)
        with _kept_at_worst(), closing(other.open()) as opened:
            opened.clear()

    def _is_trusted(self, name: str) -> bool:
        return name in self._wanted or is_trusted(self._folder, REMEMBERED, name)

    def forget(self, store: str) -> None:
        """As `remove`, of one that the index no longer has, and that may be out of reach."""
        with _kept_at_worst():
            self.remove(store)


def _discard(folder: Path) -> None:
    """Throw a folder away: a kill leaves all of it in its place, or nothing."""
    gone = folder.with_name(f"{folder.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(OSError):  # it is not there, or the system holds on to its files
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _kept_at_worst() -> Iterator[None]:
    """What cannot be thrown away stays, with a warning."""
    try:
        yield
    except StoreError as error:
        _logger.warning("%s; what it has of this index stays there", error)
