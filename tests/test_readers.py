"""Whoever may not write to an index sees what it is, not what it was."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.errors import StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.index import Index
from tests.fakes import HashEmbedder
from tests.privileges import open_folder, without_privileges


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of an index that every user may read; nobody is to write to it but us."""
    with open_folder() as open_to_all:
        (open_to_all / "docs").mkdir()
        (open_to_all / "docs" / "a.txt").write_text("Tides turn.")
        yield open_to_all / "index"


def ingest(index: Index, embedder: HashEmbedder) -> None:
    sync([index.folder.parent / "docs"], index, embedder=embedder)
    index.folder.chmod(0o755)


def finds(index: Index, text: str, stem: str, embedder: HashEmbedder) -> bool:
    """Whether the text is found, by its vector and by its words."""
    ((id_, cosine),) = index.nearest(embedder.embed([text])[0], k=1)
    words = index.matches([stem], k=1)
    return cosine > 0.999 and [id_] == [word for word, _ in words]


def test_a_reader_without_permission_sees_what_another_process_is_serving(folder: Path) -> None:
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as served:
        ingest(served, embedder)
        assert (folder / "catalog.sqlite-wal").stat().st_size
        with without_privileges(), closing(Index.open(folder, embedder=embedder)) as reader:
            assert not reader.catalog.writable
            assert finds(reader, "Tides turn.", "tide", embedder)


def test_a_reader_without_permission_sees_what_is_written_later(folder: Path) -> None:
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as writer:
        ingest(writer, embedder)
    with without_privileges():
        reader = Index.open(folder, embedder=embedder)
        assert finds(reader, "Tides turn.", "tide", embedder)
    with closing(reader), closing(Index.open(folder, embedder=embedder)) as writer:
        for number, text in enumerate(("Boats float.", "Ropes hold.")):
            (folder.parent / "docs" / f"{number}.txt").write_text(text)
            ingest(writer, embedder)
            with without_privileges():
                assert finds(reader, text, text.split()[0].lower().rstrip("s"), embedder)


def test_changes_that_cannot_be_read_are_told_never_left_out(folder: Path) -> None:
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as writer:
        ingest(writer, embedder)
        copied = folder.with_name("copied")
        shutil.copytree(folder, copied)
    (copied / "catalog.sqlite-shm").unlink()
    with without_privileges(), pytest.raises(StoreError, match=r"catalog.sqlite-wal.*copy the"):
        Catalog(copied)


def test_an_index_of_the_version_before_is_read_where_it_cannot_be_changed(folder: Path) -> None:
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as writer:
        ingest(writer, embedder)
        writer.catalog._db.run("DROP TABLE behind")
        writer.catalog._db.run("PRAGMA user_version = 6")
    with without_privileges(), closing(Index.open(folder, embedder=embedder)) as reader:
        assert finds(reader, "Tides turn.", "tide", embedder)
        assert reader.catalog.behind("add", limit=-1) == []
    with closing(Index.open(folder, embedder=embedder)) as writer:
        assert writer.catalog.count_behind() == 0
