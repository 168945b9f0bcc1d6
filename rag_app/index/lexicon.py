"""BM25 over the chunks, in SQLite's FTS5 table."""

from collections.abc import Iterable, Sequence

from rag_app.index.database import Database


class Lexicon:
    """Words of chunks, their headings and their documents' names."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def search(
        self, match: str, *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k best chunks for an FTS5 expression as (chunk id, BM25), best first."""
        if documents is None:
            rows = self._db.rows(
                "SELECT c.id, s.score FROM (SELECT rowid, -rank AS score FROM lexicon"
                " WHERE lexicon MATCH ? ORDER BY rank LIMIT ?) s JOIN chunks c ON c.key = s.rowid",
                (match, k),
            )
        else:
            rows = list(
                self._db.rows_in(
                    "SELECT c.id, -rank FROM lexicon JOIN chunks c ON c.key = lexicon.rowid"
                    " WHERE lexicon MATCH ? AND c.document_id IN ({})",
                    documents,
                    match,
                )
            )
        return sorted(rows, key=lambda row: (-row[1], row[0]))[:k]

    def score(self, match: str, ids: Iterable[str]) -> dict[str, float]:
        """BM25 of given chunks; those without any term of the expression are left out."""
        return dict(
            self._db.rows_in(
                "SELECT c.id, -rank FROM lexicon JOIN chunks c ON c.key = lexicon.rowid"
                " WHERE lexicon MATCH ? AND lexicon.rowid IN"
                " (SELECT key FROM chunks WHERE id IN ({}))",
                ids,
                match,
            )
        )

    def chunk_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """In how many chunks each stem occurs; stems that occur nowhere are left out."""
        return dict(
            self._db.rows_in("SELECT term, doc FROM lexicon_terms WHERE term IN ({})", stems)
        )
