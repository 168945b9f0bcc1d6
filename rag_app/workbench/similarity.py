"""What is alike in a collection, and what is like nothing else in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors

_BLOCK = 2_048  # rows compared at a time
_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows, `left` before `right`, and their cosine."""

    left: int
    right: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Outlier:
    """A row, and its mean cosine with the five that are closest to it."""

    row: int
    closeness: float


def similarity_matrix(vectors: Vectors) -> Vectors:
    """(n, n) cosines of the rows of (n, d) unit vectors."""
    matrix: Vectors = vectors @ vectors.T
    return np.clip(matrix, -1, 1)


def duplicates(vectors: Vectors, *, least: float = 0.95) -> list[Pair]:
    """Pairs of rows of (n, d) unit vectors with at least that cosine, closest first."""
    found = [pair for begin, cosines in _blocks(vectors) for pair in _alike(begin, cosines, least)]
    return sorted(found, key=lambda pair: -pair.cosine)


def outliers(vectors: Vectors, *, count: int = 10) -> list[Outlier]:
    """The rows of (n, d) unit vectors that are farthest from all others, farthest first."""
    near = min(_NEIGHBOURS, len(vectors) - 1)
    if near < 1:
        return []
    closeness = np.concatenate(
        [
            np.sort(_without_self(begin, c), axis=1)[:, -near:].mean(1)
            for begin, c in _blocks(vectors)
        ]
    )
    return [Outlier(int(row), float(closeness[row])) for row in np.argsort(closeness)[:count]]


def _blocks(vectors: Vectors) -> Iterator[tuple[int, Vectors]]:
    for begin in range(0, len(vectors), _BLOCK):
        yield begin, vectors[begin : begin + _BLOCK] @ vectors.T


def _alike(begin: int, cosines: Vectors, least: float) -> Iterator[Pair]:
    rows, others = np.nonzero(np.triu(cosines, k=begin + 1) >= least)
    for row, other in zip(rows.tolist(), others.tolist(), strict=True):
        yield Pair(begin + row, other, float(cosines[row, other]))


def _without_self(begin: int, cosines: Vectors) -> NDArray[np.float32]:
    own = np.arange(len(cosines))
    cosines[own, begin + own] = -1
    return cosines
