"""What questions can be restricted to, and what is left of a choice."""

from pathlib import Path

import pytest

from ingest.sync import store, sync
from rag_app.index.index import Index
from tests.fakes import HashEmbedder, a_document
from ui.components.blocks import short_names
from ui.resources.filters import Choices, Filed, Filter, choices, folder_names


def a_choice(*documents: tuple[str, str], uploads: str = "/index/uploads") -> dict[str, str]:
    """Names of the folders of documents given by (folder, format)."""
    filed = [Filed(f"{folder}/{n}", folder, kind) for n, (folder, kind) in enumerate(documents)]
    return folder_names(filed, uploads)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    for name in ("reports/2023/a.md", "reports/2024/b.txt", "manuals/c.md", "manuals/copy.md"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(f"About {name.replace('copy', 'c')}.")
    (made / "empty.md").touch()
    return made


@pytest.fixture
def found(index: Index, folder: Path) -> Choices:
    sync([folder], index, embedder=HashEmbedder())
    return choices(index.catalog, uploads=index.folder / "uploads")


# What there is


def test_an_empty_library_leaves_no_choice(index: Index) -> None:
    nothing = choices(index.catalog, uploads=index.folder / "uploads")
    assert (nothing.documents, nothing.folders, nothing.formats()) == ((), {}, [])
    assert nothing.narrowed(Filter(format="md")) == Filter()


def test_folders_are_called_by_what_differs(found: Choices, folder: Path) -> None:
    names = {"manuals": "manuals", "reports": "reports"}
    names |= {"reports/2023": "reports/2023", "reports/2024": "reports/2024"}
    assert found.folders == {str(folder / path): name for path, name in names.items()}


def test_documents_have_the_format_that_the_catalogue_says(found: Choices, folder: Path) -> None:
    assert found.formats() == ["md", "txt"]
    assert found.formats(str(folder / "manuals")) == ["md"]
    assert found.formats(str(folder / "reports")) == ["md", "txt"]


def test_documents_are_offered_within_folder_and_format(found: Choices, folder: Path) -> None:
    inside = found.sources(str(folder / "reports"), "txt")
    assert inside == [str(folder / "reports/2024/b.txt")]
    # A copy is found under its own name; a file without text is not.
    assert [Path(source).name for source in found.sources()] == ["c.md", "copy.md", "a.md", "b.txt"]


def test_every_choice_finds_just_its_documents(found: Choices, index: Index, folder: Path) -> None:
    chosen = [Filter(folder=path) for path in found.folders]
    chosen += [Filter(format=name) for name in found.formats()]
    chosen += [Filter(source=name) for name in found.sources()]
    for filter_ in chosen:
        offered = found.sources(filter_.folder, filter_.format)
        offered = [filter_.source] if filter_.source else offered
        documents = [index.catalog.document(source) for source in offered]
        assert set(index.matching(filter_.where)) == {doc.id for doc in documents if doc}


def test_documents_that_are_no_files_have_a_format_and_no_folder(index: Index) -> None:
    store([a_document("Some text.", source="a wiki page")], index, embedder=HashEmbedder())
    found = choices(index.catalog, uploads=index.folder / "uploads")
    assert found.documents == (Filed("a wiki page", "", "md"),)
    assert not found.folders


def test_one_folder_with_everything_is_no_choice() -> None:
    assert a_choice(("/docs", "md"), ("/docs", "txt")) == {}
    assert a_choice(("/index/uploads", "md")) == {}


def test_a_folder_with_one_folder_in_it_is_left_out() -> None:
    names = a_choice(("/docs/a/deep/down", "md"), ("/docs/b", "md"))
    assert names == {"/docs/a/deep/down": "a/deep/down", "/docs/b": "b"}


def test_uploaded_files_go_by_that_name() -> None:
    names = a_choice(("/home/me/docs", "md"), ("/index/uploads", "md"))
    assert names == {"/home/me/docs": "docs", "/index/uploads": "Uploaded files"}


def test_uploads_are_one_folder_whether_they_lie_under_a_digest_or_not(
    index: Index, folder: Path
) -> None:
    uploads = index.folder / "uploads"
    for path in (uploads / "old.md", uploads / "0123456789abcdef" / "new.md"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"About {path.name}.")
    sync([folder, uploads], index, embedder=HashEmbedder())
    found = choices(index.catalog, uploads=uploads)
    inside = [path for path in found.folders if Path(path).is_relative_to(uploads)]
    assert {path: found.folders[path] for path in inside} == {str(uploads): "Uploaded files"}
    offered = {Path(source).name for source in found.sources(str(uploads))}
    matching = index.matching(Filter(folder=str(uploads)).where)
    assert offered == {"old.md", "new.md"}
    assert len(matching) == 2


def test_folders_with_nothing_in_common_are_called_in_full() -> None:
    assert a_choice(("/a/b", "md"), ("/c", "md")) == {"/a/b": "/a/b", "/c": "/c"}


# What was chosen


def test_a_choice_says_what_it_is(found: Choices, folder: Path) -> None:
    chosen = found.narrowed(Filter(folder=str(folder / "reports"), format="md"))
    assert chosen.words == "reports · md"
    assert chosen.where == {"folder": str(folder / "reports"), "format": "md"}
    document = found.narrowed(Filter(source=str(folder / "reports/2024/b.txt")))
    assert document.words == "b.txt"
    assert found.narrowed(Filter()).words == ""


def test_a_document_that_is_gone_falls_back_to_all(
    found: Choices, index: Index, folder: Path
) -> None:
    chosen = found.narrowed(Filter(format="txt", source=str(folder / "reports/2024/b.txt")))
    (folder / "reports/2024/b.txt").unlink()
    sync([folder], index, embedder=HashEmbedder())
    left = choices(index.catalog, uploads=index.folder / "uploads")
    assert left.narrowed(chosen) == Filter()
    assert left.narrowed(chosen).where == {}


def test_a_document_outside_of_a_new_folder_is_no_longer_chosen(
    found: Choices, folder: Path
) -> None:
    chosen = Filter(folder=str(folder / "manuals"), source=str(folder / "reports/2024/b.txt"))
    assert found.narrowed(chosen) == Filter(folder=str(folder / "manuals"))


def test_files_of_one_name_are_called_in_full() -> None:
    names = short_names(["a/notes.md", "b/notes.md", "b/list.md"])
    assert [*names.values()] == ["a/notes.md", "b/notes.md", "list.md"]
