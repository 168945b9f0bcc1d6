"""The index: whole documents or none, one writer, readers that see every commit."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from ingest.chunking import chunk
from ingest.sync import sync
from rag_app.commands.doctor import lost_chunks
from rag_app.errors import DamagedStore, IndexLocked, IndexMismatch, StoreError
from rag_app.index.catalog.rows import FileState
from rag_app.index.index import Index
from rag_app.index.writer import IndexWriter
from rag_app.protocols import TextKind, Vectors
from rag_app.schema import Chunk, Document
from tests.fakes import FOURTH_VERSION, HashEmbedder, a_document


def chunks_of(document: Document, embedder: HashEmbedder) -> list[Chunk]:
    return chunk(document, tokenizer=embedder.tokenizer, tokens=embedder.max_tokens)


def commit(
    writer: IndexWriter, document: Document, embedder: HashEmbedder, recipe: str = "r"
) -> list[Chunk]:
    chunks = chunks_of(document, embedder)
    made = embedder.embed([piece.text for piece in chunks])
    writer.keep([piece.text for piece in chunks], made)
    file = FileState(f"/docs/{document.source}", len(document.text), 0, document.digest)
    writer.commit(document, chunks, file=file, recipe=recipe)
    return chunks


def put(index: Index, document: Document, embedder: HashEmbedder) -> list[Chunk]:
    with index.writing() as writer:
        chunks = commit(writer, document, embedder)
        writer.deliver()
    return chunks


def nearest(index: Index, text: str, embedder: HashEmbedder) -> list[str]:
    return [id_ for id_, _ in index.nearest(embedder.embed([text])[0], k=3)]


# Documents


def test_what_is_committed_is_what_comes_back(index: Index, embedder: HashEmbedder) -> None:
    document = a_document("One. " * 60, page_starts=(0, 100), metadata={"format": "pdf"})
    chunks = put(index, document, embedder)
    assert index.catalog.document("notes.md") == document
    assert index.catalog.chunks_of(document.id) == chunks
    assert index.catalog.size() == (1, len(chunks))


def test_every_chunk_is_found_by_its_own_vector(index: Index, embedder: HashEmbedder) -> None:
    with index.writing() as writer:
        for number in range(30):
            commit(writer, a_document(f"word{number} " * 100, source=f"{number}.md"), embedder)
        writer.deliver()
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_search_among_documents_finds_only_theirs(index: Index, embedder: HashEmbedder) -> None:
    chunks = [put(index, a_document(f"Boat {n}.", source=f"{n}"), embedder) for n in range(5)]
    vector = embedder.embed(["Boat 0."])[0]
    some = [chunks[n][0].document_id for n in (1, 3)]
    theirs = {chunks[n][0].id for n in (1, 3)}
    assert {id_ for id_, _ in index.nearest(vector, k=9, documents=some)} == theirs
    assert {id_ for id_, _ in index.matches(["boat"], k=9, documents=some)} == theirs
    assert index.nearest(vector, k=9, documents=[]) == []
    assert index.matches(["boat"], k=9, documents=[]) == []


def test_a_search_among_documents_sees_what_was_added(index: Index, embedder: HashEmbedder) -> None:
    (first,) = put(index, a_document("Boats float."), embedder)
    vector = embedder.embed(["Boats float."])[0]
    assert len(index.nearest(vector, k=9, documents=[first.document_id])) == 1
    longer = put(index, a_document("Boats float. " * 60), embedder)
    assert len(index.nearest(vector, k=9, documents=[first.document_id])) == len(longer) > 1


def test_a_removed_document_is_gone_from_both_searches(
    index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Tides turn."), embedder)
    with index.writing() as writer:
        writer.remove(["notes.md", "unknown"])
        writer.deliver()
    assert index.matches(["tide"], k=5) == []
    assert nearest(index, "Tides turn.", embedder) == []


def test_a_replaced_document_keeps_no_chunk_of_before(index: Index, embedder: HashEmbedder) -> None:
    put(index, a_document("Tides turn."), embedder)
    (new,) = put(index, a_document("Boats float."), embedder)
    assert index.catalog.chunk_ids() == nearest(index, "Tides turn.", embedder) == [new.id]


def test_an_unchanged_chunk_learns_its_new_heading_and_title(
    index: Index, embedder: HashEmbedder
) -> None:
    text = "Nothing but text."
    put(index, a_document(text, title="Old", headings=((0, 1, "Old"),)), embedder)
    put(index, a_document(text, title="New", headings=((0, 1, "New"),)), embedder)
    (piece,) = index.catalog.chunks_of("notes.md")
    assert piece.heading == "New"
    assert index.matches(["old"], k=5) == []
    assert nearest(index, text, embedder) == [piece.id]


def test_a_file_without_text_is_remembered_but_not_counted(index: Index) -> None:
    file = FileState("/docs/a.png", 1, 1, "digest")
    with index.writing() as writer:
        writer.reject("id", "a.png", file=file, recipe="r", status="skipped", reason="a picture")
    (entry,) = index.catalog.entries()
    assert (entry.status, entry.reason, entry.chunks) == ("skipped", "a picture", 0)
    assert index.catalog.size() == (0, 0)


def test_documents_are_matched_by_folder_format_and_source(
    index: Index, embedder: HashEmbedder
) -> None:
    for folder, source in (("/d", "a"), ("/d/sub", "b"), ("/d2", "c")):
        metadata = {"format": "md", "folder": folder}
        put(index, a_document("text", source=source, metadata=metadata), embedder)
    assert sorted(index.catalog.matching({"folder": "/d"})) == ["a", "b"]
    assert index.catalog.matching({"folder": "/d2/", "format": "md"}) == ["c"]
    assert index.catalog.matching({"source": "a", "format": "pdf"}) == []


# Crashes


def test_a_commit_that_fails_midway_leaves_the_document_as_it_was(
    index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Tides turn."), embedder)
    bad = a_document("Boats float.", metadata={"number": b"not JSON"})
    with pytest.raises(TypeError), index.writing() as writer:
        commit(writer, bad, embedder)
    document = index.catalog.document("notes.md")
    assert document is not None
    assert document.text == "Tides turn."
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_what_was_committed_but_not_delivered_is_delivered_by_the_next_writer(
    index: Index, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, a_document("Tides turn.", source="a"), embedder)
    with index.writing() as writer:
        writer.remove(["a"])
        (new,) = commit(writer, a_document("Boats float.", source="b"), embedder)
    with index.writing():
        pass
    assert [id_ for id_, _ in index.matches(["boat"], k=5)] == [new.id]
    assert nearest(index, "Tides turn.", embedder) == [new.id]
    assert index.catalog.outbox("add", limit=1) == index.catalog.outbox("forget", limit=1) == []


class KilledEmbedder(HashEmbedder):
    """Ends its process, as a power cut would, when it is to embed for the third time."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        self._calls += 1
        if self._calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts, kind=kind)


def ingest_until_killed(docs: Path, folder: Path) -> None:
    embedder = KilledEmbedder()
    sync([docs], Index.open(folder, embedder=embedder), embedder=embedder, tokens=20)


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_an_ingestion_killed_midway_opens_answers_and_is_finished_by_the_next(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    docs, folder = tmp_path / "docs", tmp_path / "index"
    docs.mkdir()
    for number in range(30):
        words = " ".join(f"word{number}x{word}" for word in range(200))
        (docs / f"{number:02}.md").write_text(words)
    child = multiprocessing.get_context("spawn").Process(
        target=ingest_until_killed, args=(docs, folder)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with closing(Index.open(folder, embedder=embedder)) as index:
        halfway = index.catalog.size()[0]
        assert 0 < halfway < 30
        waiting = {*index.catalog.outbox("add", limit=-1), *index.catalog.behind("add", limit=-1)}
        stored = [id_ for id_ in index.catalog.chunk_ids() if id_ not in waiting]
        assert lost_chunks(index, stored) == []
        report = sync([docs], index, embedder=embedder, tokens=20)
        assert (report.unchanged, report.added) == (halfway, 30 - halfway)
        assert lost_chunks(index, index.catalog.chunk_ids()) == []


def spoil_graph(index: Index, embedder: HashEmbedder) -> None:
    """Cut Chroma's files short, as a kill does while they are written."""
    with index.writing() as writer:
        # More than Chroma keeps in memory before it writes its graph.
        for number in range(1_100):
            commit(writer, a_document(f"Boat {number}.", source=f"{number}"), embedder)
        writer.deliver()
    index.close()
    (graph,) = (index.folder / "chroma").glob("*/header.bin")
    graph.write_bytes(b"")


def test_a_vector_store_damaged_by_a_kill_answers_and_is_made_again(
    index: Index, embedder: HashEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    spoil_graph(index, embedder)
    with closing(Index.open(index.folder, embedder=embedder)) as reader:
        with pytest.raises(DamagedStore):
            lost_chunks(reader, reader.catalog.chunk_ids()[:1])
        ((_, cosine),) = reader.nearest(embedder.embed(["Boat 7."])[0], k=1)
        assert cosine == pytest.approx(1, abs=1e-5)
    with closing(Index.open(index.folder, embedder=embedder)) as writer:
        put(writer, a_document("Tides turn."), embedder)
        assert "made again from the catalogue" in caplog.text
        assert lost_chunks(writer, writer.catalog.chunk_ids()[::100]) == []


@pytest.mark.parametrize("damaged", ["vectors", "int8", "head.json"])
def test_damaged_flat_files_are_made_elsewhere_and_then_again(
    index: Index, embedder: HashEmbedder, damaged: str
) -> None:
    put(index, a_document("Boats float."), embedder)
    with closing(Index.open(index.folder, embedder=embedder)) as reader:
        path = index.folder / "flat" / damaged
        path.write_bytes(path.read_bytes()[:5])
        ((id_, cosine),) = reader.nearest(embedder.embed(["Boats float."])[0], k=1)
        assert cosine == pytest.approx(1, abs=1e-5)
        assert reader.vectors_of([id_], dimensions=64).any()
        put(index, a_document("Tides turn.", source="tides"), embedder)
        assert lost_chunks(reader, reader.catalog.chunk_ids()) == []
        assert {file.name for file in path.parent.iterdir()} == {
            "head.json",
            "ids",
            "int8",
            "slots",
            "vectors",
        }
    path.write_bytes(b"")
    with closing(Index.open(index.folder, embedder=embedder)) as reader:
        assert lost_chunks(reader, reader.catalog.chunk_ids()) == []


def test_a_damaged_lexicon_is_made_again(index: Index, embedder: HashEmbedder) -> None:
    put(index, a_document("Boats float."), embedder)
    index.close()
    (index.folder / "lexicon" / "meta.json").write_text("{")
    with closing(Index.open(index.folder, embedder=embedder)) as reader:
        with pytest.raises(DamagedStore, match="doctor --repair"):
            reader.matches(["boat"], k=1)
        put(reader, a_document("Tides turn.", source="tides"), embedder)
        assert len(reader.matches(["boat"], k=1)) == len(reader.matches(["tide"], k=1)) == 1


def test_a_removed_vector_store_is_made_again_without_embedding(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as index:
        put(index, a_document("Tides turn."), embedder)
    shutil.rmtree(tmp_path / "index" / "chroma")
    made = embedder.embedded
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as index:
        with index.writing():
            pass
        assert lost_chunks(index, index.catalog.chunk_ids()) == []
    assert embedder.embedded == made


# Several at once


def test_a_reader_opened_before_sees_what_another_has_committed(
    tmp_path: Path, index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Tides turn.", source="a"), embedder)
    assert nearest(index, "Tides turn.", embedder)
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as other:
        (new,) = put(other, a_document("Boats float.", source="b"), embedder)
    assert nearest(index, "Boats float.", embedder)[0] == new.id


def add_one(folder: Path) -> None:
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as index:
        put(index, a_document("Boats float.", source="b"), embedder)


def test_two_readers_of_one_process_both_see_what_another_process_commits(
    tmp_path: Path, index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Tides turn.", source="a"), embedder)
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as other:
        assert len(nearest(index, "Boats", embedder)) == len(nearest(other, "Boats", embedder)) == 1
        child = multiprocessing.get_context("spawn").Process(target=add_one, args=(index.folder,))
        child.start()
        child.join()
        assert len(nearest(index, "Boats", embedder)) == len(nearest(other, "Boats", embedder)) == 2


def test_a_writer_that_had_read_before_builds_on_what_others_wrote(
    tmp_path: Path, index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Tides turn.", source="a"), embedder)
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as other:
        for number in range(3):
            put(other, a_document(f"By the other {number}.", source=f"o{number}"), embedder)
            put(index, a_document(f"By this one {number}.", source=f"t{number}"), embedder)
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_second_writer_is_refused_at_once(
    tmp_path: Path, index: Index, embedder: HashEmbedder
) -> None:
    other = Index.open(tmp_path / "index", embedder=embedder)
    with closing(other), index.writing(), pytest.raises(IndexLocked, match="another process"):
        other.writing().__enter__()


def test_the_lock_is_given_back_after_an_error(index: Index) -> None:
    with pytest.raises(RuntimeError), index.writing():
        raise RuntimeError
    with FileLock(index.folder / "writer.lock", timeout=0):
        pass


# Models and files that do not fit


def test_another_model_is_refused_by_readers(tmp_path: Path, embedder: HashEmbedder) -> None:
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as index:
        put(index, a_document("Tides turn."), embedder)
    other = HashEmbedder(version="2")
    with (
        closing(Index.open(tmp_path / "index", embedder=other)) as index,
        pytest.raises(IndexMismatch, match="another embedding model"),
    ):
        nearest(index, "Tides turn.", other)


def test_looking_with_another_model_does_not_make_the_index_its_own(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as index:
        put(index, a_document("Tides turn."), embedder)
    shutil.rmtree(tmp_path / "index" / "lexicon")
    Index.open(tmp_path / "index", embedder=HashEmbedder(version="2")).close()
    with closing(Index.open(tmp_path / "index", embedder=embedder)) as index:
        assert len(nearest(index, "Tides turn.", embedder)) == 1
        assert len(index.matches(["tide"], k=1)) == 1


def test_ingesting_with_another_model_and_back_loses_no_vector(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    (tmp_path / "a.md").write_text("Tides turn at noon.")
    for model, embedded in ((embedder, 1), (HashEmbedder(version="2"), 1), (embedder, 0)):
        with closing(Index.open(tmp_path / "index", embedder=model)) as index:
            assert sync([tmp_path / "a.md"], index, embedder=model).embedded == embedded
            assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_damaged_catalogue_is_an_error_that_says_what_to_do(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(StoreError, match=r"doctor --repair --index .* moves it aside"):
        Index.open(tmp_path, embedder=embedder)


def test_a_catalogue_of_a_later_version_is_left_alone(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has version 99"):
        Index.open(tmp_path, embedder=embedder)


FIRST_VERSION = f"""
{FOURTH_VERSION}
DROP INDEX documents_same_as;
DROP INDEX chunks_covering;
ALTER TABLE documents DROP COLUMN same_as;
DROP TRIGGER chunks_added;
DROP TRIGGER chunks_removed;
CREATE VIRTUAL TABLE lexicon USING fts5 (
    text, heading, name, content = 'chunks', content_rowid = 'key'
);
CREATE VIRTUAL TABLE lexicon_terms USING fts5vocab (lexicon, 'row');
CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN
    INSERT INTO lexicon (rowid, text, heading, name)
    VALUES (new.key, new.text, new.heading, new.name);
END;
CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO lexicon (lexicon, rowid, text, heading, name)
    VALUES ('delete', old.key, old.text, old.heading, old.name);
END;
PRAGMA user_version = 1;
"""


def test_an_index_of_the_first_version_is_brought_up_to_date(
    index: Index, embedder: HashEmbedder
) -> None:
    put(index, a_document("Boats stay."), embedder)
    index.close()
    shutil.rmtree(index.folder / "lexicon")
    with closing(sqlite3.connect(index.folder / "catalog.sqlite")) as older:
        older.executescript(FIRST_VERSION)
    with closing(Index.open(index.folder, embedder=embedder)) as newer:
        assert len(newer.matches(["boat"], k=5)) == 1
        put(newer, a_document("What is new.", source="new.md"), embedder)
        assert len(nearest(newer, "Boats stay.", embedder)) == 2


def test_of_chunks_of_the_fourth_version_nobody_knows_the_headings(
    index: Index, embedder: HashEmbedder
) -> None:
    document = a_document("Boats\n\nBoats stay.", headings=((0, 1, "Boats"),))
    (kept,) = put(index, document, embedder)
    assert index.catalog.chunks([kept.id])[kept.id].headings == kept.headings == ((0, 5),)
    index.close()
    with closing(sqlite3.connect(index.folder / "catalog.sqlite")) as older:
        older.executescript(FOURTH_VERSION)
    with closing(Index.open(index.folder, embedder=embedder)) as newer:
        assert newer.catalog.chunks([kept.id])[kept.id].headings is None
        put(newer, document, embedder)
        assert newer.catalog.chunks([kept.id])[kept.id].headings == ((0, 5),)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, embedder: HashEmbedder) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another --index"):
        Index.open(tmp_path / "file" / "index", embedder=embedder)
