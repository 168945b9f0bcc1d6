"""What is made from the catalogue to search it, as of its newest generation.

A vector store, flat files with the vectors' codes, and a lexicon: each can be made again.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import RLock

import numpy as np

from rag_app.errors import StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.chosen_store import ChosenStore
from rag_app.index.search.exact_search import ExactSearch
from rag_app.index.search.lexicon import Lexicon
from rag_app.index.stores.factory import IN_PROCESS
from rag_app.index.stores.stored_chunk import parts
from rag_app.protocols import Vectors, VectorStore
from rag_app.schema import Chunk, Precision

_BATCH = 1_000  # chunks


def temporary_folder() -> "TemporaryDirectory[str]":
    """A folder that goes with what is returned.

    Raises:
        StoreError: There is nowhere to write to.
    """
    try:
        return TemporaryDirectory(prefix="rag-app-")
    except OSError as error:
        raise StoreError(f"no temporary folder can be made ({error}); set TMPDIR") from error


class SearchStructures:
    """Opens the three when they are first used, and again when others have changed them."""

    def __init__(
        self, folder: Path, catalog: Catalog, model: str, *, store: str, precision: Precision
    ) -> None:
        self._folder = folder
        self.chosen = ChosenStore(folder, catalog, model, wanted=store)
        self._catalog = catalog
        self._model = model
        self._precision = precision
        self._words, self._flat_folder = folder / "lexicon", folder / "flat"
        self._turn = RLock()
        self._vectors: VectorStore | None = None
        self._flat: ExactSearch | None = None
        self._lexicon: Lexicon | None = None
        self._elsewhere: TemporaryDirectory[str] | None = None
        self._links: TemporaryDirectory[str] | None = None
        self._seen = -1
        self._writing = False

    @property
    def vectors(self) -> VectorStore:
        """The vector store."""
        with self._turn:
            self._freshen()
            if self._vectors is None:
                self._vectors = self.chosen.open()
            return self._vectors

    @property
    def flat(self) -> ExactSearch:
        """The vectors in files, which every question can be compared with."""
        with self._turn:
            self._freshen()
            if self._flat is None:
                self._flat = self._open_flat(self._flat_folder)
                if not self._writing and not self._flat.fits() and self._catalog.count_chunks():
                    self._flat = self._fill_elsewhere()
            return self._flat

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

        Only a server that is trusted is asked: comparing with every vector is faster than a
        graph in this process, and misses nothing. Filters are not left to any store.
        """
        if documents is None and self.chosen.may_be_asked():
            with self._turn:  # another thread may find the store stale and close it
                return self.vectors.query(vector, k=k)
        return self.flat.query(vector, k=k, documents=documents)

    def lacking(self) -> bool:
        """Whether any of the three is not there, as in older indexes."""
        # The catalogue, which may be damaged, is asked only where there is no Chroma.
        stored = (self._folder / IN_PROCESS).is_dir() or self.chosen.is_there
        return not (stored and self._words.is_dir() and self._flat_fits())

    def migrate(self, store: str) -> int:
        """Have another vector store, filled from the catalogue; how many chunks it got.

        Until it has all of them, and if that fails, the index keeps the one it has.
        """
        with self._turn:
            self.chosen.want(store)
            with closing(self.chosen.open(store)) as new:
                count = self._fill(new)
            self._close_vectors()
            self.chosen.forget(self.chosen.change(store))
        return count

    def prepare(self) -> None:
        """Have a vector store of this model's vectors beside that of another one.

        The other's, where it is a folder, is gone then; whatever happens before `take_over`, the
        next writer makes it again.
        """
        with self._turn, closing(self.chosen.open_beside()) as new:
            self._fill(new)
        if not self.chosen.is_remote:
            self.chosen.remove()

    def take_over(self, before: str) -> None:
        """Search what was prepared instead of what there was of the model before."""
        with self._turn:
            self.chosen.take_beside(before)
            self.fill_missing()

    def fill_missing(self) -> None:
        """Fill lexicon and flat files with all that the catalogue holds, where there are none."""
        with self._turn:
            unfinished = self._folder / "unfinished"
            if not self._words.is_dir():
                shutil.rmtree(unfinished, ignore_errors=True)
                self._fill_lexicon(Lexicon(unfinished))
                unfinished.rename(self._words)
            if not self._flat_fits() and self._catalog.count_chunks():
                shutil.rmtree(unfinished, ignore_errors=True)
                self._fill_flat(self._open_flat(unfinished))
                self.remove_flat()
                if unfinished.is_dir():
                    unfinished.rename(self._flat_folder)

    def begin_writing(self, *, anew: bool) -> None:
        """From here on nobody else changes them; `anew` removes them first."""
        with self._turn:
            self._freshen()
            if self._flat is not None:
                self._flat.reload()  # a killed writer may have left more than the generation tells
            self._writing = True
            if anew:
                self.remove()

    def remove(self) -> None:
        """Throw all three away; the next use makes empty ones."""
        with self._turn:
            self.close()
            self.remove_flat()
            self.chosen.remove()
            shutil.rmtree(self._words, ignore_errors=True)

    def remove_flat(self) -> None:
        """Throw the flat files away, as those of another model or precision."""
        with self._turn:
            self._close_flat()
            shutil.rmtree(self._flat_folder, ignore_errors=True)

    def finish_writing(self) -> None:
        """Let others write."""
        with self._turn:
            self._writing = False
            self._close_vectors()
            if self._lexicon is not None:
                self._lexicon.finish()

    def close(self) -> None:
        """Close what is open."""
        with self._turn:
            self._close_vectors()
            self._close_flat()
            self._unlink()

    def _freshen(self) -> None:
        """Close or reload what has been changed by another process.

        An open Chroma in this process never sees what others write, so it is opened again
        when the generation has moved; the writer's own is always up to date, and servers are.
        """
        generation = self._catalog.generation
        if generation == self._seen:
            return
        self._seen = generation
        if not self._writing:
            if not self.chosen.is_remote:
                self._close_vectors()
            self._close_flat()
            if not self._catalog.writable:
                self._unlink()
            elif self._lexicon is not None:
                self._lexicon.reload()

    def _open_flat(self, folder: Path) -> ExactSearch:
        return ExactSearch(
            folder,
            model=self._model,
            precision=self._precision,
            chunks_of=self._catalog.chunk_ids,
        )

    def _flat_fits(self) -> bool:
        return self._open_flat(self._flat_folder).fits()

    def _fill_elsewhere(self) -> ExactSearch:
        """Where the index cannot be written to, or another process is just making the files."""
        self._close_flat()
        self._elsewhere = temporary_folder()
        flat = self._open_flat(Path(self._elsewhere.name) / "flat")
        self._fill_flat(flat)
        return flat

    def _fill(self, store: VectorStore) -> int:
        """Have the store hold just what has a vector; how many chunks that are."""
        store.clear()
        count = 0
        for chunks, vectors in self._all():
            store.upsert(chunks, vectors)
            count += len(chunks)
        return count

    def _fill_flat(self, flat: ExactSearch) -> None:
        for chunks, vectors in self._all():
            flat.upsert(chunks, vectors)

    def _all(self) -> Iterator[tuple[list[Chunk], Vectors]]:
        """Everything that has a vector, a few chunks at a time."""
        for part in self._ids():
            if vectors := self._catalog.kept.of_chunks(self._model, part):
                chunks = self._catalog.chunks(vectors)
                yield [*chunks.values()], np.stack([vectors[id_] for id_ in chunks])

    def _ids(self) -> Iterator[list[str]]:
        """The ids of all chunks, some at a time."""
        ids = self._catalog.chunk_ids()
        return (ids[part] for part in parts(len(ids), most=_BATCH))

    def _open_lexicon(self) -> Lexicon:
        if self._catalog.writable:
            return Lexicon(self._words)
        for _ in range(3):  # files may be merged into others just then
            with suppress(StoreError, OSError):
                if self._words.is_dir():
                    return self._open_linked()
        lexicon = Lexicon(None)
        self._fill_lexicon(lexicon)
        return lexicon

    def _open_linked(self) -> Lexicon:
        """The lexicon through links: tantivy writes to its folder even to read from it."""
        self._unlink()
        self._links = TemporaryDirectory(prefix="rag-app-")
        for path in self._words.iterdir():
            link = Path(self._links.name) / path.name
            if path.suffix == ".json":
                copyfile(path, link)
            elif path.suffix != ".lock":
                link.symlink_to(path.absolute())
        return Lexicon(Path(self._links.name))

    def _fill_lexicon(self, lexicon: Lexicon) -> None:
        for part in self._ids():
            lexicon.replace(self._catalog.chunks(part).values(), self._catalog.names(part))
        lexicon.commit()
        lexicon.finish()

    def _close_vectors(self) -> None:
        if self._vectors is not None:
            self._vectors.close()
            self._vectors = None

    def _unlink(self) -> None:
        self._lexicon = None
        if self._links is not None:
            self._links.cleanup()
            self._links = None

    def _close_flat(self) -> None:
        self._flat = None
        if self._elsewhere is not None:
            self._elsewhere.cleanup()
            self._elsewhere = None
