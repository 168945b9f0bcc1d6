"""Nearest neighbours in Qdrant. Made from the catalogue, and can be made again from it.

Without a server Qdrant compares every vector: right for tests and small libraries. Its
files in a folder are Python pickles, so a folder from strangers is as good as their code.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from filelock import FileLock, Timeout

from rag_app.connections import spare_loopback
from rag_app.errors import ConfigError, IndexLocked, store_error
from rag_app.index.collection import Server, collection_name, metadata, parts
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_MOST_A_CALL = 256  # its server takes 32 MiB in one call, and numbers travel as text
_TIMEOUT = 60  # seconds; a server that is building its graph may need some
_HEX = re.compile(r"[0-9a-f]{32}")
_NAMES = UUID("6e0f5c1c-5b0a-4e0e-9a57-3c1f4b6d2a90")  # where ids that are no UUID become one


class QdrantVectors:
    """One collection, named by the model: in memory (`None`), in a folder or on a server.

    Raises:
        ConfigError: The Qdrant client is not installed.
        IndexLocked: The folder is open elsewhere.
        StoreError: The folder or the server cannot be used.
    """

    def __init__(self, place: Path | Server | None, *, model: str) -> None:
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
        self._held = _hold(place) if isinstance(place, Path) else None
        try:
            self._client = _open(place)
        except BaseException:
            self._release()
            raise

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
        return [(str((point.payload or {})["id"]), point.score) for point in found.points]

    def close(self) -> None:
        """Release the client, and the folder for others."""
        self._client.close()
        self._release()

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

    def _release(self) -> None:
        if self._held is not None:
            self._held.release()


def _open(place: Path | Server | None) -> "QdrantClient":
    from qdrant_client import QdrantClient

    if place is None:
        return QdrantClient(":memory:")
    if isinstance(place, Server):
        spare_loopback()
        key = place.password or place.user
        return QdrantClient(
            url=place.url,
            headers={"api-key": key} if key else None,
            timeout=_TIMEOUT,
            check_compatibility=False,  # a thread of its own that asks, and warns
        )
    try:
        return QdrantClient(path=str(place))
    except Exception as error:  # pickles that are damaged fail in any way
        raise store_error(place, error) from error


def _hold(folder: Path) -> FileLock:
    """The folder for this store alone: Qdrant reads it once, when it is opened."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Of any thread, as another one may close the store.
        lock = FileLock(folder / "open.lock", is_singleton=False, thread_local=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexLocked(
            f"{folder} is open elsewhere, and Qdrant in a folder serves one at a time; close "
            "the other one, or let both use a server (vector_store=qdrant+http://HOST:PORT)"
        ) from error
    except OSError as error:
        raise store_error(folder, error) from error
    return lock


@contextmanager
def _telling(place: Path | Server | None) -> Iterator[None]:
    """Failures of the disk or the server as an error that says what to do."""
    try:
        yield
    except Exception as error:
        # What calls itself a server may answer anything.
        if isinstance(place, Server):
            raise place.error(error) from error
        if isinstance(error, OSError | sqlite3.Error):
            raise store_error(place, error) from error
        raise


def _point(id_: str) -> str:
    """The id as one of the UUIDs that Qdrant takes; those of chunks are UUIDs without dashes."""
    return str(UUID(id_) if _HEX.fullmatch(id_) else uuid5(_NAMES, id_))
