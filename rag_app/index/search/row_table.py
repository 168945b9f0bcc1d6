"""Who stands in which row of the flat files, and the rows nearest to a question."""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app.index.catalog.rows import are_sound
from rag_app.index.search.hash_table import HashTable, Numbers, is_held
from rag_app.index.search.quantization import CODES, decode
from rag_app.index.search.row_file import RowFile, Rows
from rag_app.protocols import Vectors
from rag_app.schema import Precision

ID_BYTES = 16
_BLOCK = 1 << 16  # rows scored at a time: their scores stay in the processor's cache
_FEW = 8  # of so many rows one: copying them together is faster than passing over the others
_logger = logging.getLogger(__name__)


class RowTable:
    """The files as they were when it was opened; whoever writes opens another.

    A row holds an id (zeros where there is none), a vector and its code. Opening it costs
    the same however many rows there are.
    """

    def __init__(self, folder: Path, *, dimensions: int, precision: Precision) -> None:
        self.folder = folder
        self._codes = CODES[precision]
        self._ids_file = RowFile(folder / "ids", ID_BYTES)
        self._vectors_file = RowFile(folder / "vectors", 4 * dimensions)
        self._codes_file = self._vectors_file
        if precision != "float32":
            self._codes_file = RowFile(folder / precision, self._codes.width(dimensions))
        count = self._ids_file.count()
        self.ids = self._ids_file.read(count)
        coded_apart = self._codes_file is not self._vectors_file
        rows = self._vectors_file.read(count, scattered=coded_apart)
        self.vectors = decode(rows)
        self._coded = self._codes_file.read(count) if coded_apart else rows

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """(rows,) whether a chunk stands in each."""
        return is_held(self.ids)

    @cached_property
    def slots(self) -> HashTable:
        """Where ids are looked up."""
        return HashTable(self.folder / "slots", self.ids)

    def find(self, ids: Rows) -> Numbers:
        """(m,) rows of (m, 16) ids, −1 for those that are not there."""
        return self.slots.find(ids, self.ids)

    def present(self, ids: Rows) -> Numbers:
        """Ascending rows of those of (m, 16) ids that are there."""
        numbers = self.find(ids)
        return np.sort(numbers[numbers >= 0])

    def store(self, numbers: Numbers, ids: Rows, vectors: Vectors) -> None:
        """Write (m, 16) ids with (m, d) vectors into rows; half done, it can be done again."""
        order = np.argsort(numbers)
        numbers, ids, vectors = numbers[order], ids[order], vectors[order]
        self._vectors_file.write(numbers, CODES["float32"].encode(vectors))
        if self._codes_file is not self._vectors_file:
            self._codes_file.write(numbers, self._codes.encode(vectors))
        self._ids_file.write(numbers, ids)  # last, as it makes the row count

    def clear(self, numbers: Numbers) -> None:
        """Take the chunks out of ascending rows."""
        self._ids_file.write(numbers, np.zeros((len(numbers), ID_BYTES), np.uint8))

    def copy_held(self, other: "RowTable") -> None:
        """Write the rows that hold a chunk into the empty files of another table."""
        held = np.flatnonzero(self.held)
        for begin in range(0, len(held), _BLOCK):
            rows = held[begin : begin + _BLOCK]
            other.store(np.arange(begin, begin + len(rows)), self.ids[rows], self.vectors[rows])

    def spoiled(self) -> int:
        """How many rows have no vector of length 1, or another's code, or are not found by id."""
        count = 0
        for begin in range(0, len(self.ids), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            with np.errstate(all="ignore"):
                codes = self._codes.encode(self.vectors[part])
            sound = are_sound(self.vectors[part]) & (codes == self._coded[part]).all(axis=1)
            found = self.find(self.ids[part]) == np.arange(begin, begin + len(sound))
            count += int((self.held[part] & ~(sound & found)).sum())
        return count

    def nearest(
        self, vector: Vectors, k: int, among: Numbers | None = None
    ) -> tuple[Rows, Vectors]:
        """((k, 16) ids, (k,) cosines) of the nearest to the (d,) vector, of all or of some rows."""
        if not len(self.ids if among is None else among):
            return np.empty((0, ID_BYTES), np.uint8), np.empty(0, np.float32)
        numbers = self._first_look(vector, max(self._codes.least, k * self._codes.looks), among)
        ids = self.ids[numbers]
        vectors = self.vectors[numbers]
        # A row that was given to another chunk meanwhile is neither's.
        kept = (ids == self.ids[numbers]).all(axis=1) & ids.any(axis=1)
        sound = are_sound(vectors)
        if not sound[kept].all():
            self._tell_damage()
        kept &= sound
        ids, cosines = ids[kept], vectors[kept] @ vector
        order = np.lexsort((numbers[kept], -cosines))[:k]
        return ids[order], cosines[order]

    def _first_look(self, vector: Vectors, count: int, among: Numbers | None) -> Numbers:
        """The rows whose codes are closest, about so many."""
        asked = self._codes.encode(vector[None])
        best = _Best(count)
        if among is not None and len(among) * _FEW < len(self.ids):
            best.add(among, self._scores(asked, self._coded[among]))
            return best.numbers()
        passed = ~(self.held if among is None else self._among(among))
        for begin in range(0, len(self.ids), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            scores = self._scores(asked, self._coded[part])
            scores[passed[part]] = -np.inf
            best.add(np.arange(begin, begin + len(scores)), scores)
        return best.numbers()

    def _scores(self, asked: Rows, codes: Rows) -> Vectors:
        """As `QuantizedVectors.scores`; −inf for codes that are damaged."""
        with np.errstate(all="ignore"):
            scores = self._codes.scores(asked, codes)
        if len(damaged := np.flatnonzero(~np.isfinite(scores))):
            self._tell_damage()
            scores[damaged] = -np.inf
        return scores

    def _tell_damage(self) -> None:
        _logger.warning(
            "%s holds damaged vectors, whose passages are found by their words alone; "
            "`rag-app doctor --repair` makes them anew",
            self.folder,
        )

    def _among(self, numbers: Numbers) -> NDArray[np.bool_]:
        counts = np.zeros(len(self.ids), np.bool_)
        counts[numbers] = True
        return counts


class _Best:
    """The rows with the highest scores of those added so far."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._lowest = -np.inf
        self._numbers = np.empty(0, np.int64)
        self._scores = np.empty(0, np.float32)

    def add(self, numbers: Numbers, scores: Vectors) -> None:
        better = _highest(scores, self._count)
        better = better[scores[better] > self._lowest]
        self._numbers = np.concatenate([self._numbers, numbers[better]])
        self._scores = np.concatenate([self._scores, scores[better]])
        if len(self._scores) > self._count:
            kept = _highest(self._scores, self._count)
            self._numbers, self._scores = self._numbers[kept], self._scores[kept]
            self._lowest = self._scores.min()

    def numbers(self) -> Numbers:
        """Ascending, as neighbours in the file are read faster."""
        return np.sort(self._numbers)


def _highest(scores: Vectors, count: int) -> Numbers:
    """Where the highest scores stand, in no order."""
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[len(scores) - count :]
