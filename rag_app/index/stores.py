"""Vector store and lexicon of one index, as of its newest generation.

Both are made from the catalogue, and can be made again from it.
"""

import logging
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import RLock

from rag_app.errors import DamagedStore
from rag_app.index.catalog import Catalog
from rag_app.index.exact import ExactVectors
from rag_app.index.lexicon import Lexicon
from rag_app.index.vectors import ChromaVectors
from rag_app.protocols import Vectors, VectorStore

_logger = logging.getLogger(__name__)
_BATCH = 1_000  # chunks
_SUBSETS = 4  # filters whose vectors are kept in memory


class Stores:
    """Opens the two when they are first used, and again when others have changed them."""

    def __init__(self, folder: Path, catalog: Catalog, model: str) -> None:
        self._catalog = catalog
        self._model = model
        self._chroma, self._words = folder / "chroma", folder / "lexicon"
        self._turn = RLock()
        self._vectors: VectorStore | None = None
        self._lexicon: Lexicon | None = None
        self._subset = lru_cache(maxsize=_SUBSETS)(self._open_subset)
        self._seen = -1
        self._writing = False

    @property
    def vectors(self) -> VectorStore:
        """The vector store."""
        with self._turn:
            self._freshen()
            if self._vectors is None:
                self._vectors = self._open_vectors()
            return self._vectors

    @property
    def lexicon(self) -> Lexicon:
        """The lexicon."""
        with self._turn:
            self._freshen()
            if self._lexicon is None:
                self._lexicon = self._open_lexicon()
            return self._lexicon

    def nearest(
        self, vector: Vectors, *, k: int, documents: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """The k chunks nearest to the (d,) vector, of all or of some documents.

        Comparing with each of some documents' vectors is exact, and faster than a search of
        the whole graph that passes over what does not count.
        """
        with self._turn:
            if documents is None:
                # In turns: another thread may find the store stale and close it.
                return self._query(vector, k)
            self._freshen()
            subset = self._subset(tuple(documents))
        return subset.query(vector, k=k)

    def _query(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        try:
            return self.vectors.query(vector, k=k)
        except DamagedStore as error:
            _logger.warning("%s; meanwhile every vector is compared", error)
            self._close_vectors()
            self._vectors = self._open_exact()
            return self._vectors.query(vector, k=k)

    @property
    def has_vectors(self) -> bool:
        """Whether the vector store is there."""
        return self._chroma.is_dir()

    @property
    def has_words(self) -> bool:
        """Whether the lexicon is there."""
        return self._words.is_dir()

    def fill_lexicon(self) -> None:
        """Make a lexicon of all that the catalogue holds, where there is none."""
        with self._turn:
            unfinished = self._words.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            self._fill(Lexicon(unfinished))
            unfinished.rename(self._words)

    def begin_writing(self, *, anew: bool) -> None:
        """From here on nobody else changes them; `anew` removes them first."""
        with self._turn:
            self._freshen()
            self._writing = True
            if anew:
                self.remove()

    def remove(self) -> None:
        """Throw both away; the next use makes empty ones."""
        with self._turn:
            self.close()
            for folder in (self._chroma, self._words):
                shutil.rmtree(folder, ignore_errors=True)

    def finish_writing(self) -> None:
        """Let others write."""
        with self._turn:
            self._writing = False
            if self._lexicon is not None:
                self._lexicon.finish()

    def close(self) -> None:
        """Close what is open."""
        with self._turn:
            self._close_vectors()
            self._lexicon = None

    def _freshen(self) -> None:
        """Close or reload what has been changed by another process.

        An open Chroma never sees what other processes write, so it is opened again
        when the generation has moved; the writer's own is always up to date.
        """
        generation = self._catalog.generation
        if generation == self._seen:
            return
        self._seen = generation
        self._subset.cache_clear()
        if not self._writing:
            self._close_vectors()
            if self._lexicon is not None:
                self._lexicon.reload()

    def _open_vectors(self) -> VectorStore:
        if self._catalog.writable:
            return ChromaVectors(self._chroma, model=self._model)
        # Chroma writes to its folder even to read from it.
        return self._open_exact()

    def _open_exact(self) -> VectorStore:
        return ExactVectors(self._catalog.kept.of_documents(self._model))

    def _open_subset(self, documents: tuple[str, ...]) -> VectorStore:
        return ExactVectors(self._catalog.kept.of_documents(self._model, documents))

    def _open_lexicon(self) -> Lexicon:
        if self._catalog.writable:
            return Lexicon(self._words)
        # tantivy, too, writes to its folder even to read from it.
        return self._fill(Lexicon(None))

    def _fill(self, lexicon: Lexicon) -> Lexicon:
        ids = self._catalog.chunk_ids()
        for begin in range(0, len(ids), _BATCH):
            part = ids[begin : begin + _BATCH]
            lexicon.replace(self._catalog.chunks(part).values(), self._catalog.names(part))
        lexicon.commit()
        lexicon.finish()
        return lexicon

    def _close_vectors(self) -> None:
        if self._vectors is not None:
            self._vectors.close()
            self._vectors = None
