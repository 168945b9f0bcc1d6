"""Nearest neighbours by comparing with every vector.

For the documents of a filter, and for an index that cannot be written. 50,000 vectors take
75 MB and a few milliseconds a question.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from rag_app.protocols import Vectors
from rag_app.schema import Chunk


class ExactVectors:
    """A `VectorStore` in memory, filled once with (chunk id, (d,) unit vector)."""

    def __init__(self, rows: Iterable[tuple[str, Vectors]]) -> None:
        found = list(rows)
        self._ids = [id_ for id_, _ in found]
        self._matrix = np.stack([vector for _, vector in found]) if found else np.empty((0, 1))

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Never called: it is filled once."""
        raise NotImplementedError

    def delete(self, ids: Sequence[str]) -> None:
        """Never called: it is filled once."""
        raise NotImplementedError

    def query(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""
        if not self._ids:
            return []
        cosines = self._matrix @ vector
        k = min(k, len(cosines))
        nearest = np.argpartition(-cosines, k - 1)[:k]
        nearest = nearest[np.lexsort((nearest, -cosines[nearest]))]
        return [(self._ids[i], float(cosines[i])) for i in nearest]

    def close(self) -> None:
        """Nothing is held open."""
