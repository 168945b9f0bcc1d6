"""Vectors by model and text, so that nothing is embedded twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_app.index.catalog.database import Database
from rag_app.index.catalog.rows import are_sound, text_digest, vector_blob, vector_of
from rag_app.protocols import Vectors

_LOOKED_AT = 1_000  # vectors in memory at a time


@dataclass(frozen=True, slots=True)
class ModelVectors:
    """How many vectors of a model, by its fingerprint, are kept, and their bytes with the keys."""

    model: str
    texts: int
    size: int


class EmbeddingCache:
    """Every vector ever made for this index; those of other models and former texts too."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def without(self, model: str, texts: Iterable[str]) -> list[str]:
        """Those of the texts that have no vector of the model yet, each once, in order."""
        digests = {text: text_digest(text) for text in texts}
        rows = self._db.rows_in(
            "SELECT digest FROM vectors WHERE model = ? AND digest IN ({})",
            digests.values(),
            model,
        )
        known = {digest for (digest,) in rows}
        return [text for text, digest in digests.items() if digest not in known]

    def lacking(self, model: str) -> dict[str, str]:
        """Digests of the texts that have no vector of the model yet, by the ids of their chunks.

        Chunks of one document follow one another.
        """
        return dict(
            self._db.rows(
                "SELECT id, digest FROM chunks c WHERE NOT EXISTS"
                " (SELECT 1 FROM vectors v WHERE v.model = ? AND v.digest = c.digest)"
                " ORDER BY document_id, start",
                (model,),
            )
        )

    def keep(self, model: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Remember (n, d) vectors by text, so that no text is embedded twice."""
        with self._db.transaction():
            self._db.run_many(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [
                    (model, text_digest(text), vector_blob(vector))
                    for text, vector in zip(texts, vectors, strict=True)
                ],
            )

    def by_model(self) -> list[ModelVectors]:
        """What is kept of each model, most first."""
        rows = self._db.rows(
            "SELECT model, count(*), sum(length(model) + length(digest) + length(vector))"
            " FROM vectors GROUP BY model ORDER BY count(*) DESC, model"
        )
        return [ModelVectors(*row) for row in rows]

    def present(self) -> list[str]:
        """Keys of the texts that the chunks have now, each once."""
        return [digest for (digest,) in self._db.rows("SELECT DISTINCT digest FROM chunks")]

    def count_present(self, model: str) -> int:
        """How many of these texts have a vector of the model."""
        rows = self._db.rows(
            "SELECT count(*) FROM vectors WHERE model = ? AND digest IN"
            " (SELECT digest FROM chunks)",
            (model,),
        )
        return int(rows[0][0])

    def forget(self, model: str) -> None:
        """Remove the vectors of a model, and give the disk back what they took."""
        self._db.run("DELETE FROM vectors WHERE model = ?", (model,))
        self._db.run("VACUUM")

    def forget_texts(self, digests: Iterable[str]) -> None:
        """Remove the vectors, of all models, of those texts that no chunk has any more."""
        former = set(digests).difference(self.present())
        with self._db.transaction():
            for (model,) in self._db.rows("SELECT DISTINCT model FROM vectors"):
                self._db.run_many(
                    "DELETE FROM vectors WHERE model = ? AND digest = ?",
                    [(model, digest) for digest in former],
                )

    def digests_of(self, documents: Iterable[str]) -> list[str]:
        """Keys of the texts that the chunks of these documents have."""
        rows = self._db.rows_in("SELECT digest FROM chunks WHERE document_id IN ({})", documents)
        return [digest for (digest,) in rows]

    def damaged(self, model: str) -> list[str]:
        """Keys of the texts whose vector of the model can be none."""
        size, keys, found = self.size(model), self._keys(model), []
        for begin in range(0, len(keys), _LOOKED_AT):
            rows = self._db.rows_in(
                "SELECT digest, vector FROM vectors WHERE model = ? AND digest IN ({})",
                keys[begin : begin + _LOOKED_AT],
                model,
            )
            found += [digest for digest, blob in rows if not _is_whole(blob, size)]
        return found

    def forget_damaged(self, model: str, digests: Sequence[str]) -> None:
        """Remove these, and have the documents whose texts they are read again."""
        with self._db.transaction():
            for digest in digests:
                self._db.run(
                    "UPDATE documents SET recipe = '' WHERE id IN"
                    " (SELECT document_id FROM chunks WHERE digest = ?)",
                    (digest,),
                )
                self._db.run("DELETE FROM vectors WHERE model = ? AND digest = ?", (model, digest))

    def size(self, model: str) -> int:
        """Bytes of a vector of the model, as most of the first are long; 0 where there is none."""
        rows = self._db.rows(
            "SELECT length(vector) FROM (SELECT vector FROM vectors WHERE model = ? LIMIT 101)"
            " GROUP BY length(vector) ORDER BY count(*) DESC LIMIT 1",
            (model,),
        )
        return int(rows[0][0]) if rows else 0

    def _keys(self, model: str) -> list[str]:
        rows = self._db.rows("SELECT digest FROM vectors WHERE model = ?", (model,))
        return [digest for (digest,) in rows]

    def of_chunks(self, model: str, ids: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors of chunks, by chunk id; damaged ones are left out."""
        size = self.size(model)
        rows = self._db.rows_in(
            "SELECT c.id, v.vector FROM chunks c INDEXED BY chunks_covering"
            " JOIN vectors v ON v.digest = c.digest WHERE v.model = ? AND c.id IN ({})",
            ids,
            model,
        )
        return {id_: vector_of(blob) for id_, blob in rows if _is_whole(blob, size)}


def _is_whole(blob: object, size: int) -> bool:
    """Whether the bytes are a vector of that size that a text can have."""
    if not isinstance(blob, bytes) or len(blob) != size or size % 4:
        return False
    return bool(are_sound(vector_of(blob)[None])[0])
