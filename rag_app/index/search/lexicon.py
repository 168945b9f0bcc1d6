"""BM25 over the chunks' words, by tantivy. Made from the catalogue, and can be made again.

k1 is 1.2 and b 0.75. A word that the question repeats weighs the square root of its number,
and two words that follow one another in the question count a little more where they do so
in the chunk too: CACM, whose questions are long, gains, and SciFact's training claims are
indifferent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.errors import store_errors
from rag_app.schema import Chunk
from rag_app.text.terms import stem_words, words

if TYPE_CHECKING:
    from tantivy import IndexWriter, Query, Schema, Searcher

_HEAP = 64 << 20  # bytes that are collected before they become a segment
_PAIR = 0.2  # what a pair of words counts besides the two
_GAP = 2  # words that may stand between them


class Lexicon:
    """Words of chunks, their headings and their documents' names, stemmed."""

    def __init__(self, folder: Path | None) -> None:
        """In the folder, made if it is not there; in memory where there is none."""
        from tantivy import Index, TextAnalyzerBuilder, Tokenizer

        self._folder = folder
        self._writer: IndexWriter | None = None
        self._schema = _schema()
        with self._telling():
            if folder is None:
                self._index: Index = Index(self._schema)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                self._index = Index(self._schema, path=str(folder))
            # What is added has been cut and stemmed already.
            stems = TextAnalyzerBuilder(Tokenizer.whitespace()).build()
            self._index.register_tokenizer("stems", stems)
            self._index.config_reader("manual")
        self.reload()

    def reload(self) -> None:
        """See what was committed, by whichever process, until now."""
        with self._telling():
            self._index.reload()
            self._searcher: Searcher = self._index.searcher()

    # Writing

    def replace(self, chunks: Iterable[Chunk], names: Mapping[str, str]) -> None:
        """Add chunks, or put them in the place of what had their ids; `commit` makes it last.

        Args:
            chunks: Whose texts and headings are found.
            names: What their documents are called, by chunk id.
        """
        from tantivy import Document

        with self._telling():
            for chunk in chunks:
                self._writing.delete_documents_by_term("id", chunk.id)
                fields = (names[chunk.id], chunk.heading, chunk.text)
                document = Document(id=chunk.id, document=chunk.document_id)
                for field in fields:
                    document.add_text("words", " ".join(stem_words(words(field))))
                self._writing.add_document(document)

    def delete(self, ids: Iterable[str]) -> None:
        """Forget chunks; unknown ids are ignored; `commit` makes it last."""
        with self._telling():
            for id_ in ids:
                self._writing.delete_documents_by_term("id", id_)

    def commit(self) -> None:
        """Make what was added and deleted last, and see it."""
        with self._telling():
            self._writing.commit()
            if self._folder is not None:
                # tantivy makes these for its own user alone, the rest for whom the folder is for.
                mode = self._folder.stat().st_mode & 0o666
                for path in self._folder.glob("*.json"):
                    path.chmod(mode)
        self.reload()

    def finish(self) -> None:
        """Let another process write."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with self._telling():
                writer.wait_merging_threads()

    @property
    def _writing(self) -> "IndexWriter":
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP, num_threads=1)
            # What a killed writer left half done would be in the way of files of its name.
            self._writer.garbage_collect_files()
        return self._writer

    # Reading

    def search(
        self, stems: Sequence[str], *, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The k best chunks with any of the stems as (chunk id, BM25), best first."""
        query = self._query(stems)
        if documents is not None:
            query = self._among("document", documents, query)
        return self._found(query, k)

    def score(self, stems: Sequence[str], ids: Sequence[str]) -> dict[str, float]:
        """BM25 of given chunks; those without any of the stems are left out."""
        return dict(self._found(self._among("id", ids, self._query(stems)), len(ids)))

    def chunk_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """In how many chunks each stem occurs."""
        return {stem: self._searcher.doc_freq("words", stem) for stem in stems}

    def count(self) -> int:
        """How many chunks there are."""
        return self._searcher.num_docs

    def _query(self, stems: Sequence[str]) -> "Query":
        from tantivy import Occur, Query

        counts = Counter(stems)
        parts = [
            Query.boost_query(Query.term_query(self._schema, "words", stem), count**0.5)
            for stem, count in counts.items()
        ]
        pairs = {(one, other) for one, other in pairwise(stems) if one != other}
        parts += [
            Query.boost_query(Query.phrase_query(self._schema, "words", [*pair], _GAP), _PAIR)
            for pair in sorted(pairs)
        ]
        return Query.boolean_query([(Occur.Should, part) for part in parts])

    def _among(self, field: str, values: Sequence[str], query: "Query") -> "Query":
        """What has one of the values, each by itself: a set of them takes twice as long."""
        from tantivy import Occur, Query

        given = [Query.term_query(self._schema, field, value) for value in values]
        one = Query.boolean_query([(Occur.Should, value) for value in given])
        return Query.boolean_query(
            [(Occur.Must, Query.const_score_query(one, 0)), (Occur.Must, query)]
        )

    def _found(self, query: "Query", k: int) -> list[tuple[str, float]]:
        if not k:
            return []
        with self._telling():
            searcher = self._searcher
            hits = searcher.search(query, k, count=False).hits
            rows = [(searcher.doc(address)["id"][0], float(score)) for score, address in hits]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def _telling(self) -> AbstractContextManager[None]:
        """Failures of tantivy and of the disk as an error that says what to do."""
        return store_errors(self._folder, ValueError)


def _schema() -> "Schema":
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="stems", index_option="position")
    return builder.build()
