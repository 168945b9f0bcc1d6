"""A collection in two dimensions, to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.protocols import Vectors
from rag_app.schema import Chunk
from rag_app.workbench.chunk_vectors import ChunkVectors, read_chunk_vectors
from rag_app.workbench.pca import PrincipalComponents
from rag_app.workbench.themes import themes

Method = Literal["pca", "umap"]
_SEED = 0  # of UMAP
MOST = 20_000  # chunks on one map; of more, some are drawn


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """Chunks as points.

    Attributes:
        chunks: What the points stand for.
        vectors: (n, d) unit vectors of the chunks.
        points: (n, 2) where they lie.
        theme: Name of the theme of each.
        method: How they were put there.
        principal: The two main directions, which put any other vector on a map by PCA.
    """

    chunks: tuple[Chunk, ...]
    vectors: Vectors
    points: NDArray[np.float32]
    theme: tuple[str, ...]
    method: Method
    principal: PrincipalComponents

    def place(self, vector: Vectors, *, neighbours: int = 5) -> tuple[float, float]:
        """Where a (d,) unit vector lies: by PCA its own place, else among its neighbours."""
        if self.method == "pca":
            x, y = self.principal.place(vector)
        else:
            x, y = self.points[self.nearest(vector, count=neighbours)].mean(axis=0)
        return float(x), float(y)

    def nearest(self, vector: Vectors, *, count: int = 5) -> NDArray[np.int64]:
        """Rows of the chunks with the highest cosine to a (d,) unit vector, closest first."""
        rows: NDArray[np.int64] = np.argsort(-(self.vectors @ vector), kind="stable")[:count]
        return rows


def draw_map(index: Index, *, method: Method = "pca") -> CollectionMap:
    """The map of an index; the same one every time.

    Raises:
        ConfigError: UMAP is asked for and not installed.
    """
    return map_of(read_chunk_vectors(index, most=MOST), method=method)


def map_of(held: ChunkVectors, *, method: Method = "pca") -> CollectionMap:
    """The map of chunks that were read before; see `draw_map`."""
    if not held.chunks:
        empty = np.empty((0, 2), np.float32)
        return CollectionMap(
            (), held.vectors, empty, (), method, PrincipalComponents(empty, empty, 0.0)
        )
    principal = PrincipalComponents.of(held.vectors, 2)
    points = principal.place(held.vectors) if method == "pca" else _umap(held.vectors)
    grouped = themes(held.vectors, [chunk.text for chunk in held.chunks])
    names = tuple(grouped.names[theme] for theme in grouped.of)
    return CollectionMap(held.chunks, held.vectors, points, names, method, principal)


def _umap(vectors: Vectors) -> NDArray[np.float32]:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ConfigError(
            "UMAP is not installed; `pip install rag-app[umap]`, or use pca"
        ) from error
    neighbours = min(15, len(vectors) - 1)
    placed: NDArray[np.float32] = UMAP(
        n_neighbors=neighbours, metric="cosine", random_state=_SEED
    ).fit_transform(vectors)
    return placed


def legend(map_: CollectionMap, by: Literal["theme", "folder", "document"]) -> Sequence[str]:
    """What each point is coloured by."""
    from pathlib import PurePath

    if by == "theme":
        return map_.theme
    paths = [PurePath(chunk.source) for chunk in map_.chunks]
    return [path.name if by == "document" else str(path.parent) for path in paths]
