"""What an index holds, as the workbench looks at it: chunks, and their vectors row by row."""

from dataclasses import dataclass

import numpy as np

from rag_app.index.index import Index
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

_SEED = 0


@dataclass(frozen=True, slots=True)
class ChunkVectors:
    """Chunks, and the (n, d) unit vectors of the index's model, in the same order."""

    chunks: tuple[Chunk, ...]
    vectors: Vectors


def read_chunk_vectors(index: Index, *, most: int | None = None) -> ChunkVectors:
    """All chunks of an index with vectors, or so many of them, the same ones every time."""
    kept = index.catalog.kept.of_chunks(index.model, _ids(index, most))
    found = index.catalog.chunks(kept)
    vectors = np.stack([*kept.values()]) if kept else np.empty((0, 0), np.float32)
    return ChunkVectors(tuple(found[id_] for id_ in kept), vectors)


def read_chunks(index: Index, *, most: int | None = None) -> list[Chunk]:
    """All chunks of an index, or so many of them, the same ones every time."""
    return list(index.catalog.chunks(_ids(index, most)).values())


def _ids(index: Index, most: int | None) -> list[str]:
    ids = index.catalog.chunk_ids()
    if most is None or len(ids) <= most:
        return ids
    return sorted(np.random.default_rng(_SEED).choice(ids, most, replace=False).tolist())
