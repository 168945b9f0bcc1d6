"""An index of token vectors, for small collections: every passage is compared by MaxSim.

It lies beside the index whose chunks it holds, and is brought up to date when it is opened:
what was encoded before is copied, the rest is encoded. A folder is named by all that it
holds, gets its name when it is whole, and is never changed.
"""

import json
import shutil
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from rag_app.errors import ConfigError, DamagedStore, StoreError, store_errors
from rag_app.index.index import Index
from rag_app.index.search.row_file import RowFile, Rows
from rag_app.models.late_interaction import LateInteraction, maxsim
from rag_app.protocols import Vectors
from rag_app.retrieval.question_length import check_question
from rag_app.schema import Hit, Signals, identify
from rag_app.workbench.chunk_vectors import read_chunks

MOST_CHUNKS = 5_000  # full ones, of the bundled model's vectors, are two gigabytes
_TOGETHER = 50  # chunks that are encoded at a time
_BLOCK = 1 << 16  # vectors that are compared at a time
_HEAD, _VECTORS = "head.json", "vectors"


class LateIndex:
    """The chunks of an index, with a float16 vector for each of their tokens."""

    def __init__(self, index: Index, model: LateInteraction, kept: "_Kept") -> None:
        self._index = index
        self._model = model
        self._kept = kept

    @classmethod
    def open(cls, index: Index, model: LateInteraction) -> Self:
        """Of the chunks that the index holds now; those that are new to it are encoded first.

        Raises:
            ConfigError: The index holds more than `MOST_CHUNKS`.
            StoreError: The disk is full or cannot be written to.
        """
        if (count := index.catalog.count_chunks()) > MOST_CHUNKS:
            raise ConfigError(
                f"{count:,} chunks are too many for an index of token vectors, which takes "
                f"{MOST_CHUNKS:,}; use the model as the setting `reranker` instead"
            )
        texts = {chunk.id: chunk.text for chunk in read_chunks(index)}
        folder = index.folder / "late" / identify(model.fingerprint)
        with store_errors(folder):
            return cls(index, model, _up_to_date(folder, texts, model))

    def search(self, question: str, *, k: int = 5) -> list[Hit]:
        """The k chunks with the highest MaxSim, best first; a blank question has none.

        Raises:
            ConfigError: The question is too long.
        """
        check_question(question)
        if not question.strip():
            return []
        (asked,) = self._model.encode([question], kind="query")
        # A passage whose vectors are damaged is like no question.
        scores = np.clip(np.nan_to_num(self._kept.scores(asked), posinf=0), 0, 1)
        best = [(self._kept.ids[n], float(scores[n])) for n in np.argsort(-scores, kind="stable")]
        # The catalogue is the truth: what it no longer has was removed and is no hit.
        there = self._index.sources(self._kept.ids)
        found = [(id_, score) for id_, score in best if id_ in there][:k]
        chunks = self._index.catalog.chunks(id_ for id_, _ in found)
        return [
            Hit(chunks[id_], score, rank, Signals(rerank=score))
            for rank, (id_, score) in enumerate(found, start=1)
            if id_ in chunks
        ]


class _Kept(NamedTuple):
    """Chunks, how many vectors each has, and the bytes of all vectors one after the other."""

    ids: list[str]
    lengths: list[int]
    rows: Rows

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the folder holds, in memory as far as it is used; None where it is not whole."""
        try:
            head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
            lengths: dict[str, int] = head["lengths"]
            rows = RowFile(folder / _VECTORS, head["width"]).read(sum(lengths.values()))
        except (OSError, ValueError, KeyError, DamagedStore):
            return None
        return cls([*lengths], [*lengths.values()], rows)

    def by_chunk(self) -> dict[str, Rows]:
        """The bytes of each chunk's vectors."""
        ends = pairwise(self._ends())
        return {id_: self.rows[a:b] for id_, (a, b) in zip(self.ids, ends, strict=True)}

    def scores(self, asked: Vectors) -> Vectors:
        """(n,) MaxSim of the (q, d) vectors of a question with each chunk."""
        ends = self._ends()
        blocks = np.searchsorted(ends, np.arange(0, ends[-1], _BLOCK))
        made = [
            maxsim(asked, _decoded(self.rows[ends[a] : ends[b]]), self.lengths[a:b])
            for a, b in pairwise([*blocks, len(self.ids)])
        ]
        return np.concatenate([np.empty(0, np.float32), *made])

    def _ends(self) -> NDArray[np.int64]:
        """(n + 1,) where the rows of the chunks end, 0 before the first."""
        return np.array([0, *self.lengths], np.int64).cumsum()


def _up_to_date(folder: Path, texts: Mapping[str, str], model: LateInteraction) -> _Kept:
    """What is kept of just these chunks; written first where it is not there."""
    own = folder / identify(*sorted(texts))
    if kept := _Kept.read(own):
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "writer.lock", is_singleton=False):
        # Another process may have made it meanwhile.
        return _Kept.read(own) or _made(own, texts, model)


def _made(own: Path, texts: Mapping[str, str], model: LateInteraction) -> _Kept:
    """The folder, written and read; others beside it, whose vectors it takes, are removed."""
    beside = [path for path in own.parent.iterdir() if path.is_dir()]
    former = next(filter(None, map(_Kept.read, beside)), None)
    unfinished = own.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    _write(unfinished, texts, former.by_chunk() if former else {}, model)
    shutil.rmtree(own, ignore_errors=True)  # there only if it is damaged
    unfinished.rename(own)
    for path in beside:
        if path != own:
            shutil.rmtree(path, ignore_errors=True)
    if kept := _Kept.read(own):
        return kept
    raise StoreError(f"{own} cannot be read although it was just written; try again")


def _write(
    folder: Path, texts: Mapping[str, str], former: Mapping[str, Rows], model: LateInteraction
) -> None:
    """Put the vectors of the texts, by chunk, into an empty folder."""
    lengths: dict[str, int] = {}
    width = 0
    for begin in range(0, len(texts), _TOGETHER):
        part = [*texts][begin : begin + _TOGETHER]
        new = [id_ for id_ in part if id_ not in former]
        encoded = zip(new, model.encode([texts[id_] for id_ in new]), strict=True)
        known = {**former, **{id_: _encoded(vectors) for id_, vectors in encoded}}
        rows = np.concatenate([known[id_] for id_ in part])
        width = rows.shape[1]
        numbers = np.arange(len(rows)) + sum(lengths.values())
        RowFile(folder / _VECTORS, width).write(numbers, rows)
        lengths |= {id_: len(known[id_]) for id_ in part}
    head = {"width": width, "lengths": lengths}
    (folder / _HEAD).write_text(json.dumps(head), encoding="utf-8")


def _encoded(vectors: Vectors) -> Rows:
    """(t, 2 d) bytes of (t, d) vectors, little-endian float16."""
    return np.ascontiguousarray(vectors, "<f2").view(np.uint8)


def _decoded(rows: Rows) -> Vectors:
    """(t, d) vectors of such bytes."""
    return rows.view("<f2").astype(np.float32)
