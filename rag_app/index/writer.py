"""What only the one writer of an index may do."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from rag_app.errors import DamagedStore
from rag_app.index.catalog.catalog import Catalog, FileState
from rag_app.index.search_structures import SearchStructures
from rag_app.protocols import IsCancelled, Vectors, VectorStore, never
from rag_app.schema import Chunk, Document, Status

_logger = logging.getLogger(__name__)
_DELIVERY = 1_000  # chunks handed at a time to what questions go to
_BEHIND = 200  # and to a store behind, which can be left after each
_MANY = 20_000  # chunks behind that are worth a word


class IndexWriter:
    """Writes whole documents; got from `Index.writing`."""

    def __init__(self, catalog: Catalog, stores: SearchStructures, model: str) -> None:
        self._catalog = catalog
        self._stores = stores
        self._model = model

    def keep(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep (n, d) unit vectors of texts, before the documents they stand in."""
        self._catalog.kept.keep(self._model, texts, vectors)

    def forget_vectors(self, model: str) -> None:
        """Remove the kept vectors of another model than the index's own."""
        self._catalog.kept.forget(model)

    def forget_damaged(self) -> int:
        """Remove kept vectors that are none, so that their texts are embedded again; how many."""
        digests = self._catalog.kept.damaged(self._model)
        self._catalog.kept.forget_damaged(self._model, digests)
        return len(digests)

    def commit(
        self, document: Document, chunks: Sequence[Chunk], *, file: FileState, recipe: str
    ) -> None:
        """Add or replace a document, whole or not at all.

        Args:
            document: With the text that the chunks point into.
            chunks: All of its chunks, whose vectors are kept already.
            file: The file as it was read.
            recipe: Fingerprint of everything that decided how it was cut and embedded.
        """
        self._catalog.put(document, chunks, file=file, recipe=recipe)

    def reject(
        self, id_: str, source: str, *, file: FileState, recipe: str, status: Status, reason: str
    ) -> None:
        """Note a file that gave no text and why; what it gave before is forgotten."""
        self._catalog.put_unread(
            id_, source, file=file, recipe=recipe, status=status, reason=reason
        )

    def copy(self, source: str, *, file: FileState, of: str, folder: str) -> None:
        """Note a file with the same bytes as a document, which is found under that one."""
        self._catalog.put_copy(source, file=file, of=of, folder=folder)

    def remove(self, document_ids: Sequence[str]) -> None:
        """Forget documents with their chunks and vectors; unknown ids are ignored."""
        self._catalog.remove(document_ids)

    def erase(self, document_ids: Sequence[str]) -> None:
        """Forget documents for good, with the vectors that are kept for the next time."""
        digests = self._catalog.kept.digests_of(document_ids)
        self.remove(document_ids)
        self.deliver()
        self._catalog.kept.forget_texts(digests)

    def deliver(self, cancelled: IsCancelled = never) -> None:
        """Bring all that questions go to up to date with the catalogue.

        What a kill has left damaged is made again. Once it is cancelled, what is more than a
        thousand chunks is left to the next run.
        """
        self._mending(partial(self._work_off, cancelled))

    def catch_up(self, cancelled: IsCancelled) -> None:
        """Bring a vector store up to date that no question goes to, until that is cancelled.

        Its graph costs more a chunk than all the rest, and the more the larger it is, so it
        is filled when the others have everything.
        """
        if (count := self._catalog.count_behind()) > _MANY:
            _logger.warning(
                "all is found by now; %d chunks go into the vector store for other programs too, "
                "and if that is stopped, the next ingestion goes on with it",
                count,
            )
        self._mending(partial(self._work_off_behind, cancelled))

    def _mending(self, work: Callable[[], None]) -> None:
        try:
            work()
        except DamagedStore as error:
            _logger.warning("%s; made again from the catalogue", error)
            self._stores.remove()
            self._catalog.redeliver()
            self._work_off(never)
            work()

    def _work_off(self, cancelled: IsCancelled) -> None:
        while ids := self._catalog.outbox("forget", limit=_DELIVERY):
            for store in self._asked():
                store.delete(ids)
            self._stores.lexicon.delete(ids)
            self._delivered(ids)
        while ids := self._catalog.outbox("add", limit=_DELIVERY):
            chunks = self._catalog.chunks(ids)
            self._add_vectors(chunks, self._asked())
            self._stores.lexicon.replace(chunks.values(), self._catalog.names(ids))
            self._delivered(ids)
            if cancelled():
                return

    def _asked(self) -> list[VectorStore]:
        """The stores that questions go to; a server is only opened when there is need."""
        server = [self._stores.vectors] if self._stores.chosen.is_remote else []
        return [self._stores.flat, *server]

    def _work_off_behind(self, cancelled: IsCancelled) -> None:
        while not cancelled() and (ids := self._catalog.behind("forget", limit=_BEHIND)):
            self._stores.vectors.delete(ids)
            self._catalog.caught_up(ids)
        while not cancelled() and (ids := self._catalog.behind("add", limit=_BEHIND)):
            self._add_vectors(self._catalog.chunks(ids), [self._stores.vectors])
            self._catalog.caught_up(ids)

    def _delivered(self, ids: Sequence[str]) -> None:
        self._stores.lexicon.commit()
        self._catalog.delivered(ids, behind=not self._stores.chosen.is_remote)

    def _add_vectors(self, chunks: Mapping[str, Chunk], stores: Sequence[VectorStore]) -> None:
        """Add what has a vector.

        A chunk without one of this model gets it when its document, whose recipe no longer
        fits, is ingested again.
        """
        vectors = self._catalog.kept.of_chunks(self._model, chunks)
        if vectors:
            rows, found = np.stack([*vectors.values()]), [chunks[id_] for id_ in vectors]
            for store in stores:
                store.upsert(found, rows)
