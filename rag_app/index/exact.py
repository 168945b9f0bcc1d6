"""Nearest neighbours by comparing with every vector: for an index that cannot be written.

Chroma writes to its folder even to read from it. 50,000 vectors take 75 MB and a few
milliseconds a question.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from rag_app.protocols import Vectors
from rag_app.schema import Chunk


class ExactVectors:
    """A `VectorStore` in memory, filled once with (chunk id, document id, (d,) unit vector)."""

    def __init__(self, rows: Iterable[tuple[str, str, Vectors]]) -> None:
        found = list(rows)
        self._ids = [chunk for chunk, _, _ in found]
        self._documents = np.array([document for _, document, _ in found], dtype=object)
        self._matrix = np.stack([vector for _, _, vector in found]) if found else np.empty((0, 1))

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Never called: what cannot be written has no writer."""
        raise NotImplementedError

    def delete(self, ids: Sequence[str]) -> None:
        """Never called: what cannot be written has no writer."""
        raise NotImplementedError

    def query(
        self, vector: Vectors, *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""
        if not self._ids:
            return []
        cosines = self._matrix @ vector
        if documents is not None:
            cosines[~np.isin(self._documents, list(documents))] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[:k]
        return [(self._ids[i], float(cosines[i])) for i in nearest if cosines[i] > -np.inf]

    def close(self) -> None:
        """Nothing is held open."""
