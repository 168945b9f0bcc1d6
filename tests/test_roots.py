"""The files and folders that an index remembers to mirror."""

from pathlib import Path

import pytest

from ingest.roots import Roots
from ingest.sync import sync
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from tests.fakes import HashEmbedder


@pytest.fixture
def roots(index: Index) -> Roots:
    return Roots(index.catalog)


def test_an_ingested_folder_is_remembered_and_a_file_is_not(
    roots: Roots, index: Index, docs: Path, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder)
    sync([docs / "tools.md"], index, embedder=embedder)
    (root,) = roots.all().values()
    assert (root.path, root.is_folder, root.watched, root.unfinished) == (docs, True, False, False)


def test_a_folder_is_looked_at_under_the_name_it_was_given(
    roots: Roots, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(docs.parent)
    roots.begin([Path("docs")])
    (root,) = roots.folders()
    assert root.path == Path("docs")
    monkeypatch.chdir(docs)  # where that name leads nowhere
    assert root.path == docs


def test_a_path_that_never_was_leaves_nothing(
    roots: Roots, index: Index, docs: Path, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder)
    before = roots.all()
    with pytest.raises(ConfigError):
        sync([docs, docs / "nowhere"], index, embedder=embedder)
    assert roots.all() == before


def test_looking_changes_nothing(
    roots: Roots, index: Index, docs: Path, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder, dry_run=True)
    assert roots.all() == {}


def test_watching_is_remembered_over_runs(
    roots: Roots, index: Index, docs: Path, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder)
    (key,) = roots.all()
    roots.watch(key, on=True)
    sync([docs], index, embedder=embedder)
    assert roots.all()[key].watched
    roots.watch("never was", on=True)
    assert [*roots.all()] == [key]


def test_what_is_unfinished_can_be_left(roots: Roots, docs: Path) -> None:
    roots.begin([docs, docs / "tools.md"])
    assert len(roots.unfinished()) == 2
    roots.leave()
    assert (roots.unfinished(), [root.path for root in roots.folders()]) == ([], [docs])


def test_a_forgotten_folder_is_not_remembered_by_the_end_of_its_run(
    roots: Roots, docs: Path
) -> None:
    with roots.underway([docs]):
        (key,) = roots.all()
        roots.forget(key)
    assert roots.all() == {}


def test_a_folder_holds_the_files_below_it(
    roots: Roots, index: Index, docs: Path, embedder: HashEmbedder, tmp_path: Path
) -> None:
    other = tmp_path / "docs-too"
    other.mkdir()
    (other / "a.md").write_text("elsewhere")
    sync([docs, other], index, embedder=embedder)
    held = {
        root.path: [Path(e.source).name for e in index.catalog.entries() if root.holds(e)]
        for root in roots.folders()
    }
    assert held == {docs: ["boats.txt", "tools.md"], other: ["a.md"]}
