"""What shorter codes of the vectors save, and what they cost, on the index's own vectors.

Each precision is searched as the app searches it: by the codes first, then the best of
those by the whole vectors.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from rag_app.errors import DataError
from rag_app.index.search.exact_search import ExactSearch
from rag_app.index.search.quantization import CODES, QuantizedVectors
from rag_app.index.search_structures import temporary_folder
from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Precision
from rag_app.workbench.chunk_vectors import ChunkVectors
from rag_app.workbench.training_data import asked_of_documents

_DEPTH = 10
_ROUNDS = 3  # of all questions
_CHUNKS_A_QUESTION = 4  # as not every chunk gives one
_EQUAL = 1e-6  # cosines that differ by less are the same
_PRECISIONS: tuple[Precision, ...] = ("float32", "int8", "binary")


@dataclass(frozen=True, slots=True)
class Quantised:
    """One precision.

    Attributes:
        precision: As the setting `vector_precision` names it.
        width: Bytes of a vector's code.
        size: Bytes of all codes.
        milliseconds: Of a search, codes and whole vectors together; the median.
        by_codes: Recall@10, 0…1, against comparing all whole vectors: of the codes alone.
        rescored: The same, after the best by their codes were compared by the whole vectors.
    """

    precision: Precision
    width: int
    size: int
    milliseconds: float
    by_codes: float
    rescored: float


def questions_of(chunks: Sequence[Chunk], *, most: int) -> list[str]:
    """At most so many questions made from some of the chunks, the same ones every time.

    Raises:
        DataError: The chunks give none.
    """
    dice = np.random.default_rng(0)
    some = dice.permutation(len(chunks))[: _CHUNKS_A_QUESTION * most]
    made = asked_of_documents(chunks[number] for number in some).questions.values()
    asked = sorted(set(made))
    if not asked:
        raise DataError("no questions could be made from the documents; add more")
    return [asked[number] for number in dice.permutation(len(asked))[:most]]


def quantised(held: ChunkVectors, questions: Vectors) -> list[Quantised]:
    """All precisions side by side, on (n, d) vectors and (q, d) unit vectors of questions."""
    with temporary_folder() as folder, ExitStack() as opened:
        stores = {
            precision: opened.enter_context(closing(_store(Path(folder), precision, held)))
            for precision in _PRECISIONS
        }
        seconds, found = _search(stores, questions)
    rows = {chunk.id: row for row, chunk in enumerate(held.chunks)}
    exact = _Exact(held.vectors, questions)
    return [
        Quantised(
            precision=precision,
            width=(width := CODES[precision].width(held.vectors.shape[1])),
            size=width * len(held.vectors),
            milliseconds=1_000 * float(np.median(seconds[precision])),
            by_codes=exact.recall(_by_codes(CODES[precision], held.vectors, questions)),
            rescored=exact.recall([[rows[id_] for id_ in ids] for ids in found[precision]]),
        )
        for precision in _PRECISIONS
    ]


def _store(folder: Path, precision: Precision, held: ChunkVectors) -> ExactSearch:
    store = ExactSearch(folder / precision, model="", precision=precision)
    store.upsert(held.chunks, held.vectors)
    return store


def _search(
    stores: dict[Precision, ExactSearch], questions: Vectors
) -> tuple[dict[Precision, list[float]], dict[Precision, list[list[str]]]]:
    """Seconds of every search, and the ids that each question found, by precision.

    Whatever else the machine does meanwhile meets all of them alike: they take turns, and
    each begins as often as the others.
    """
    seconds: dict[Precision, list[float]] = {precision: [] for precision in stores}
    found: dict[Precision, list[list[str]]] = {precision: [] for precision in stores}
    for turn in range((_ROUNDS + 1) * len(questions)):
        question = questions[turn % len(questions)]
        for step in range(len(_PRECISIONS)):
            precision = _PRECISIONS[(turn + step) % len(_PRECISIONS)]
            begun = perf_counter()
            nearest = stores[precision].query(question, k=_DEPTH)
            if turn < len(questions):  # the first round brings the files into memory
                found[precision].append([id_ for id_, _ in nearest])
            else:
                seconds[precision].append(perf_counter() - begun)
    return seconds, found


def _by_codes(codes: QuantizedVectors, vectors: Vectors, questions: Vectors) -> list[list[int]]:
    """The rows whose codes are closest to each question's."""
    coded = codes.encode(vectors)
    scores = (codes.scores(codes.encode(question[None]), coded) for question in questions)
    return [np.argsort(-row, kind="stable")[:_DEPTH].tolist() for row in scores]


class _Exact:
    """How close the ten nearest of (n, d) vectors are to each of (q, d) questions."""

    def __init__(self, vectors: Vectors, questions: Vectors) -> None:
        self._vectors, self._questions = vectors, questions
        self._depth = min(_DEPTH, len(vectors))
        self._tenth = [np.partition(vectors @ q, -self._depth)[-self._depth] for q in questions]

    def recall(self, found: Sequence[Sequence[int]]) -> float:
        """Mean share of them that were found, by row; copies stand in for each other."""
        asked = zip(self._questions, self._tenth, found, strict=True)
        hits = [
            (self._vectors[list(rows)] @ question >= tenth - _EQUAL).sum()
            for question, tenth, rows in asked
        ]
        return float(np.mean(hits)) / self._depth
