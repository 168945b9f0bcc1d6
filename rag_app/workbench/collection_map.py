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
from rag_app.workbench.themes import themes

Method = Literal["pca", "umap"]
_SEED = 0
_MOST = 20_000  # chunks on one map; of more, some are drawn


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """Chunks as points.

    Attributes:
        chunks: What the points stand for.
        vectors: (n, d) unit vectors of the chunks.
        points: (n, 2) where they lie.
        theme: Name of the theme of each.
        axes: (d, 2) and `centre` (d,) put any other vector on a map by PCA.
        centre: The mean of all vectors.
        shown: Share, 0…1, of the variance that PCA's two dimensions keep.
    """

    chunks: tuple[Chunk, ...]
    vectors: Vectors
    points: NDArray[np.float32]
    theme: tuple[str, ...]
    method: Method
    axes: NDArray[np.float32]
    centre: NDArray[np.float32]
    shown: float

    def place(self, vector: Vectors, *, neighbours: int = 5) -> tuple[float, float]:
        """Where a (d,) unit vector lies: by PCA its own place, else among its neighbours."""
        if self.method == "pca":
            x, y = (vector - self.centre) @ self.axes
            return float(x), float(y)
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
    ids = index.catalog.chunk_ids()
    if len(ids) > _MOST:
        ids = sorted(np.random.default_rng(_SEED).choice(ids, _MOST, replace=False).tolist())
    found = index.catalog.chunks(ids)
    kept = index.catalog.kept.of_chunks(index.model, found)
    chunks = tuple(found[id_] for id_ in kept)
    if not chunks:
        empty = np.empty((0, 2), np.float32)
        return CollectionMap((), empty, empty, (), method, empty, empty, 0.0)
    vectors = np.stack([kept[chunk.id] for chunk in chunks])
    centre, axes, shown = _principal(vectors)
    points: NDArray[np.float32] = (
        ((vectors - centre) @ axes).astype(np.float32) if method == "pca" else _umap(vectors)
    )
    grouped = themes(vectors, [chunk.text for chunk in chunks])
    names = tuple(grouped.names[theme] for theme in grouped.of)
    return CollectionMap(chunks, vectors, points, names, method, axes, centre, shown)


def _principal(vectors: Vectors) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Centre, two axes (d, 2), and the share of the variance they keep."""
    centre = vectors.mean(axis=0)
    spread = np.cov(vectors, rowvar=False, bias=True)  # (d, d)
    strengths, directions = np.linalg.eigh(np.atleast_2d(spread))
    axes = directions[:, ::-1][:, :2].astype(np.float32)
    # A direction has two signs; the same one is taken every time.
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1).astype(np.float32)
    total = float(strengths.sum())
    return centre, axes, float(strengths[-2:].sum()) / total if total > 0 else 1.0


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
