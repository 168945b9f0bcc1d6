"""How documents and chunks become rows of the catalogue, and rows become them again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Document, Status, identify

WRITE_DOCUMENT = """
INSERT INTO documents (id, source, path, size, modified, digest, recipe, status, reason,
    title, text, page_starts, metadata, given, stamp, same_as)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, path = excluded.path,
    size = excluded.size, modified = excluded.modified, digest = excluded.digest,
    recipe = excluded.recipe, status = excluded.status, reason = excluded.reason,
    title = excluded.title, text = excluded.text, page_starts = excluded.page_starts,
    metadata = excluded.metadata, given = excluded.given, stamp = excluded.stamp,
    same_as = excluded.same_as
"""
WRITE_COPY = """
INSERT INTO documents (id, source, path, size, modified, given, stamp, digest, recipe, status,
    reason, title, metadata, same_as)
SELECT ?, ?, ?, ?, ?, ?, ?, digest, recipe, status, reason, title,
    json_set(metadata, '$.folder', ?), id FROM documents WHERE id = ?
"""
READ_ENTRY = """
SELECT id, source, recipe, status, reason, title,
    coalesce((SELECT path FROM documents h WHERE h.id = d.same_as), ''),
    (SELECT count(*) FROM chunks c WHERE c.document_id = d.id),
    path, size, modified, digest, given, stamp
FROM documents d
"""
READ_DOCUMENT = """
SELECT id, source, text, title, digest, page_starts, metadata, status, reason FROM documents
WHERE id = (SELECT coalesce(same_as, id) FROM documents WHERE ?1 IN (source, path, id)
    ORDER BY source = ?1 DESC, path = ?1 DESC LIMIT 1)
"""
WRITE_CHUNK = """
INSERT INTO chunks (id, document_id, start, "end", page, heading, tokens, name, text, digest,
    headings)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INHERIT_TEXT = """
UPDATE documents SET (text, page_starts, same_as) =
    (SELECT text, page_starts, NULL FROM documents WHERE id = ?) WHERE id = ?
"""
# In the order of `WRITE_CHUNK`, but for the ids.
INHERITED_CHUNKS = """
SELECT start, "end", page, heading, tokens, name, text, digest, headings FROM chunks
WHERE document_id = ?
"""
_UNIT = 1e-2  # how far from 1 the length of a vector may be
READ_CHUNKS = """
SELECT c.id, c.document_id, d.source, c.text, c.start, c."end", c.page, c.heading, c.tokens,
    c.headings
FROM chunks c JOIN documents d ON d.id = c.document_id
"""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was last looked at.

    Attributes:
        path: Absolute.
        size: In bytes.
        modified: In nanoseconds since 1970.
        digest: SHA-256 of the bytes.
        given: The path as the user gave it; "" where that is its source.
        stamp: Moves with every change of the file, whatever date it is given; "" is unknown.
    """

    path: str
    size: int
    modified: int
    digest: str
    given: str = ""
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the catalogue, its outcome, and how many chunks it gave.

    `source` is what citations call it, and nothing else. `same_as` is the path of the file
    with the same bytes that has the text, or empty.
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
        file.given or document.source,
        file.stamp,
    )


def copy_row(source: str, file: FileState, *, of: str, folder: str) -> tuple[object, ...]:
    """The values of `WRITE_COPY`."""
    given = file.given or source
    of_the_file = (file.path, file.size, file.modified, given, file.stamp)
    return identify(file.path), source, *of_the_file, folder, of


def entry_of(row: Sequence[Any]) -> Entry:
    """The entry of a row of `READ_ENTRY`."""
    id_, source, *rest = row
    return Entry(id_, source, FileState(*rest[6:]), *rest[:6])


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
        None if chunk.headings is None else json.dumps(chunk.headings),
    )


def chunk_of(row: Sequence[Any]) -> Chunk:
    """The chunk of a row of `READ_CHUNKS`."""
    *values, headings = row
    known = None if headings is None else tuple((a, b) for a, b in json.loads(headings))
    return replace(Chunk(*values), headings=known)


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
