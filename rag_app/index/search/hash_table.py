"""In which row an id stands: a hash table on disk, so that finding costs what is looked for.

A slot holds the number of a row plus one, or 0. What it says is believed only where the id
stands in that row, so the slots of cleared rows may stay. A row gets its slot before it gets
its id: whatever the instant of a kill, no id is without one.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import DamagedStore
from rag_app.index.search.row_file import RowFile, Rows, put_in_place

Numbers = NDArray[np.int64]
_WIDTH = 4  # bytes a slot
_LEAST = 1 << 10  # slots
_ROOM = 4  # slots for each row of a new table; at half of that it is full
_LONGEST = 1_000  # slots looked at for one id; by chance it is never a tenth of that


class HashTable:
    """The table of one file of ids; whoever writes has all of it in memory.

    Args:
        path: Of the file; where there is none, as in older indexes, it is made in memory.
        rows: (n, 16) ids of the rows.
    """

    def __init__(self, path: Path, rows: Rows) -> None:
        self._file = RowFile(path, _WIDTH)
        count = self._file.count()
        self._is_kept = count >= _LEAST and count & (count - 1) == 0
        if self._is_kept:
            self._slots = self._file.read(count, scattered=True).view("<u4")[:, 0]
        else:
            self._slots = _made(rows)

    def find(self, ids: Rows, rows: Rows) -> Numbers:
        """Where each of (m, 16) ids stands among the (n, 16) of the rows, −1 for nowhere.

        Raises:
            DamagedStore: The table is not one of these rows.
        """
        numbers = np.full(len(ids), -1, np.int64)
        waiting = np.flatnonzero(ids.any(axis=1))
        places = _first_places(ids, len(self._slots))
        for _ in range(_LONGEST):
            if not len(waiting):
                return numbers
            found = self._slots[places[waiting]].astype(np.int64) - 1
            inside = np.flatnonzero((found >= 0) & (found < len(rows)))
            same = np.zeros(len(waiting), np.bool_)
            same[inside] = (rows[found[inside]] == ids[waiting[inside]]).all(axis=1)
            numbers[waiting[same]] = found[same]
            waiting = waiting[(found >= 0) & ~same]
            places[waiting] = (places[waiting] + 1) % len(self._slots)
        raise DamagedStore(f"{self._file.path} is damaged; `rag-app doctor --repair` makes it anew")

    def for_writing(self) -> "HashTable":
        """The same, wholly in memory and on disk, to which rows can be added."""
        if self._is_kept:
            self._slots = np.array(self._slots)
        else:
            self._write_all()
        self._used = int(np.count_nonzero(self._slots))
        return self

    def add(self, ids: Rows, numbers: Numbers, rows: Rows) -> None:
        """Lead from (m, 16) new ids to their rows; on the disk when this returns.

        Args:
            ids: That are not there yet.
            numbers: (m,) rows which they will get.
            rows: (n, 16) ids of the rows as they are.
        """
        if (self._used + len(ids)) * 2 > len(self._slots):
            self._slots = _made(rows, more=len(ids))
            self._used = int(np.count_nonzero(self._slots))
            _put(self._slots, ids, numbers)
            self._write_all()
        else:
            places = np.sort(_put(self._slots, ids, numbers))
            self._file.write(places, _bytes(self._slots[places]))
        self._used += len(ids)

    def _write_all(self) -> None:
        put_in_place(self._file.path, _bytes(self._slots).tobytes())
        self._is_kept = True


def _made(ids: Rows, *, more: int = 0) -> NDArray[np.uint32]:
    """A table that leads to all rows, with room for more."""
    held = np.flatnonzero(is_held(ids))
    size = _LEAST
    while size < (len(held) + more) * _ROOM:
        size *= 2
    slots = np.zeros(size, "<u4")
    _put(slots, ids[held], held)
    return slots


def _put(slots: NDArray[np.uint32], ids: Rows, numbers: Numbers) -> Numbers:
    """Put rows into empty slots, the first from where their ids belong; (m,) which these are."""
    places = _first_places(ids, len(slots))
    waiting = np.arange(len(ids))
    while len(waiting):
        _, first = np.unique(places[waiting], return_index=True)  # one id a slot
        first = first[slots[places[waiting[first]]] == 0]
        done = waiting[first]
        slots[places[done]] = numbers[done] + 1
        waiting = np.delete(waiting, first)
        places[waiting] = (places[waiting] + 1) % len(slots)
    return places


def _first_places(ids: Rows, count: int) -> Numbers:
    """(m,) where the ids, which are digests, belong among so many slots."""
    return (np.ascontiguousarray(ids).view("<u8")[:, 0] % np.uint64(count)).astype(np.int64)


def is_held(ids: Rows) -> NDArray[np.bool_]:
    """(n,) whether a chunk stands in each of the rows."""
    halves = ids.view("<u8")
    held: NDArray[np.bool_] = (halves[:, 0] | halves[:, 1]) != 0
    return held


def _bytes(slots: NDArray[np.uint32]) -> Rows:
    return np.ascontiguousarray(slots, dtype="<u4").view(np.uint8).reshape(-1, _WIDTH)
