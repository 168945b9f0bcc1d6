"""Is everything there, whole and consistent? One check a line."""

import logging
import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from rag_app.errors import RagError, StoreError
from rag_app.history.conversations import FILE, Conversations
from rag_app.index.catalog.catalog import CATALOGUE
from rag_app.index.catalog.database import is_damaged, is_newer, set_aside
from rag_app.index.catalog.tables import CATALOG
from rag_app.index.index import Index
from rag_app.index.writer_lock import writer_lock
from rag_app.models.model_files import BUNDLED_EMBEDDER, cached_model, find_model
from rag_app.opening import open_index, open_reranker, settled
from rag_app.providers.language_model import is_served
from rag_app.settings.provenance import Settings
from rag_app.settings.settings_files import (
    holds_secret,
    others_can_read,
    own_settings_file,
    settings_file,
)

_logger = logging.getLogger(__name__)
_PACKAGES = ("torch", "transformers", "sentence-transformers", "chromadb", "pypdf", "streamlit")
_SAMPLE = 200  # chunks looked up by their own vectors
_NEIGHBOURS = 10
_ALL = -1  # no limit
_LEAST_FREE = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, and what was seen."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """All checks; none of them changes anything or needs a network."""
    named, embedder = _embedder(settings)
    findings = [
        Finding("versions", True, ", ".join(f"{name} {version(name)}" for name in _PACKAGES)),
        Finding("python", True, sys.version.split()[0]),
        embedder,
        _generator(settings),
        *_reranker(settings),
        _disk(settings.index),
        *_open_secrets(settings.index),
    ]
    if embedder.ok:
        findings.extend(_index(named))
    return findings


def repair(settings: Settings) -> str:
    """Make all again that is made from the catalogue, without embedding; what was done.

    A catalogue that is damaged, or of a later version, is moved aside and never removed; what
    else the folder holds, uploads, conversations and collections, stays.

    Raises:
        RagError: The catalogue cannot be used or moved, or another process is writing.
    """
    done = _set_catalogue_aside(settings.index)
    index, _ = open_index(settings)
    with closing(index):
        with index.writing(anew=True) as writer:  # becoming the writer fills empty ones
            if spoiled := writer.forget_damaged():
                done.append(
                    f"{spoiled} vectors in the catalogue were damaged; the next `rag-ingest "
                    "FOLDERS` embeds their texts again"
                )
        count = index.catalog.count_chunks()
    return "; ".join([*done, f"{count} chunks put into a new vector store and lexicon"])


def _set_catalogue_aside(folder: Path) -> list[str]:
    """Move away a catalogue that nobody can read, while nobody writes; what was done."""
    path = folder / CATALOGUE
    if not path.exists() or not (is_damaged(path) or is_newer(path)):
        return []
    with writer_lock(folder):
        aside = set_aside(path)
    return [f"{path} cannot be used and is now {aside}; `rag-ingest FOLDERS` fills a new one"]


def _embedder(settings: Settings) -> tuple[Settings, Finding]:
    """The settings with their embedding model named, and what was found of it."""
    try:
        named = settled(settings)
        if is_served(named.embedder):
            return named, Finding("embedder", True, f"{named.embedder} is served by its provider")
        found = find_model(named.embedder)
    except StoreError:
        # Of a damaged catalogue, which cannot tell its model, its own finding tells.
        return _embedder(replace(settings, embedder=BUNDLED_EMBEDDER))
    except RagError as error:
        return settings, Finding("embedder", False, str(error))
    return named, Finding("embedder", True, f"{named.embedder} in {found}")


def _generator(settings: Settings) -> Finding:
    if Path(settings.generator).is_dir() or cached_model(settings.generator):
        return Finding("generator", True, f"{settings.generator} is on this machine")
    if settings.answer == "generate":
        return Finding("generator", False, f"{settings.generator} is not on this machine")
    return Finding(
        "generator", True, f"{settings.generator} is not on this machine: answers are quoted"
    )


def _reranker(settings: Settings) -> Iterator[Finding]:
    if not settings.reranker:
        return
    try:
        open_reranker(settings)
    except RagError as error:
        yield Finding("reranker", False, str(error))
    else:
        yield Finding("reranker", True, f"{settings.reranker} is on this machine")


def _open_secrets(index: Path) -> Iterator[Finding]:
    for path in (settings_file(), own_settings_file(index)):
        if others_can_read(path) and holds_secret(path.read_text(encoding="utf-8")):
            told = f"{path} holds a password and every user can read it; `chmod 600 {path}`"
            yield Finding("settings", False, told)


def _disk(folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    return Finding("disk", free >= _LEAST_FREE, f"{free / (1 << 30):.1f} GiB free at {existing}")


def _index(settings: Settings) -> Iterator[Finding]:
    if not settings.index.exists():
        yield Finding("index", True, f"{settings.index} is not there yet; `rag-ingest` makes it")
        return
    try:
        index, _ = open_index(settings)
    except RagError as error:
        yield Finding("index", False, str(error))
        return
    with closing(index):
        yield from _conversations(index.folder)
        try:
            yield from _stores(index)
        except StoreError as error:
            cure = CATALOG.anew.format(folder=index.folder)
            yield Finding("catalogue", False, f"damaged ({error.__cause__}); {cure}")


def _stores(index: Index) -> Iterator[Finding]:
    documents, chunks = index.catalog.size()
    state = index.catalog.integrity()
    told = f"{documents} documents, {chunks} chunks, check: {state}"
    if state != "ok":
        told += f"; {CATALOG.anew.format(folder=index.folder)}"
    elif spoiled := len(index.catalog.kept.damaged(index.model)):
        told += f"; {spoiled} vectors in it are damaged; {_remedy(index)}"
        state = "damaged vectors"
    yield Finding("catalogue", state == "ok", told)
    waiting = set(index.catalog.outbox("add", limit=_ALL))
    behind = set(index.catalog.behind("add", limit=_ALL)) - waiting
    yield Finding(
        "delivery",
        True,
        f"{len(waiting)} chunks still to be added by the next ingestion"
        + (f", and {len(behind)} to the vector store" if behind else ""),
    )
    yield _words(index, chunks - len(waiting))
    if stored := sorted(set(index.catalog.chunk_ids()) - waiting - behind):
        yield _self_query(index, stored)


def _conversations(folder: Path) -> Iterator[Finding]:
    """What the chat keeps, once it keeps any."""
    path = folder / FILE
    if is_damaged(path):
        yield Finding("conversations", False, f"{path} is damaged; `rag-ui` sets it aside")
    elif path.exists():
        try:
            with closing(Conversations(folder, owner=None)) as kept:
                yield Finding("conversations", True, f"{kept.count()} kept")
        except StoreError as error:
            yield Finding("conversations", False, str(error))


def _words(index: Index, expected: int) -> Finding:
    """Every chunk that was delivered must be in the lexicon."""
    try:
        found = index.count_words()
    except StoreError as error:
        return Finding("lexicon", False, str(error))
    # What waits to be delivered may have been there before.
    detail = f"{found} chunks can be found by their words"
    if found < expected:
        return Finding("lexicon", False, f"only {detail}; {_remedy(index)}")
    return Finding("lexicon", True, detail)


def _self_query(index: Index, ids: list[str]) -> Finding:
    """Each of a sample of chunks must be the nearest neighbour of its own vector."""
    sample = random.Random(0).sample(ids, min(_SAMPLE, len(ids)))  # noqa: S311 - no secret
    try:
        index.check_model()
        if spoiled := index.count_spoiled():
            return Finding("vectors", False, f"{spoiled} are damaged; {_remedy(index)}")
        lost = lost_chunks(index, sample)
    except RagError as error:
        return Finding("vectors", False, str(error))
    except Exception as error:
        # A damaged store fails in ways of its own.
        _logger.info("the vector store failed", exc_info=True)
        return Finding("vectors", False, f"cannot be searched ({error}); {_remedy(index)}")
    if lost:
        detail = f"{len(lost)} of {len(sample)} sampled chunks are lost; {_remedy(index)}"
        return Finding("vectors", False, detail)
    return Finding("vectors", True, f"all {len(sample)} sampled chunks found by their own vector")


def _remedy(index: Index) -> str:
    return f"`rag-app doctor --repair --index {index.folder}` makes them again"


def lost_chunks(index: Index, ids: list[str]) -> list[str]:
    """Those of the chunks that a search by their own vector does not bring up."""
    vectors = index.catalog.kept.of_chunks(index.model, ids)
    lost = [id_ for id_ in ids if id_ not in vectors]
    behind = {*index.catalog.behind("add", limit=_ALL)}
    for id_, vector in vectors.items():
        # What the vector store is yet to get, the next ingestion brings there.
        stores = [index.nearest] if id_ in behind else [index.stored_nearest, index.nearest]
        if not all(_is_among(id_, nearest(vector, k=_NEIGHBOURS)) for nearest in stores):
            lost.append(id_)
    return lost


def _is_among(id_: str, nearest: list[tuple[str, float]]) -> bool:
    # Chunks with the very same text share a vector and may crowd each other out.
    crowded = len(nearest) == _NEIGHBOURS and nearest[-1][1] >= 1 - 1e-5
    return crowded or any(other == id_ for other, _ in nearest)
