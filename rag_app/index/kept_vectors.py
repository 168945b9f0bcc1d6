"""Vectors by model and text, so that nothing is embedded twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_app.index.database import Database
from rag_app.index.rows import text_digest, vector_blob, vector_of
from rag_app.protocols import Vectors


@dataclass(frozen=True, slots=True)
class ModelVectors:
    """How many vectors of a model, by its fingerprint, are kept, and their bytes with the keys."""

    model: str
    texts: int
    size: int


class KeptVectors:
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

    def of_chunks(self, model: str, ids: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors of chunks, by chunk id."""
        rows = self._db.rows_in(
            "SELECT c.id, v.vector FROM chunks c INDEXED BY chunks_covering"
            " JOIN vectors v ON v.digest = c.digest WHERE v.model = ? AND c.id IN ({})",
            ids,
            model,
        )
        return {id_: vector_of(blob) for id_, blob in rows}
