"""Catalogue and what is made from it as one index: one writer, any number of readers.

A commit goes to the catalogue first, in one transaction that also fills an outbox; vector
store, flat files and lexicon then work off the outbox. Whatever the instant of a crash, the
next writer finds the rest in the outbox, and no document is ever half there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import log
from pathlib import Path
from typing import Self

from rag_app.errors import IndexLocked, StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.catalog.catalog_cache import CatalogCache
from rag_app.index.chosen_model import ChosenModel, ModelNote
from rag_app.index.search_structures import SearchStructures
from rag_app.index.stores.factory import IN_PROCESS, lasting, offered
from rag_app.index.writer import IndexWriter
from rag_app.index.writer_lock import writer_lock
from rag_app.protocols import Embedder, IsCancelled, Vectors, never
from rag_app.schema import Precision
from rag_app.text.surrogates import check_text

_FEW = 500  # documents that the lexicon is asked for one by one


class Index:
    """A folder with `catalog.sqlite`, `chroma/`, `flat/`, `lexicon/` and `writer.lock`."""

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        model: ChosenModel,
        *,
        store: str,
        precision: Precision,
    ) -> None:
        self.folder = folder
        self.catalog = catalog
        self.model = model.note.fingerprint
        self._model = model
        self._stores = SearchStructures(
            folder, catalog, self.model, store=store, precision=precision
        )
        self._remembered = CatalogCache(catalog)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder: Embedder,
        store: str = IN_PROCESS,
        precision: Precision = "int8",
    ) -> Self:
        """The index in the folder, made empty if there is none.

        Args:
            folder: Of the index alone.
            embedder: Whose vectors it holds.
            store: Vector store of a new index, see `vector_stores`; others stay with theirs.
            precision: Of the codes that questions are compared with.

        Raises:
            ConfigError: Its name is no text, which vector stores need.
            StoreError: The folder cannot be used.
        """
        check_text(str(folder), "the index folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made ({error}); name another --index") from error
        catalog = Catalog(folder)
        model = ChosenModel(catalog, embedder)
        index = cls(folder, catalog, model, store=store, precision=precision)
        if index._lacks_stores():
            # Whoever writes now does the same at the beginning.
            with suppress(IndexLocked), index.writing():
                pass
        return index

    # Reading

    def nearest(
        self, vector: Vectors, *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k chunks nearest to the (d,) unit vector as (chunk id, cosine), closest first.

        Chunks whose document has been removed meanwhile may be among them.
        """
        self.check_model()
        return self._stores.nearest(vector, k=k, documents=documents)

    def stored_nearest(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """As `nearest`, as the vector store itself has it.

        Raises:
            DamagedStore: It cannot be read; the next writer makes it again.
        """
        self.check_model()
        return self._stores.vectors.query(vector, k=k)

    def matches(
        self, stems: Sequence[str], *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k chunks with the best BM25 for the stems as (chunk id, BM25), best first."""
        search = self._stores.lexicon.search
        if documents is None or len(documents) <= _FEW:
            return search(stems, k=k, documents=documents)
        # Of most documents it is faster to look at more chunks, and pass over some.
        wanted = set(documents)
        count = k * self._remembered.count_documents() // len(documents) + k
        while True:
            found = search(stems, k=count)
            holders = self._remembered.holders(id_ for id_, _ in found)
            inside = {id_ for id_, (document, _) in holders.items() if document in wanted}
            among = [(id_, score) for id_, score in found if id_ in inside]
            if len(among) >= k or len(found) < count:
                return among[:k]
            count *= 4

    def bm25(self, stems: Sequence[str], ids: Sequence[str]) -> dict[str, float]:
        """Exact BM25 of given chunks; those without any of the stems are left out."""
        return self._stores.lexicon.score(stems, ids)

    def matching(self, where: Mapping[str, str]) -> Sequence[str]:
        """Ids of the documents that have all these values; see `Catalog.matching`."""
        return self._remembered.matching(where)

    def sources(self, ids: Iterable[str]) -> dict[str, str]:
        """The sources of the chunks that are there, by chunk id."""
        return {id_: source for id_, (_, source) in self._remembered.holders(ids).items()}

    def count_words(self) -> int:
        """How many chunks the lexicon holds."""
        return self._stores.lexicon.count()

    def vectors_of(self, ids: Sequence[str], *, dimensions: int) -> Vectors:
        """(n, d) unit vectors of given chunks; zeros for those that have none."""
        return self._stores.flat.vectors_of(ids, dimensions=dimensions)

    def count_spoiled(self) -> int:
        """How many chunks have a vector in the flat files that is damaged."""
        return self._stores.flat.spoiled()

    def idf(self, stems: Iterable[str]) -> dict[str, float]:
        """How rare each stem is among the chunks: ln(1 + (N − n + ½) / (n + ½)), as in BM25.

        A stem that occurs nowhere weighs the most.
        """
        lexicon = self._stores.lexicon
        total, counts = lexicon.count(), lexicon.chunk_counts(stems)
        return {
            stem: log(1 + max(0, total - count + 0.5) / (count + 0.5))
            for stem, count in counts.items()
        }

    def check_model(self) -> None:
        """Does nothing where the vectors are of this embedding model.

        Raises:
            IndexMismatch: They are of another one.
        """
        self._model.check(self.folder)

    def close(self) -> None:
        """Close all that is open."""
        self._stores.close()
        self.catalog.close()

    # Writing

    @contextmanager
    def writing(
        self, *, anew: bool = False, cancelled: IsCancelled = never
    ) -> Iterator["IndexWriter"]:
        """Become the one writer; what an interrupted one left over is finished first.

        Args:
            anew: Throw vector store and lexicon away first; they are made again from the
                catalogue.
            cancelled: From its first yes on, a store that no question goes to is left behind.

        Raises:
            IndexLocked: Another process, or another thread of this one, is writing.
            IndexMismatch: Since the index was opened, another model has taken over.
        """
        with self._alone(anew=anew):
            self._adopt_stores(emptied=anew)
            writer = IndexWriter(self.catalog, self._stores, self.model)
            writer.deliver()
            yield writer
            writer.catch_up(cancelled)

    def adopt(self, former: ModelNote, recipes: Mapping[str, str]) -> bool:
        """Have this model take over; False, and nothing done, where a text lacks its vector.

        Until it has, in one step, the index answers with its former model.

        Args:
            former: The index's own until now, to which it can go back.
            recipes: As documents that stand as they are were called with that one, and will be.

        Raises:
            IndexLocked: Another process, or another thread of this one, is writing.
            IndexMismatch: Since the index was opened, another model has taken over.
        """
        with self._alone():
            if self.catalog.kept.lacking(self.model):
                return False
            if not self._model.is_own:  # as where two adopt it at once
                self._take_over(former, recipes)
        return True

    @property
    def store(self) -> str:
        """The vector store, as `vector_stores` spells it."""
        return self._stores.chosen.name

    def migrate(self, store: str) -> tuple[str, int]:
        """Move the vectors to another store, without embedding; (the one before, chunks).

        Raises:
            ConfigError: No lasting store has that name; see `vector_stores`.
            StoreError: One of the two cannot be used; the index then keeps the one it has.
        """
        store = offered(store)
        with self.writing():
            before = self.store
            return before, self._stores.migrate(store) if lasting(store) != before else 0

    def _lacks_stores(self) -> bool:
        """Whether a store that the catalogue fills is not there, as in older indexes."""
        if not self.catalog.writable or not self._stores.lacking():
            return False
        # Whoever only looks, with another model, is not to make it that model's.
        return self.catalog.count_chunks() > 0 and self.catalog.get("model") == self.model

    @contextmanager
    def _alone(self, *, anew: bool = False) -> Iterator[None]:
        """Nobody else writes meanwhile; see `writing`."""
        with writer_lock(self.folder):
            try:
                self._model.check_writing(self.folder)
                # What other writers left is read anew; from here on nobody else writes.
                self._stores.begin_writing(anew=anew)
                self._stores.chosen.remember()
                yield
            finally:
                self._stores.finish_writing()

    def _adopt_stores(self, *, emptied: bool) -> None:
        """Have a store filled again where it was removed or is another model's."""
        if not self._model.is_own:
            self._take_over()
            return
        self._model.remember()
        if emptied or not self._stores.chosen.is_there:
            self.catalog.redeliver()
        # In one step, so that what is found before all is delivered is found whole.
        self._stores.fill_missing()

    def _take_over(
        self, former: ModelNote | None = None, recipes: Mapping[str, str] | None = None
    ) -> None:
        """Have the stores hold this model's vectors, and the index know it as its own."""
        before = self.catalog.get("model")
        if before:
            # The slow part, beside what is searched: a kill leaves the model of before.
            self._stores.prepare()
        self._model.choose(former=former, recipes=recipes)
        if before:
            # After a kill from here on, whoever opens the index does the rest.
            self._stores.take_over(before)
