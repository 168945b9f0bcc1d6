"""Nearest neighbours in Chroma. Made from the catalogue, and can be made again from it."""

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from rag_app.connections import bypass_proxy_for_loopback
from rag_app.errors import store_errors
from rag_app.index.stores.stored_chunk import Server, collection_name, finite, metadata, parts
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

_MOST_A_CALL = 5_000  # Chroma refuses more than 5,461 items in one call
# Chroma's own 16 neighbours let chunks that are nearly the same cut one another off: in a
# cluster of 1,500 3 to 11 were found no longer, with these none or 1.
_GRAPH: Any = {"space": "cosine", "max_neighbors": 64, "ef_search": 200}
# A graph among equal vectors has no way that leads nearer, so that adding one looks at all the
# others: 4,000 take two minutes. Moved by so little, which a cosine hardly shows, two seconds.
_MOVED = 1e-3
_naming = Lock()
_named: set[str] = set()  # the folders of this process's clients, as each spells its own


class ChromaStore:
    """One collection, named by the model, in a folder of Chroma's own or on its server."""

    def __init__(self, place: Path | Server, *, model: str) -> None:
        self._place = _Folder(place) if isinstance(place, Path) else _Remote(place)
        self._loaded = False
        self._name = collection_name(model)
        with self._place.telling(), self._place.turn:
            self._client: Any = self._place.client()
            self._collection = self._make()

    def _make(self) -> "Collection":
        # Embedding is ours: without a function Chroma would fetch a model of its own.
        made: Collection = self._client.get_or_create_collection(
            name=self._name, embedding_function=None, configuration={"hnsw": _GRAPH}
        )
        return made

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""
        for part in parts(len(chunks), most=_MOST_A_CALL):
            ids = [chunk.id for chunk in chunks[part]]
            with self._place.telling(), self._place.turn:
                # Replacing a vector in place unlinks others from the graph; adding does not.
                self._collection.delete(ids=ids)
                self._collection.add(
                    ids=ids,
                    embeddings=_told_apart(vectors[part]),
                    documents=[chunk.text for chunk in chunks[part]],
                    metadatas=[metadata(chunk) for chunk in chunks[part]],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        for part in parts(len(ids), most=_MOST_A_CALL):
            with self._place.telling(), self._place.turn:
                self._collection.delete(ids=list(ids[part]))

    def clear(self) -> None:
        """Forget everything."""
        with self._place.telling(), self._place.turn:
            self._client.delete_collection(self._name)
            self._collection = self._make()

    def query(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""
        with self._place.telling(), nullcontext() if self._loaded else self._place.turn:
            found = self._collection.query(
                query_embeddings=vector[None, :], n_results=k, include=["distances"]
            )
        # Of an empty store nothing was loaded; the next query will try again.
        self._loaded = self._loaded or bool(found["ids"][0])
        distances = found["distances"] or [[]]
        # Chroma's cosine distance is 1 − cosine.
        pairs = zip(found["ids"][0], distances[0], strict=True)
        return finite((id_, 1 - distance) for id_, distance in pairs)

    def close(self) -> None:
        """Release the client; the next one opened sees what other processes wrote."""
        self._client.close()
        self._place.leave(self._client)


class _Folder:
    """Chroma in this process.

    Its files are not made for several processes: one that loads them while another writes
    may hang. So loading, which the first query with results does, and writing take turns;
    later queries are answered from memory.
    """

    def __init__(self, folder: Path) -> None:
        with store_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.turn = FileLock(folder / "turn.lock", is_singleton=False, poll_interval=0.01)
        self._path = _name(folder)

    def client(self) -> Any:
        import chromadb

        return chromadb.PersistentClient(path=self._path, settings=_settings())

    def telling(self) -> AbstractContextManager[None]:
        """Failures of Chroma and of the disk as an error that says what to do."""
        from chromadb.errors import ChromaError

        return store_errors(self._path, ChromaError)

    def leave(self, client: Any) -> None:  # noqa: ARG002
        with _naming:
            _named.discard(self._path)


class _Remote:
    """Chroma's server, which sees to the turns of its clients itself."""

    turn: AbstractContextManager[object] = nullcontext()

    def __init__(self, server: Server) -> None:
        self._server = server

    def client(self) -> Any:
        import chromadb

        user, password = self._server.user, self._server.password
        bypass_proxy_for_loopback()
        basic = b64encode(f"{user}:{password}".encode()).decode()
        return chromadb.HttpClient(
            host=self._server.url,
            headers={"Authorization": f"Basic {basic}"} if user or password else None,
            settings=_settings(),
        )

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Failures of the server, and of the way to it, as an error that says what to do."""
        try:
            yield
        # Chroma raises a bare Exception for answers that it cannot read.
        except Exception as error:
            raise self._server.error(error) from error

    def leave(self, client: Any) -> None:
        # Chroma leaves the connections of both open, for the garbage collector.
        for part in (client, client._admin_client):
            part._server._session.close()


def _told_apart(vectors: Vectors) -> Vectors:
    """(n, d) unit vectors of which none is equal: those that repeat another are moved a little."""
    _, first = np.unique(vectors, axis=0, return_index=True)
    repeats = np.setdiff1d(np.arange(len(vectors)), first)
    if not len(repeats):
        return vectors
    moves = np.random.default_rng().standard_normal((len(repeats), vectors.shape[1]))
    moves *= _MOVED / np.linalg.norm(moves, axis=1, keepdims=True)
    apart = vectors.copy()
    apart[repeats] += moves
    apart[repeats] /= np.linalg.norm(apart[repeats], axis=1, keepdims=True)
    return apart


def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _name(folder: Path) -> str:
    """The folder's path in a spelling of its own.

    Clients of one process that name the same path share what they loaded, and go on
    sharing it for as long as one of them is open, whatever other processes write.
    """
    path = str(folder)
    with _naming:
        while path in _named:
            path += f"{os.sep}."
        _named.add(path)
    return path
