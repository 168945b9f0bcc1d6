"""Catalogue and vector store as one index, with one writer and any number of readers.

A commit goes to the catalogue first, in one transaction that also fills an outbox; the
vector store then works off the outbox. Whatever the instant of a crash, the next writer
finds the rest in the outbox, and no document is ever half there.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import log
from pathlib import Path
from threading import RLock
from typing import Self

import numpy as np
from filelock import FileLock, Timeout

from rag_app.errors import IndexLocked, IndexMismatch, StoreError
from rag_app.index.catalog import Catalog, FileState
from rag_app.index.exact import ExactVectors
from rag_app.index.vectors import ChromaVectors
from rag_app.protocols import Embedder, Vectors, VectorStore
from rag_app.schema import Chunk, Document, Status

# A child that a killed writer was just starting lets go of the lock only a moment later.
_PATIENCE = 0.5  # seconds
_DELIVERY = 1_000  # chunks handed to the vector store at a time


class Index:
    """A folder with `catalog.sqlite`, `chroma/` and `writer.lock`."""

    def __init__(self, folder: Path, catalog: Catalog, model: str) -> None:
        self.folder = folder
        self.catalog = catalog
        self.model = model
        self._opening = RLock()
        self._store: VectorStore | None = None
        self._seen = -1
        self._writing = False

    @classmethod
    def open(cls, folder: Path, *, embedder: Embedder) -> Self:
        """The index in the folder, made empty if there is none.

        Raises:
            StoreError: The folder cannot be used.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made ({error}); name another --index") from error
        return cls(folder, Catalog(folder), embedder.fingerprint)

    # Reading

    def nearest(
        self, vector: Vectors, *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k chunks nearest to the (d,) unit vector as (chunk id, cosine), closest first.

        Chunks whose document has been removed meanwhile may be among them.
        """
        with self._opening:
            self.check_model()
            return self._fresh_store().query(vector, k=k, documents=documents)

    def cosines(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Exact cosines of given chunks with the (d,) unit vector."""
        vectors = self.catalog.kept.of_chunks(self.model, ids)
        return {id_: float(np.dot(vector, other)) for id_, other in vectors.items()}

    def idf(self, stems: Iterable[str]) -> dict[str, float]:
        """How rare each stem is among the chunks: ln(1 + (N − n + ½) / (n + ½)), as in BM25.

        A stem that occurs nowhere weighs the most.
        """
        wanted = list(stems)
        total = self.catalog.count_chunks()
        counts = self.catalog.lexicon.chunk_counts(wanted)
        return {
            stem: log(1 + (total - counts.get(stem, 0) + 0.5) / (counts.get(stem, 0) + 0.5))
            for stem in wanted
        }

    def check_model(self) -> None:
        """Does nothing where the vectors are of this embedding model.

        Raises:
            IndexMismatch: They are of another one.
        """
        if self.catalog.get("model") not in {None, self.model}:
            raise IndexMismatch(
                f"{self.folder} was built with another embedding model; name that one with "
                "--embedder, or run `rag-ingest` on your folders to embed them again"
            )

    def close(self) -> None:
        """Close both stores."""
        with self._opening:
            self._close_store()
        self.catalog.close()

    # Writing

    @contextmanager
    def writing(self, *, anew: bool = False) -> Iterator["IndexWriter"]:
        """Become the one writer; what an interrupted one left over is finished first.

        Args:
            anew: Throw the vector store away first; it is made again from the catalogue.

        Raises:
            IndexLocked: Another process, or another thread of this one, is writing.
        """
        lock = FileLock(self.folder / "writer.lock", timeout=_PATIENCE, is_singleton=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexLocked(
                f"another process is writing to {self.folder}; wait until it has finished"
            ) from error
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written to ({error})") from error
        try:
            with self._opening:
                # What other writers left is read anew; from here on nobody else writes.
                self._close_stale_store()
                self._writing = True
                if anew:
                    self._remove_store()
            self._adopt_store()
            writer = IndexWriter(self)
            writer.deliver()
            yield writer
        finally:
            self._writing = False
            lock.release()

    def _adopt_store(self) -> None:
        """Have the vector store filled anew where it was removed or is another model's."""
        removed = not (self.folder / "chroma").is_dir()
        if removed or self.catalog.get("model") != self.model:
            self.catalog.redeliver()
            self.catalog.set("model", self.model)

    def _fresh_store(self) -> VectorStore:
        """The vector store as of the newest generation.

        An open Chroma never sees what other processes write, so it is opened again
        when the generation has moved; the writer's own is always up to date.
        """
        generation = self.catalog.generation
        if not self._writing:
            self._close_stale_store()
        if self._store is None:
            self._store = self._open_store()
        self._seen = generation
        return self._store

    def _open_store(self) -> VectorStore:
        if self.catalog.writable:
            return ChromaVectors(self.folder / "chroma", model=self.model)
        return ExactVectors(self.catalog.kept.of_all_chunks(self.model))

    def _remove_store(self) -> None:
        self._close_store()
        shutil.rmtree(self.folder / "chroma", ignore_errors=True)

    def _close_stale_store(self) -> None:
        if self.catalog.generation != self._seen:
            self._close_store()

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


class IndexWriter:
    """What only the one writer may do; got from `Index.writing`."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._catalog = index.catalog

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts that have no vector yet, each once."""
        return self._catalog.kept.without(self._index.model, texts)

    def keep(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep (n, d) unit vectors of texts, before the documents they stand in."""
        self._catalog.kept.keep(self._index.model, texts, vectors)

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

    def deliver(self) -> None:
        """Bring the vector store up to date with the catalogue."""
        while ids := self._catalog.outbox("forget", limit=_DELIVERY):
            self._store().delete(ids)
            self._catalog.delivered(ids)
        while ids := self._catalog.outbox("add", limit=_DELIVERY):
            chunks = self._catalog.chunks(ids)
            vectors = self._catalog.kept.of_chunks(self._index.model, ids)
            ready = [id_ for id_ in ids if id_ in chunks and id_ in vectors]
            if ready:
                self._store().upsert(
                    [chunks[id_] for id_ in ready], np.stack([vectors[id_] for id_ in ready])
                )
            # A chunk without a vector of this model gets one when its document,
            # whose recipe no longer fits, is ingested again.
            self._catalog.delivered(ids)

    def _store(self) -> VectorStore:
        with self._index._opening:
            return self._index._fresh_store()
