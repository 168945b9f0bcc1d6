"""The vector store that a setting names: in the index folder, in memory or on a server.

chroma                    in the folder's `chroma/`
chroma+http://HOST:PORT   on a server, also https; `USER:PASSWORD@` before HOST is sent along
qdrant:memory             nowhere; gone when it is closed
qdrant+http://HOST:PORT   on a server, also https; the PASSWORD is its API key

Qdrant in the index folder is no longer opened: its files are Python pickles, so that an index
from elsewhere could run code, and one process at a time could use it.
"""

import logging
from pathlib import Path

from rag_app.errors import ConfigError, without_secrets
from rag_app.index.stores.chroma_store import ChromaStore
from rag_app.index.stores.qdrant_store import QdrantStore
from rag_app.index.stores.stored_chunk import Server
from rag_app.protocols import VectorStore

IN_PROCESS = "chroma"
RETIRED = "qdrant"
_IN_MEMORY = ("qdrant:memory",)
_ON_SERVER: dict[str, type[ChromaStore | QdrantStore]] = {
    "chroma": ChromaStore,
    "qdrant": QdrantStore,
}
_logger = logging.getLogger(__name__)
_FORMS = (
    IN_PROCESS,
    *_IN_MEMORY,
    *(f"{name}+{scheme}://HOST:PORT" for name in _ON_SERVER for scheme in ("http", "https")),
)


def open_vectors(store: str, folder: Path, *, model: str) -> VectorStore:
    """The store for the model's vectors, made where it is not there.

    Args:
        store: One of the forms above.
        folder: The index folder.
        model: The model's fingerprint; its first 16 characters name the collection.

    Raises:
        ConfigError: The form is another, or a package is missing that it needs.
        StoreError: The folder or the server cannot be used.
    """
    if server := server_of(store):
        return _ON_SERVER[store.partition("+")[0]](server, model=model)
    if store == IN_PROCESS:
        return ChromaStore(folder / IN_PROCESS, model=model)
    return QdrantStore(None, model=model)


def offered(store: str) -> str:
    """The store, or the one in the place of one that is no longer opened."""
    if store != RETIRED:
        return store
    _logger.warning(
        "Qdrant in the index folder is no longer opened, as its files can run code; the vectors "
        "are in chroma/ instead (vector_store=qdrant+http://HOST:PORT keeps them on a server)"
    )
    return IN_PROCESS


def lasting(store: str) -> str:
    """How an index remembers its store, which outlives the process: without the password.

    Raises:
        ConfigError: No store has that form, or it is gone when it is closed.
    """
    if store == RETIRED:
        return IN_PROCESS
    if store in _IN_MEMORY:
        raise ConfigError(f"vector_store={store!r} does not last; leave out the `:memory`")
    server = server_of(store)
    return f"{store.partition('+')[0]}+{server.url}" if server else store


def folder_of(store: str, folder: Path) -> Path | None:
    """Where in the index folder the store keeps its files; None where it keeps none there.

    Raises:
        ConfigError: No store has that form.
    """
    server_of(store)
    return folder / store if store == IN_PROCESS else None


def is_remote(store: str) -> bool:
    """Whether the store is on a server.

    Raises:
        ConfigError: No store has that form.
    """
    return server_of(store) is not None


def server_of(store: str) -> Server | None:
    """The server that the store is on; None where it is in this process.

    Raises:
        ConfigError: No store has that form.
    """
    if store in (IN_PROCESS, *_IN_MEMORY):
        return None
    name, _, address = store.partition("+")
    shown = without_secrets(store)
    if name not in _ON_SERVER:
        raise ConfigError(f"vector_store={shown!r} is unknown; use {', '.join(_FORMS)}")
    try:
        return Server.parse(address)
    except ValueError as error:
        raise ConfigError(
            f"vector_store={shown!r} names no server ({error}); use {', '.join(_FORMS)}"
        ) from error
