"""Nearest neighbours on a Qdrant server. Made from the catalogue, and can be made again from it.

Without a server Qdrant compares every vector in memory: right for tests.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from rag_app.connections import bypass_proxy_for_loopback
from rag_app.errors import ConfigError
from rag_app.index.stores.stored_chunk import Server, collection_name, finite, metadata, parts
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_MOST_A_CALL = 256  # its server takes 32 MiB in one call, and numbers travel as text
_TIMEOUT = 60  # seconds; a server that is building its graph may need some
_HEX = re.compile(r"[0-9a-f]{32}")
_NAMES = UUID("6e0f5c1c-5b0a-4e0e-9a57-3c1f4b6d2a90")  # where ids that are no UUID become one


class QdrantStore:
    """One collection, named by the model: in memory (`None`) or on a server.

    Raises:
        ConfigError: The Qdrant client is not installed.
        StoreError: The server cannot be used.
    """

    def __init__(self, place: Server | None, *, model: str) -> None:
        try:
            import qdrant_client  # noqa: F401
        except ImportError as error:
            raise ConfigError(
                "vector_store=qdrant needs the Qdrant client; `pip install 'rag-app[qdrant]'`"
            ) from error
        self._place = place
        self._collection = collection_name(model)
        self._exists = False
        # In this process Qdrant is not made for several threads.
        self._turn: AbstractContextManager[object] = (
            nullcontext() if isinstance(place, Server) else Lock()
        )
        self._client = _open(place)

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""
        from qdrant_client.models import Batch

        for part in parts(len(chunks), most=_MOST_A_CALL):
            batch = Batch(
                ids=[_point(chunk.id) for chunk in chunks[part]],
                vectors=vectors[part].tolist(),
                payloads=[
                    {"id": chunk.id, "text": chunk.text, **metadata(chunk)}
                    for chunk in chunks[part]
                ],
            )
            with _telling(self._place), self._turn:
                self._make(vectors.shape[1])
                self._client.upsert(self._collection, batch)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        from qdrant_client.models import PointIdsList

        for part in parts(len(ids), most=_MOST_A_CALL):
            points = PointIdsList(points=[_point(id_) for id_ in ids[part]])
            with _telling(self._place), self._turn:
                if self._is_there():
                    self._client.delete(self._collection, points)

    def clear(self) -> None:
        """Forget everything."""
        with _telling(self._place), self._turn:
            self._client.delete_collection(self._collection)
            self._exists = False

    def query(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""
        with _telling(self._place), self._turn:
            if not self._is_there():
                return []
            found = self._client.query_points(
                self._collection, query=vector.tolist(), limit=k, with_payload=["id"]
            )
            points = ((str((point.payload or {})["id"]), point.score) for point in found.points)
            return finite(points)

    def close(self) -> None:
        """Release the client."""
        self._client.close()

    def _make(self, dimensions: int) -> None:
        from qdrant_client.models import Distance, VectorParams

        if not self._is_there():
            self._client.create_collection(
                self._collection,
                vectors_config=VectorParams(size=dimensions, distance=Distance.COSINE),
            )

    def _is_there(self) -> bool:
        self._exists = self._exists or self._client.collection_exists(self._collection)
        return self._exists


def _open(place: Server | None) -> "QdrantClient":
    from qdrant_client import QdrantClient

    if place is None:
        return QdrantClient(":memory:")
    bypass_proxy_for_loopback()
    key = place.password or place.user
    return QdrantClient(
        url=place.url,
        headers={"api-key": key} if key else None,
        timeout=_TIMEOUT,
        check_compatibility=False,  # a thread of its own that asks, and warns
    )


@contextmanager
def _telling(place: Server | None) -> Iterator[None]:
    """Failures of the server as an error that says what to do."""
    try:
        yield
    except Exception as error:
        # What calls itself a server may answer anything.
        if place is not None:
            raise place.error(error) from error
        raise


def _point(id_: str) -> str:
    """The id as one of the UUIDs that Qdrant takes; those of chunks are UUIDs without dashes."""
    return str(UUID(id_) if _HEX.fullmatch(id_) else uuid5(_NAMES, id_))
