"""Sources are unique and stable: the path as given, or the whole one where several are alike."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.report import SyncReport
from ingest.sync import sync
from rag_app.cli import main
from rag_app.errors import ConfigError
from rag_app.history.recheck import recheck
from rag_app.history.record import Quote, Record
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.index import Index
from tests.fakes import FOURTH_VERSION, HashEmbedder

BOATS, CHOIR = "The oldest boat is the Petrel.", "The choir rehearses on Wednesdays."
Ingest = Callable[[str], SyncReport]


@pytest.fixture
def ingest(
    index: Index, embedder: HashEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ingest:
    """Ingests `docs` as somebody does who is in that project."""
    for project, text in (("a", BOATS), ("b", CHOIR)):
        (tmp_path / project / "docs").mkdir(parents=True)
        (tmp_path / project / "docs" / "handbook.md").write_text(text)

    def run(project: str) -> SyncReport:
        monkeypatch.chdir(tmp_path / project)
        return sync([Path("docs")], index, embedder=embedder)

    return run


def sources(index: Index) -> list[str]:
    return [entry.source for entry in index.catalog.entries()]


def text_of(index: Index, source: str) -> str:
    document = index.catalog.document(source)
    assert document is not None
    return document.text


def test_a_path_alone_is_the_source_as_it_was_given(ingest: Ingest, index: Index) -> None:
    ingest("a")
    assert sources(index) == ["docs/handbook.md"]


def test_two_files_given_alike_are_called_by_their_whole_paths(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    ingest("a")
    ingest("b")
    a, b = (str(tmp_path / project / "docs" / "handbook.md") for project in "ab")
    assert sources(index) == [a, b]
    assert (text_of(index, a), text_of(index, b)) == (BOATS, CHOIR)
    found = index.catalog.chunks(index.catalog.chunk_ids()).values()
    assert {chunk.source: chunk.text for chunk in found} == {a: BOATS, b: CHOIR}


def test_a_source_stays_whatever_becomes_of_the_other_file(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    ingest("a")
    ingest("b")
    before = sources(index)
    (tmp_path / "a" / "docs" / "handbook.md").write_text("The boats were sold.")
    assert ingest("a").updated == 1
    assert (ingest("b").unchanged, sources(index)) == (1, before)
    (tmp_path / "b" / "docs" / "other.md").write_text("Another file.")
    (tmp_path / "b" / "docs" / "handbook.md").unlink()
    ingest("b")
    assert sources(index) == [before[0], "docs/other.md"]


def test_a_file_that_is_named_otherwise_later_keeps_its_source(
    ingest: Ingest, index: Index, embedder: HashEmbedder, tmp_path: Path
) -> None:
    ingest("a")
    (tmp_path / "a" / "docs" / "handbook.md").write_text("Something else.")
    assert sync([tmp_path / "a"], index, embedder=embedder).updated == 1
    assert sources(index) == ["docs/handbook.md"]


def test_a_project_that_moved_is_called_as_before(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    ingest("a")
    (tmp_path / "b" / "docs" / "handbook.md").unlink()
    (tmp_path / "a" / "docs" / "handbook.md").rename(tmp_path / "b" / "docs" / "handbook.md")
    assert ingest("b").renamed == 1
    assert sources(index) == ["docs/handbook.md"]


def test_a_name_finds_what_it_alone_may_mean(ingest: Ingest, index: Index, tmp_path: Path) -> None:
    ingest("a")
    ingest("b")
    meant = index.catalog.meant
    path = str(tmp_path / "b" / "docs" / "handbook.md")
    assert meant(path) == meant("b/docs/handbook.md") == meant("../b/docs/handbook.md") == path
    assert meant("nowhere.md") == "nowhere.md"
    with pytest.raises(ConfigError, match=r"means 2 documents.*/a/docs.*/b/docs"):
        meant("docs/handbook.md")
    assert index.matching({"source": "b/docs/handbook.md"}) == index.matching({"source": path})
    with pytest.raises(ConfigError, match="means 2 documents"):
        index.matching({"source": "handbook.md"})


def test_the_command_lists_what_a_name_may_mean(
    ingest: Ingest, index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest("a")
    ingest("b")
    assert main(["text", "docs/handbook.md", "--index", str(index.folder)]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert str(tmp_path / "a" / "docs" / "handbook.md") in told.err
    assert str(tmp_path / "b" / "docs" / "handbook.md") in told.err


def test_a_quote_kept_before_the_names_were_alike_still_stands(
    ingest: Ingest, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest("a")
    digest = index.catalog.entries()[0].file.digest
    quote = Quote(1, "docs/handbook.md", None, 0, len(BOATS), BOATS, (0, 4), digest)
    record = Record("Which boat?", BOATS, "read", 0.9, (quote,))
    ingest("b")
    # From here the name leads to the other project's file.
    monkeypatch.chdir(tmp_path / "b")
    (checked,) = recheck([record], index.catalog)
    assert (checked.verdict, checked.changed) == ("stands", False)


def test_an_index_of_before_tells_its_documents_apart_and_reads_none_again(
    ingest: Ingest, index: Index, embedder: HashEmbedder, tmp_path: Path
) -> None:
    ingest("a")
    ingest("b")
    path = index.folder / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(FOURTH_VERSION)
    with closing(Catalog(index.folder)) as catalog:
        assert len({entry.source for entry in catalog.entries()}) == 2
        with pytest.raises(ConfigError, match="means 2 documents"):
            catalog.meant("docs/handbook.md")
    embedded = embedder.embedded
    assert ingest("a").unchanged == ingest("b").unchanged == 1
    assert all(entry.file.stamp for entry in index.catalog.entries())
    assert embedder.embedded == embedded
