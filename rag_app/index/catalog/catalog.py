"""What the index knows: documents, chunks, and vectors by text.

This SQLite file is the truth. Every public method is one consistent read, or one
transaction that takes effect whole.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from rag_app.errors import ConfigError
from rag_app.index.catalog import filter_condition
from rag_app.index.catalog.database import Database
from rag_app.index.catalog.embedding_cache import EmbeddingCache
from rag_app.index.catalog.rows import (
    INHERIT_TEXT,
    INHERITED_CHUNKS,
    READ_CHUNKS,
    READ_DOCUMENT,
    READ_ENTRY,
    WRITE_CHUNK,
    WRITE_COPY,
    WRITE_DOCUMENT,
    Entry,
    FileState,
    chunk_of,
    chunk_row,
    copy_row,
    document_of,
    document_row,
    entry_of,
    searchable_name,
)
from rag_app.schema import Chunk, Document, Status, identify
from rag_app.text.printable import printable

__all__ = ["CATALOGUE", "Catalog", "Entry", "FileState", "is_index"]
CATALOGUE = "catalog.sqlite"  # its file; a folder that has it is an index
_MOST_LISTED = 20  # documents that a name may mean


def is_index(folder: Path) -> bool:
    """Whether the folder holds an index."""
    return (folder / CATALOGUE).exists()


class Catalog:
    """The catalogue of one index folder."""

    def __init__(self, folder: Path) -> None:
        self._db = Database(folder / CATALOGUE)
        self.kept = EmbeddingCache(self._db)

    # Documents

    def put(
        self, document: Document, chunks: Sequence[Chunk], *, file: FileState, recipe: str
    ) -> None:
        """Add or replace a document; only chunks that changed are touched."""
        status: Status = "partial" if document.missing else "indexed"
        name = searchable_name(document)
        new = {row[0]: row for row in (chunk_row(chunk, name) for chunk in chunks)}
        with self._db.transaction():
            self._hand_on("id = ? AND digest != ?", (document.id, document.digest))
            # The same file under a new id, after it was renamed.
            self._db.run(
                "DELETE FROM documents WHERE path = ? AND id != ?", (file.path, document.id)
            )
            # Another recipe may mean another model, whose vectors are yet to be delivered.
            old = self._db.rows(
                'SELECT c.id, document_id, start, "end", page, heading, tokens, name, c.text,'
                " c.digest, headings FROM chunks c JOIN documents d ON d.id = document_id"
                " WHERE document_id = ? AND recipe = ?",
                (document.id, recipe),
            )
            kept = {row[0] for row in old if new.get(row[0]) == row}
            self._write_document(document, file, recipe, status, document.missing)
            self._db.run_many(
                "DELETE FROM chunks WHERE id = ?",
                [(id_,) for id_ in self._ids_of(document.id) if id_ not in kept],
            )
            self._db.run_many(WRITE_CHUNK, [row for id_, row in new.items() if id_ not in kept])
            self._advance()

    def put_unread(
        self, id_: str, source: str, *, file: FileState, recipe: str, status: Status, reason: str
    ) -> None:
        """Note a file that gave no text, so that it is tried again only when it changes."""
        empty = Document(id=id_, source=source, text="", title="", digest=file.digest)
        with self._db.transaction():
            self._hand_on("path = ?", (file.path,))
            self._db.run("DELETE FROM documents WHERE path = ?", (file.path,))
            self._write_document(empty, file, recipe, status, reason)
            self._advance()

    def put_copy(self, source: str, *, file: FileState, of: str, folder: str) -> None:
        """Note a file with the same bytes as the document of that id, which has the text."""
        with self._db.transaction():
            self._hand_on("path = ?", (file.path,))
            self._db.run("DELETE FROM documents WHERE path = ?", (file.path,))
            self._db.run(WRITE_COPY, copy_row(source, file, of=of, folder=folder))
            self._advance()

    def holder(self, digest: str, recipe: str) -> Entry | None:
        """The entry that has the text of these bytes, made by this recipe, if there is one."""
        found = self._entries(
            "WHERE digest = ? AND recipe = ? AND same_as IS NULL"
            " AND status IN ('indexed', 'partial')",
            (digest, recipe),
        )
        return found[0] if found else None

    def touch(self, document_id: str, file: FileState) -> None:
        """Note the new dates of an unchanged file."""
        self._db.run(
            "UPDATE documents SET size = ?, modified = ?, stamp = ? WHERE id = ?",
            (file.size, file.modified, file.stamp, document_id),
        )

    def call(self, sources: Mapping[str, str]) -> None:
        """Give documents other sources, by id."""
        with self._db.transaction():
            self._db.run_many(
                "UPDATE documents SET source = ? WHERE id = ?",
                [(source, id_) for id_, source in sources.items()],
            )
            self._advance()

    def remove(self, document_ids: Iterable[str]) -> None:
        """Forget documents with their chunks; unknown ids are ignored."""
        leaving = [(id_,) for id_ in document_ids]
        with self._db.transaction():
            # First the copies, so that none of them inherits only to go as well.
            self._db.run_many("DELETE FROM documents WHERE id = ? AND same_as > ''", leaving)
            with_copies = {*self._db.rows("SELECT same_as FROM documents WHERE same_as > ''")}
            for each in leaving:
                if each in with_copies:
                    self._hand_on("id = ?", each)
            self._db.run_many("DELETE FROM documents WHERE id = ?", leaving)
            self._advance()

    def entries(self) -> list[Entry]:
        """Every file, by source."""
        return self._entries("ORDER BY source")

    def entry(self, document_id: str) -> Entry | None:
        """The file of that document, if it is known."""
        found = self._entries("WHERE id = ?", (document_id,))
        return found[0] if found else None

    def _entries(self, which: str, values: Sequence[str] = ()) -> list[Entry]:
        rows = self._db.rows(f"{READ_ENTRY} {which}", values)
        return [entry_of(row) for row in rows]

    def document(self, source: str) -> Document | None:
        """The document of that source, absolute path or id."""
        rows = self._db.rows(READ_DOCUMENT, (source,))
        return document_of(rows[0]) if rows else None

    def called(self, name: str) -> list[str]:
        """The sources that a person may mean by the name.

        It may be a source, the path as it was given, an absolute path, an id, or the end of
        an absolute path; the first kind that there is counts.
        """
        tail = os.sep + name
        for which, value in (
            ("source = ?1", name),
            ("?1 IN (given, path, id)", name),
            ("path = ?1", os.path.abspath(name)),  # noqa: PTH100 - ends at no link
            ("substr(path, -length(?1)) = ?1", tail),
        ):
            found = self._db.rows(
                f"SELECT source FROM documents WHERE {which} ORDER BY source",  # noqa: S608
                (value,),
            )
            if found:
                return [source for (source,) in found]
        return []

    def meant(self, name: str) -> str:
        """The one source that a person means by the name, or the name where there is none.

        Raises:
            ConfigError: It may be several.
        """
        found = self.called(name)
        if len(found) > 1:
            listed = f"{', '.join(found[:_MOST_LISTED])}{', …' if found[_MOST_LISTED:] else ''}"
            raise ConfigError(
                f"{name!r} means {len(found)} documents; say which one: {printable(listed)}"
            )
        return found[0] if found else name

    def matching(self, where: Mapping[str, str]) -> list[str]:
        """Ids of documents that have all these values; see `filters`.

        Raises:
            ConfigError: A value is none that could be, or means several documents.
        """
        if "source" in where:
            where = {**where, "source": self.meant(where["source"])}
        condition, values = filter_condition.condition(where)
        select = f"SELECT DISTINCT coalesce(same_as, id) FROM documents WHERE {condition}"  # noqa: S608
        return [id_ for (id_,) in self._db.rows(select, values)]

    # Chunks

    def chunks(self, ids: Iterable[str]) -> dict[str, Chunk]:
        """The chunks that are there, by id; forgotten ones are left out."""
        rows = self._db.rows_in(READ_CHUNKS + "WHERE c.id IN ({})", ids)
        return {row[0]: chunk_of(row) for row in rows}

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Title and file name of chunks' documents, by chunk id."""
        return dict(self._db.rows_in("SELECT id, name FROM chunks WHERE id IN ({})", ids))

    def holders(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Id and source of the documents of the chunks that are there, by chunk id."""
        rows = self._db.rows_in(
            "SELECT c.id, d.id, d.source FROM chunks c INDEXED BY chunks_covering"
            " JOIN documents d ON d.id = c.document_id WHERE c.id IN ({})",
            ids,
        )
        return {id_: (document, source) for id_, document, source in rows}

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The document's chunks in reading order."""
        rows = self._db.rows(
            READ_CHUNKS + "WHERE c.document_id = ? ORDER BY c.start", (document_id,)
        )
        return [chunk_of(row) for row in rows]

    def chunk_ids(self, documents: Sequence[str] | None = None) -> list[str]:
        """The ids of the chunks of some documents, or of all."""
        if documents is None:
            return [id_ for (id_,) in self._db.rows("SELECT id FROM chunks")]
        some = "SELECT id FROM chunks WHERE document_id IN ({})"
        return [id_ for (id_,) in self._db.rows_in(some, documents)]

    def count_chunks(self) -> int:
        """How many chunks there are."""
        return int(self._db.rows("SELECT count(*) FROM chunks")[0][0])

    def size(self) -> tuple[int, int]:
        """(documents with text, chunks)."""
        return self.count_documents(), self.count_chunks()

    def count_documents(self) -> int:
        """How many documents with text there are."""
        documents = (
            "SELECT count(*) FROM documents WHERE status IN ('indexed', 'partial')"
            " AND same_as IS NULL"
        )
        return int(self._db.rows(documents)[0][0])

    # What the stores have yet to do

    def outbox(self, action: str, *, limit: int) -> list[str]:
        """Ids of chunks that lexicon and flat files have yet to "add" or "forget"."""
        select = "SELECT chunk_id FROM outbox WHERE action = ? LIMIT ?"
        return [id_ for (id_,) in self._db.rows(select, (action, limit))]

    def behind(self, action: str, *, limit: int) -> list[str]:
        """Ids of chunks that only a vector store has yet to "add" or "forget"."""
        if not self.writable:  # it may be of a version that did not know
            return []
        select = "SELECT chunk_id FROM behind WHERE action = ? LIMIT ?"
        return [id_ for (id_,) in self._db.rows(select, (action, limit))]

    def count_behind(self) -> int:
        """How many these are."""
        return int(self._db.rows("SELECT count(*) FROM behind")[0][0])

    def delivered(self, ids: Iterable[str], *, behind: bool = False) -> None:
        """The two have done their part for these chunks; a vector store may be behind."""
        rows = [(id_,) for id_ in ids]
        with self._db.transaction():
            if behind:
                self._db.run_many(
                    "INSERT OR REPLACE INTO behind SELECT * FROM outbox WHERE chunk_id = ?", rows
                )
            self._db.run_many("DELETE FROM outbox WHERE chunk_id = ?", rows)
            self._advance()

    def caught_up(self, ids: Iterable[str]) -> None:
        """The vector store has done its part for these chunks too."""
        self._db.run_many("DELETE FROM behind WHERE chunk_id = ?", [(id_,) for id_ in ids])

    def redeliver(self) -> None:
        """Have every chunk added to all again, as to new ones."""
        with self._db.transaction():
            self._db.run("DELETE FROM outbox")
            self._db.run("DELETE FROM behind")
            self._db.run("INSERT INTO outbox SELECT id, 'add' FROM chunks")
            self._advance()

    # State

    @property
    def writable(self) -> bool:
        """Whether the disk lets it be changed."""
        return self._db.writable

    @property
    def generation(self) -> int:
        """Moves with every change that a reader can see."""
        return int(self.get("generation") or 0)

    def get(self, name: str) -> str | None:
        """A remembered value, or None."""
        rows = self._db.rows("SELECT value FROM state WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def set(self, name: str, value: str) -> None:
        """Remember a value."""
        self._db.run("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def change(self, name: str, change: Callable[[str | None], str]) -> None:
        """Remember what is made of a remembered value, which nobody else changes meanwhile."""
        with self._db.transaction():
            self.set(name, change(self.get(name)))

    def change_model(self, values: Mapping[str, str], recipes: Mapping[str, str]) -> None:
        """Remember what another embedding model changes, in one step.

        Args:
            values: To be remembered.
            recipes: The new name of documents' recipes, by the old one.
        """
        with self._db.transaction():
            for name, value in values.items():
                self.set(name, value)
            self._db.run_many(
                "UPDATE documents SET recipe = ? WHERE recipe = ?",
                [(new, old) for old, new in recipes.items()],
            )
            self._advance()

    def integrity(self) -> str:
        """ "ok", or what SQLite's own check found."""
        return str(self._db.rows("PRAGMA quick_check")[0][0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _advance(self) -> None:
        self.set("generation", str(self.generation + 1))

    def _ids_of(self, document_id: str) -> list[str]:
        rows = self._db.rows("SELECT id FROM chunks WHERE document_id = ?", (document_id,))
        return [id_ for (id_,) in rows]

    def _hand_on(self, which: str, values: Sequence[str]) -> None:
        """Have a copy take over the text and the chunks of a document that is to go or change.

        Copies may lie elsewhere, where nobody looks now.
        """
        found = self._db.rows(
            "SELECT min(c.id), d.id FROM documents d JOIN documents c ON c.same_as = d.id"  # noqa: S608
            f" WHERE d.id IN (SELECT id FROM documents WHERE {which}) GROUP BY d.id",
            values,
        )
        for heir, former in found:
            self._db.run(INHERIT_TEXT, (former, heir))
            self._db.run("UPDATE documents SET same_as = ? WHERE same_as = ?", (heir, former))
            inherited = self._db.rows(INHERITED_CHUNKS, (former,))
            self._db.run_many(
                WRITE_CHUNK,
                [
                    (identify(heir, str(start), text), heir, start, *rest, text, digest, headings)
                    for start, *rest, text, digest, headings in inherited
                ],
            )

    def _write_document(
        self, document: Document, file: FileState, recipe: str, status: Status, reason: str
    ) -> None:
        row = document_row(document, file, recipe=recipe, status=status, reason=reason)
        self._db.run(WRITE_DOCUMENT, row)
