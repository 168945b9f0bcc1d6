"""Nearest neighbours by comparing a question with every vector.

At 50,000 chunks that takes a millisecond and misses none, where a graph takes longer and
misses some; of a filter's documents only their own are compared. Made from the catalogue,
and can be made again from it.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag_app.errors import DamagedStore, store_errors
from rag_app.index.row_table import ID_BYTES, Numbers, RowTable
from rag_app.index.rows_on_disk import Rows
from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Precision, identify

_HEAD = "head.json"
_HEX = re.compile(r"[0-9a-f]{32}")
_SUBSETS = 4  # filters whose rows are remembered


class FlatVectors:
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
        self._table: RowTable | None = None
        self._subset = lru_cache(maxsize=_SUBSETS)(self._find_subset)

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""
        if not chunks:
            return
        with store_errors(self._folder):
            table = self._opened() or self._begin(vectors.shape[1])
            rows = _rows(chunk.id for chunk in chunks)
            table.store(table.places(rows), rows, vectors)
        self.reload()

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        with store_errors(self._folder):
            if table := self._opened():
                table.clear(table.present(_rows(ids)))
        self.reload()

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
            numbers, cosines = table.nearest(vector, k, among)
        ids = [table.ids[number].tobytes().hex() for number in numbers]
        return list(zip(ids, cosines.tolist(), strict=True))

    def vectors_of(self, ids: Sequence[str], *, dimensions: int) -> Vectors:
        """(n, d) vectors of the chunks; zeros for those that are not there."""
        vectors = np.zeros((len(ids), dimensions), np.float32)
        with store_errors(self._folder):
            if table := self._opened():
                numbers = table.find(_rows(ids))
                there = numbers >= 0
                vectors[there] = table.vectors[numbers[there]]
        return vectors

    def fits(self) -> bool:
        """Whether the files are there, whole, and of this model and precision."""
        try:
            return self._opened() is not None
        except DamagedStore:
            return False

    def reload(self) -> None:
        """See what was written, by whichever process, until now."""
        self._table = None
        self._subset.cache_clear()

    def close(self) -> None:
        """Let go of the files."""
        self.reload()

    def _begin(self, dimensions: int) -> RowTable:
        head = {"model": self._model, "precision": self._precision, "dimensions": dimensions}
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / "head.unfinished"
        unfinished.write_text(json.dumps(head))
        unfinished.rename(self._folder / _HEAD)
        return self._open(dimensions)

    def _opened(self) -> RowTable | None:
        """The files; None where nothing has been stored yet."""
        if (table := self._table) is None and (self._folder / _HEAD).exists():
            self._table = table = self._open(self._dimensions())
        return table

    def _dimensions(self) -> int:
        head = (self._folder / _HEAD).read_text()
        try:
            found = json.loads(head)
            if (found["model"], found["precision"]) == (self._model, self._precision):
                return int(found["dimensions"])
            cause = "is of another model or precision"
        except (ValueError, KeyError):
            cause = "is damaged"
        raise DamagedStore(
            f"{self._folder / _HEAD} {cause}; `rag-app doctor --repair` makes it anew"
        )

    def _open(self, dimensions: int) -> RowTable:
        return RowTable(self._folder, dimensions=dimensions, precision=self._precision)

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
