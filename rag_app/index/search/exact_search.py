"""Nearest neighbours by comparing a question with every vector.

At 50,000 chunks that takes a millisecond and misses none, where a graph takes longer and
misses some; of a filter's documents only their own are compared. Made from the catalogue,
and can be made again from it.

`head.json` names the folder of the files, at first its own. Where most rows have become
empty, the others are copied into a new one; then the head names that.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag_app.errors import DamagedStore, store_errors
from rag_app.index.catalog.rows import are_sound
from rag_app.index.search.hash_table import HashTable, Numbers
from rag_app.index.search.row_file import Rows, put_in_place
from rag_app.index.search.row_table import ID_BYTES, RowTable
from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Precision, identify

_HEAD = "head.json"
_ROWS = "rows-"
_HEX = re.compile(r"[0-9a-f]{32}")
_SUBSETS = 4  # filters whose rows are remembered
_SPARE = 4_096  # empty rows that are not worth a copy of the others


@dataclass(slots=True)
class _Writing:
    """What the one writer has in memory, so that a batch costs what it adds.

    Attributes:
        slots: Where ids are looked up.
        empty: Rows that can be given to new chunks.
    """

    slots: HashTable
    empty: Numbers

    def places(self, ids: Rows, rows: Rows) -> Numbers:
        """Which of the (n, 16) rows (m, 16) ids get: their own, else empty ones, else new ones."""
        numbers = self.slots.find(ids, rows)
        new = np.flatnonzero(numbers < 0)
        empty, self.empty = self.empty[: len(new)], self.empty[len(new) :]
        added = np.arange(len(new) - len(empty)) + len(rows)
        numbers[new] = np.concatenate([empty, added])
        self.slots.add(ids[new], numbers[new], rows)
        return numbers


class ExactSearch:
    """A `VectorStore` of files in a folder: ids, vectors, and codes of the vectors.

    Chunk ids are 32 hex digits. One process writes at a time; what others read meanwhile may
    be a row that is just being replaced, whose former chunk the catalogue no longer has.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        precision: Precision = "int8",
        chunks_of: Callable[[Sequence[str]], Iterable[str]] = tuple,
    ) -> None:
        """In the folder, which is made when something is stored.

        Args:
            folder: Of its own.
            model: Fingerprint of what made the vectors.
            precision: Of the codes that every question is compared with.
            chunks_of: Ids of the chunks of documents, for filters.
        """
        self._folder = folder
        self._precision = precision
        self._model = model
        self._chunks_of = chunks_of
        self._version = 0  # moves when what is open is no longer what there is
        self._table: tuple[int, RowTable | None] = (0, None)
        self._writing: _Writing | None = None
        self._subset = lru_cache(maxsize=_SUBSETS)(self._find_subset)

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""
        if not chunks:
            return
        with store_errors(self._folder):
            table = self._opened_anew() or self._begin(vectors.shape[1])
            rows = _rows(chunk.id for chunk in chunks)
            with self._writing_to(table) as writing:
                table.store(writing.places(rows, table.ids), rows, vectors)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        with store_errors(self._folder):
            if table := self._opened_anew():
                gone = table.present(_rows(ids))
                with self._writing_to(table) as writing:
                    table.clear(gone)
                    writing.empty = np.sort(np.concatenate([writing.empty, gone]))
                if len(writing.empty) > max(_SPARE, len(table.ids) // 2):
                    self._compact(self._opened_anew() or table)

    def clear(self) -> None:
        """Forget everything."""
        self.reload()
        shutil.rmtree(self._folder, ignore_errors=True)

    def query(
        self, vector: Vectors, *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first.

        Args:
            vector: Of length 1.
            k: How many.
            documents: Ids of those whose chunks alone count.
        """
        with store_errors(self._folder):
            if not (table := self._opened()):
                return []
            among = None if documents is None else self._subset(table, tuple(documents))
            rows, cosines = table.nearest(vector, k, among)
        ids = [row.tobytes().hex() for row in rows]
        return list(zip(ids, cosines.tolist(), strict=True))

    def vectors_of(self, ids: Sequence[str], *, dimensions: int) -> Vectors:
        """(n, d) vectors of the chunks; zeros for those that are not there, or damaged."""
        vectors = np.zeros((len(ids), dimensions), np.float32)
        with store_errors(self._folder):
            if table := self._opened():
                numbers = table.find(_rows(ids))
                there = numbers >= 0
                vectors[there] = table.vectors[numbers[there]]
                vectors[~are_sound(vectors)] = 0
        return vectors

    def spoiled(self) -> int:
        """How many chunks have a vector, or a code of it, that is damaged."""
        with store_errors(self._folder):
            return table.spoiled() if (table := self._opened()) else 0

    def fits(self) -> bool:
        """Whether the files are there, whole, and of this model and precision."""
        try:
            return self._opened() is not None
        except DamagedStore:
            return False

    def reload(self) -> None:
        """See what was written, by whichever process, until now."""
        self._writing = None
        self._look_again()

    def close(self) -> None:
        """Let go of the files."""
        self.reload()
        self._table = (self._version, None)

    def _look_again(self) -> None:
        self._version += 1
        self._subset.cache_clear()

    def _begin(self, dimensions: int, *, rows: str = "") -> RowTable:
        """The files in the folder of that name in ours, "" for our own, which the head names."""
        head = {"model": self._model, "precision": self._precision, "dimensions": dimensions}
        self._folder.mkdir(parents=True, exist_ok=True)
        put_in_place(self._folder / _HEAD, json.dumps(head | {"rows": rows}).encode())
        return self._open(dimensions, rows)

    @contextmanager
    def _writing_to(self, table: RowTable) -> Iterator[_Writing]:
        """What we, who alone write, have in memory; what fails to be written is forgotten."""
        writing, self._writing = self._writing, None
        if writing is None:
            self._sweep(table)
            writing = _Writing(table.slots.for_writing(), np.flatnonzero(~table.held))
        yield writing
        self._look_again()
        self._writing = writing

    def _compact(self, table: RowTable) -> None:
        """Give the disk back what empty rows take; who reads goes on with the files it has."""
        number = int(table.folder.name.removeprefix(_ROWS)) if self._apart(table) else 0
        dimensions, rows = table.vectors.shape[1], f"{_ROWS}{number + 1}"
        (self._folder / rows).mkdir()
        table.copy_held(self._open(dimensions, rows))
        self._open(dimensions, rows).slots.for_writing()
        self._begin(dimensions, rows=rows)
        self.reload()

    def _sweep(self, table: RowTable) -> None:
        """Remove what a compaction has left over, or a kill during one."""
        for path in self._folder.iterdir():
            if path.is_dir() and path != table.folder:
                shutil.rmtree(path)
            elif path.is_file() and self._apart(table) and path.name != _HEAD:
                path.unlink()

    def _apart(self, table: RowTable) -> bool:
        return table.folder != self._folder

    def _opened(self) -> RowTable | None:
        """The files; None where nothing has been stored yet."""
        # Of a version, as another thread may write while this one opens them.
        version, table = self._table
        if table is None or version != self._version:
            version = self._version
            table = self._opened_anew()
            self._table = (version, table)
        return table

    def _opened_anew(self) -> RowTable | None:
        """The same as of now, which whoever writes needs: another thread may just be asking."""
        if not (self._folder / _HEAD).exists():
            return None
        head = (self._folder / _HEAD).read_text()
        dimensions, rows = self._read(head)
        with suppress(DamagedStore):
            table = self._open(dimensions, rows)
            if (self._folder / _HEAD).read_text() == head:
                return table
        # They were removed while they were opened, or are damaged.
        return self._open(*self._read((self._folder / _HEAD).read_text()))

    def _read(self, head: str) -> tuple[int, str]:
        """The dimensions of the vectors and the folder of the files that the head tells."""
        try:
            found = json.loads(head)
            if (found["model"], found["precision"]) == (self._model, self._precision):
                rows = found.get("rows", "")
                if not rows or re.fullmatch(rf"{_ROWS}\d+", rows):
                    return int(found["dimensions"]), rows
                raise KeyError(rows)
            cause = "is of another model or precision"
        except (AttributeError, KeyError, TypeError, ValueError):
            cause = "is damaged"
        raise DamagedStore(
            f"{self._folder / _HEAD} {cause}; `rag-app doctor --repair` makes it anew"
        )

    def _open(self, dimensions: int, rows: str) -> RowTable:
        folder = self._folder / rows if rows else self._folder
        return RowTable(folder, dimensions=dimensions, precision=self._precision)

    def _find_subset(self, table: RowTable, documents: tuple[str, ...]) -> Numbers:
        return table.present(_rows(self._chunks_of(documents)))


def _rows(ids: Iterable[str]) -> Rows:
    """(n, 16) bytes of the ids; those of no chunk get bytes that no chunk has either."""
    listed = list(ids)
    try:
        joined = bytes.fromhex("".join(listed))
    except ValueError:
        joined = bytes.fromhex("".join(i if _HEX.fullmatch(i) else identify(i) for i in listed))
    return np.frombuffer(joined, np.uint8).reshape(-1, ID_BYTES)
