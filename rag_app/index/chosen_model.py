"""The embedding model whose vectors an index holds, and the one that it took over from."""

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rag_app.errors import IndexMismatch, StoreError
from rag_app.index.catalog.catalog import Catalog, is_index
from rag_app.protocols import Embedder

# Their names in the catalogue; the first two are of the index's own model.
_FINGERPRINT, _NAME, _FORMER = "model", "embedder", "former model"


@dataclass(frozen=True, slots=True)
class ModelNote:
    """A model as an index notes it.

    Attributes:
        name: By which it is opened; empty where the index was made before these were noted.
        fingerprint: What tells it from others.
    """

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return self.name or "one whose name was not noted"


def own_model(catalog: Catalog) -> ModelNote | None:
    """The model whose vectors the index holds; None where it never held any."""
    fingerprint = catalog.get(_FINGERPRINT)
    return ModelNote(catalog.get(_NAME) or "", fingerprint) if fingerprint else None


def former_model(catalog: Catalog) -> ModelNote | None:
    """The model that the index had before it adopted its own."""
    noted = catalog.get(_FORMER)
    return ModelNote(**json.loads(noted)) if noted else None


def own_model_of(folder: Path) -> ModelNote | None:
    """The same of the index in the folder; None where there is no index, and none is made.

    Raises:
        StoreError: The index cannot be used.
    """
    if not is_index(folder):
        return None
    with closing(Catalog(folder)) as catalog:
        return own_model(catalog)


class ChosenModel:
    """The model that an index was opened with, which may not be its own.

    Attributes:
        note: What it is.
    """

    def __init__(self, catalog: Catalog, embedder: Embedder) -> None:
        self.note = ModelNote(embedder.name, embedder.fingerprint)
        self._catalog = catalog
        self._met: str | None = None
        with suppress(StoreError):  # a damaged catalogue fails whoever asks it for more
            self._met = catalog.get(_FINGERPRINT)

    @property
    def is_own(self) -> bool:
        """Whether the index's vectors are of this model."""
        return self._catalog.get(_FINGERPRINT) == self.note.fingerprint

    def check(self, folder: Path) -> None:
        """Does nothing where questions can be asked with this model.

        Raises:
            IndexMismatch: The vectors are of another one.
        """
        if self._catalog.get(_FINGERPRINT) not in {None, self.note.fingerprint}:
            raise IndexMismatch(
                f"{folder} was built with another embedding model ({own_model(self._catalog)}); "
                "open it again with that one, as without --embedder, or run `rag-ingest` on your "
                f"folders to embed them with {self.note}"
            )

    def check_writing(self, folder: Path) -> None:
        """Does nothing where this model may take over.

        Raises:
            IndexMismatch: Since the index was opened, another one has.
        """
        if self._catalog.get(_FINGERPRINT) not in {None, self.note.fingerprint, self._met}:
            raise IndexMismatch(
                f"{folder} was given another embedding model meanwhile "
                f"({own_model(self._catalog)}); start again to go on with that one"
            )

    def choose(
        self, *, former: ModelNote | None = None, recipes: Mapping[str, str] | None = None
    ) -> None:
        """Make it the index's own.

        Args:
            former: The one before, where the index can go back to it.
            recipes: Of documents that stand as they are, as they were called and will be.
        """
        noted = json.dumps(asdict(former)) if former else ""
        values = {_FINGERPRINT: self.note.fingerprint, _NAME: self.note.name, _FORMER: noted}
        self._catalog.change_model(values, recipes or {})
        self._met = self.note.fingerprint

    def remember(self) -> None:
        """Have the index know what its own model, which this is, is opened by."""
        if self._catalog.get(_NAME) != self.note.name:
            self._catalog.set(_NAME, self.note.name)
