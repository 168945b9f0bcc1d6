"""Vectors by model and text, so that nothing is embedded twice."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rag_app.index.database import Database
from rag_app.index.rows import text_digest
from rag_app.protocols import Vectors


class KeptVectors:
    """Every vector ever made for this index; those of other models and former texts too."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def known(self, model: str, texts: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors already made by the model, by text."""
        digests = {text_digest(text): text for text in texts}
        rows = self._db.rows_in(
            "SELECT digest, vector FROM vectors WHERE model = ? AND digest IN ({})", digests, model
        )
        return {digests[digest]: _vector(blob) for digest, blob in rows}

    def keep(self, model: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Remember (n, d) vectors by text, so that no text is embedded twice."""
        with self._db.transaction():
            self._db.run_many(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [
                    (model, text_digest(text), np.asarray(vector, dtype="<f4").tobytes())
                    for text, vector in zip(texts, vectors, strict=True)
                ],
            )

    def digests(self, model: str) -> list[str]:
        """Of all texts that have a vector of the model."""
        return [d for (d,) in self._db.rows("SELECT digest FROM vectors WHERE model = ?", (model,))]

    def of_all_chunks(self, model: str) -> Iterator[tuple[str, str, Vectors]]:
        """(chunk id, document id, (d,) vector) of every chunk that has one."""
        rows = self._db.rows(
            "SELECT c.id, c.document_id, v.vector FROM chunks c"
            " JOIN vectors v ON v.digest = c.digest AND v.model = ?",
            (model,),
        )
        return ((chunk, document, _vector(blob)) for chunk, document, blob in rows)

    def of_chunks(self, model: str, ids: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors of chunks, by chunk id."""
        rows = self._db.rows_in(
            "SELECT c.id, v.vector FROM vectors v JOIN chunks c ON c.digest = v.digest"
            " WHERE v.model = ? AND c.id IN ({})",
            ids,
            model,
        )
        return {id_: _vector(blob) for id_, blob in rows}


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)
