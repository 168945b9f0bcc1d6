"""Removing documents with all that came of them."""

from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.errors import IndexLocked
from rag_app.index.index import Index
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from ui.jobs.ingestion import Ingestion
from ui.resources.removal import remove
from ui.uploads import keep, uploads_folder


@pytest.fixture
def ingestion(index: Index) -> Ingestion:
    return Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))


def add(index: Index, path: Path) -> None:
    sync([path], index, embedder=HashEmbedder(), tokens=64)


def test_a_document_goes_with_its_passages_and_all_its_vectors(
    index: Index, ingestion: Ingestion, docs: Path
) -> None:
    add(index, docs)
    entries = index.catalog.entries()
    gone, stays = entries
    remove([gone], index, ingestion)
    assert index.catalog.entries() == [stays]
    (chunk,) = index.catalog.chunk_ids()
    vector = HashEmbedder().embed(["Skiffs lie at berth seven."])[0]
    assert [id_ for id_, _ in index.nearest(vector, k=5)] == [chunk]
    (kept,) = index.catalog.kept.by_model()
    assert kept.texts == 1
    assert (docs / "boats.txt").exists()


def test_a_text_that_another_document_has_too_keeps_its_vector(
    index: Index, ingestion: Ingestion, docs: Path
) -> None:
    (docs / "boats.txt").write_text("The same words.")
    (docs / "tools.md").write_text("The same words.\n\n")  # other bytes, so no copy
    add(index, docs)
    remove(index.catalog.entries()[:1], index, ingestion)
    (chunk,) = index.catalog.chunk_ids()
    assert index.catalog.kept.of_chunks(index.model, [chunk])


def test_an_uploaded_file_is_deleted(index: Index, ingestion: Ingestion) -> None:
    folder = uploads_folder(index.folder)
    path = keep(folder, "notes.md", b"Tides turn at noon.", mebibytes=1).path
    add(index, folder)
    remove(index.catalog.entries(), index, ingestion)
    assert not path.exists()
    assert index.catalog.entries() == []


def test_a_copy_elsewhere_inherits_the_text(index: Index, ingestion: Ingestion, docs: Path) -> None:
    (docs / "copy.txt").write_bytes((docs / "boats.txt").read_bytes())
    add(index, docs)
    (holder,) = (e for e in index.catalog.entries() if e.chunks and "tools" not in e.source)
    remove([holder], index, ingestion)
    left = {Path(e.source).name: e.chunks for e in index.catalog.entries()}
    names = {"boats.txt", "copy.txt", "tools.md"} - {Path(holder.source).name}
    assert left == dict.fromkeys(names, 1)


def test_nothing_is_removed_while_documents_are_added(
    index: Index, ingestion: Ingestion, docs: Path
) -> None:
    add(index, docs)
    with ingestion.turns.take(), pytest.raises(IndexLocked, match="being added already"):
        remove(index.catalog.entries(), index, ingestion)
    assert len(index.catalog.entries()) == 2
