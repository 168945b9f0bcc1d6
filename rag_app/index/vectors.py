"""Nearest neighbours in Chroma. Made from the catalogue, and can be made again from it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from rag_app.errors import store_error
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

_MOST_A_CALL = 5_000  # Chroma refuses more than 5,461 items in one call
# Chroma's own 16 neighbours let chunks that are nearly the same cut one another off: in a
# cluster of 1,500 3 to 11 were found no longer, with these none or 1.
_GRAPH: Any = {"space": "cosine", "max_neighbors": 64, "ef_search": 200}
_naming = Lock()
_named: set[str] = set()  # the folders of this process's clients, as each spells its own


class ChromaVectors:
    """One collection, named by the model, in a folder of Chroma's own.

    Chroma's files are not made for several processes: one that loads them while another
    writes may hang. So loading, which the first query with results does, and writing take turns;
    later queries are answered from memory.
    """

    def __init__(self, folder: Path, *, model: str) -> None:
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True)
        self._turn = FileLock(folder / "turn.lock", is_singleton=False, poll_interval=0.01)
        self._loaded = False
        self._path = _name(folder)
        with _telling(self._path), self._turn:
            self._client: Any = chromadb.PersistentClient(
                path=self._path, settings=Settings(anonymized_telemetry=False)
            )
            # Embedding is ours: without a function Chroma would fetch a model of its own.
            self._collection: Collection = self._client.get_or_create_collection(
                name=f"chunks-{model[:16]}",
                embedding_function=None,
                configuration={"hnsw": _GRAPH},
            )

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store or replace the chunks with their (n, d) unit vectors."""
        for begin in range(0, len(chunks), _MOST_A_CALL):
            part = chunks[begin : begin + _MOST_A_CALL]
            ids = [chunk.id for chunk in part]
            with _telling(self._path), self._turn:
                # Replacing a vector in place unlinks others from the graph; adding does not.
                self._collection.delete(ids=ids)
                self._collection.add(
                    ids=ids,
                    embeddings=vectors[begin : begin + _MOST_A_CALL],
                    documents=[chunk.text for chunk in part],
                    metadatas=[_metadata(chunk) for chunk in part],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        for begin in range(0, len(ids), _MOST_A_CALL):
            with _telling(self._path), self._turn:
                self._collection.delete(ids=list(ids[begin : begin + _MOST_A_CALL]))

    def query(self, vector: Vectors, *, k: int) -> list[tuple[str, float]]:
        """The k nearest to the (d,) vector as (chunk id, cosine), closest first."""
        with _telling(self._path), nullcontext() if self._loaded else self._turn:
            found = self._collection.query(
                query_embeddings=vector[None, :], n_results=k, include=["distances"]
            )
        # Of an empty store nothing was loaded; the next query will try again.
        self._loaded = self._loaded or bool(found["ids"][0])
        distances = found["distances"] or [[]]
        # Chroma's cosine distance is 1 − cosine.
        return [
            (id_, 1 - distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True)
        ]

    def close(self) -> None:
        """Release the client; the next one opened sees what other processes wrote."""
        self._client.close()
        with _naming:
            _named.discard(self._path)


@contextmanager
def _telling(path: str) -> Iterator[None]:
    """Failures of Chroma and of the disk as an error that says what to do."""
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, OSError) as error:
        raise store_error(path, error) from error


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


def _metadata(chunk: Chunk) -> dict[str, str | int]:
    return {
        "document_id": chunk.document_id,
        "source": chunk.source,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page or 0,
        "heading": chunk.heading,
    }
