"""How documents and chunks become rows of the catalogue, and rows become them again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Document, Status, identify

WRITE_DOCUMENT = """
INSERT INTO documents (id, source, path, size, modified, digest, recipe, status, reason,
    title, text, page_starts, metadata, same_as)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, path = excluded.path,
    size = excluded.size, modified = excluded.modified, digest = excluded.digest,
    recipe = excluded.recipe, status = excluded.status, reason = excluded.reason,
    title = excluded.title, text = excluded.text, page_starts = excluded.page_starts,
    metadata = excluded.metadata, same_as = excluded.same_as
"""
WRITE_COPY = """
INSERT INTO documents (id, source, path, size, modified, digest, recipe, status, reason,
    title, metadata, same_as)
SELECT ?, ?, ?, ?, ?, digest, recipe, status, reason, title,
    json_set(metadata, '$.folder', ?), id FROM documents WHERE id = ?
"""
READ_ENTRY = """
SELECT id, source, path, size, modified, digest, recipe, status, reason, title,
    coalesce((SELECT path FROM documents h WHERE h.id = d.same_as), ''),
    (SELECT count(*) FROM chunks c WHERE c.document_id = d.id)
FROM documents d
"""
READ_DOCUMENT = """
SELECT id, source, text, title, digest, page_starts, metadata, status, reason FROM documents
WHERE id = (SELECT coalesce(same_as, id) FROM documents WHERE ? IN (source, path, id))
"""
WRITE_CHUNK = """
INSERT INTO chunks (id, document_id, start, "end", page, heading, tokens, name, text, digest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UNIT = 1e-2  # how far from 1 the length of a vector may be
READ_CHUNKS = """
SELECT c.id, c.document_id, d.source, c.text, c.start, c."end", c.page, c.heading, c.tokens
FROM chunks c JOIN documents d ON d.id = c.document_id
"""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was last looked at."""

    path: str
    size: int
    modified: int
    digest: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the catalogue, its outcome, and how many chunks it gave.

    `same_as` is the path of the file with the same bytes that has the text, or empty.
    """

    id: str
    source: str
    file: FileState
    recipe: str
    status: Status
    reason: str
    title: str
    same_as: str
    chunks: int

    @property
    def remark(self) -> str:
        """What a person should know besides the status."""
        same = f"same content as {self.same_as}" if self.same_as else ""
        return "; ".join(filter(None, (same, self.reason)))


def document_row(
    document: Document,
    file: FileState,
    *,
    recipe: str,
    status: Status,
    reason: str,
) -> tuple[object, ...]:
    """The values of `WRITE_DOCUMENT`."""
    return (
        document.id,
        document.source,
        file.path,
        file.size,
        file.modified,
        file.digest,
        recipe,
        status,
        reason,
        document.title,
        document.text,
        json.dumps(document.page_starts),
        json.dumps(dict(document.metadata), sort_keys=True),
    )


def copy_row(source: str, file: FileState, *, of: str, folder: str) -> tuple[object, ...]:
    """The values of `WRITE_COPY`."""
    return identify(file.path), source, file.path, file.size, file.modified, folder, of


def document_of(row: Sequence[Any]) -> Document:
    """The document of a row of `READ_DOCUMENT`."""
    id_, source, text, title, digest, starts, metadata, status, reason = row
    return Document(
        id=id_,
        source=source,
        text=text,
        title=title,
        digest=digest,
        page_starts=tuple(json.loads(starts)),
        metadata=json.loads(metadata),
        missing=reason if status == "partial" else "",
    )


def chunk_row(chunk: Chunk, name: str) -> tuple[object, ...]:
    """The values of `WRITE_CHUNK`."""
    return (
        chunk.id,
        chunk.document_id,
        chunk.start,
        chunk.end,
        chunk.page,
        chunk.heading,
        chunk.tokens,
        name,
        chunk.text,
        text_digest(chunk.seen or chunk.text),
    )


def text_digest(text: str) -> str:
    """The key under which the vector of a text is kept."""
    return identify(text)


def vector_blob(vector: Vectors) -> bytes:
    """A (d,) vector as it is kept: float32, little-endian."""
    return np.asarray(vector, dtype="<f4").tobytes()


def vector_of(blob: bytes) -> Vectors:
    """The (d,) vector of such bytes."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)


def are_sound(vectors: Vectors) -> NDArray[np.bool_]:
    """(n,) whether each of (n, d) vectors can be a text's: of length 1, or zeros for no meaning."""
    with np.errstate(all="ignore"):  # damaged ones may be numbers of any size
        squares = np.einsum("nd,nd->n", vectors, vectors)
    sound: NDArray[np.bool_] = (np.abs(squares - 1) < 2 * _UNIT) | ~vectors.any(axis=1)
    return sound


def searchable_name(document: Document) -> str:
    """Title and file name: what a person calls the document when asking about it."""
    stem = Path(document.source).stem
    return document.title if stem.lower() == document.title.lower() else f"{document.title} {stem}"
