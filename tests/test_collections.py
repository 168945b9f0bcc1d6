"""Collections on disk: their names, their folders, and that each is an index of its own."""

import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from ingest.scan import scan
from ingest.sync import sync
from rag_app.errors import ConfigError, IndexLocked, StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.collections import (
    FIRST,
    Collection,
    collections_of,
    create,
    delete,
    find,
    folder_of,
    rename,
)
from rag_app.index.index import Index
from rag_app.index.writer_lock import writer_lock
from tests.fakes import HashEmbedder
from tests.qdrant_server import stand_in


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The index folder of the first collection, which is not there yet."""
    return tmp_path / "index"


def names(home: Path) -> list[str]:
    return [found.name for found in collections_of(home)]


def filled(folder: Path, docs: Path, *, store: str = "chroma") -> None:
    """Make the index in the folder hold the documents."""
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder, store=store)) as index:
        sync([docs], index, embedder=embedder)


# Making and finding


def test_without_others_there_is_the_first_and_looking_makes_nothing(home: Path) -> None:
    assert collections_of(home) == [Collection(FIRST, home, "")]
    assert not home.exists()


def test_a_new_one_is_an_empty_index_in_a_folder_of_its_own(home: Path) -> None:
    made = create(home, "  Tax \n papers ")
    assert made.name == "Tax papers"
    assert made.folder == home / "collections" / made.slug
    assert collections_of(home)[1:] == [made]
    with closing(Catalog(made.folder)) as catalog:
        assert catalog.size() == (0, 0)


def test_the_first_comes_first_and_the_others_by_name(home: Path) -> None:
    for name in ("zoo", "Äpfel", "Boats"):
        create(home, name)
    assert names(home) == [FIRST, "Boats", "zoo", "Äpfel"]


@pytest.mark.parametrize(
    "name",
    ["../../etc", "CON", "a/b\\c:d*?", ".hidden", "合同", "🚀", "x" * 80, "Straße\t7", "nul.txt"],
)
def test_any_name_gives_a_slug_that_every_file_system_takes(home: Path, name: str) -> None:
    made = create(home, name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}", made.slug)
    assert len(made.slug) <= 50
    assert made.folder.parent == home / "collections"
    assert find(home, name) == made


def test_the_address_of_a_deleted_one_never_leads_to_a_later_one(home: Path) -> None:
    first = create(home, "Clients")
    delete(first)
    assert create(home, "Clients").slug != first.slug


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "needs a name"),
        (" \n ", "needs a name"),
        ("\u200b\u00ad", "needs a name"),
        ("x" * 81, "up to 80 characters, this one has 81"),
        (FIRST.upper(), "already"),
        ("boats", "there is a collection 'Boats' already"),
        ("  BOATS\u200b ", "already"),
        ("Ｂｏａｔｓ", "already"),
    ],
)
def test_a_name_that_cannot_be_used_is_one_clear_line(
    home: Path, name: str, complaint: str
) -> None:
    create(home, "Boats")
    with pytest.raises(ConfigError, match=complaint):
        create(home, name)
    assert names(home) == [FIRST, "Boats"]


def test_one_is_found_by_name_in_any_case_or_by_slug(home: Path) -> None:
    boats = create(home, "Boats of Zürich")
    assert find(home, "boats  OF zürich") == find(home, boats.slug) == boats
    assert find(home, FIRST).folder == home
    with pytest.raises(ConfigError, match="no collection 'Boots'; there are 'My documents', 'B"):
        find(home, "Boots")


def test_without_a_name_the_folder_is_the_one_that_was_given(home: Path) -> None:
    boats = create(home, "Boats")
    assert (folder_of(home, None), folder_of(None, None)) == (home, None)
    assert folder_of(str(home), "boats") == boats.folder


def test_where_nothing_can_be_written_there_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("no folder")
    with pytest.raises(StoreError, match="cannot be"):
        create(tmp_path / "index", "Boats")


def test_a_damaged_note_leaves_the_collection_under_its_slug(home: Path) -> None:
    made = create(home, "Boats")
    (made.folder / "collection.toml").write_bytes(b"\xff\xfe not TOML")
    (found,) = collections_of(home)[1:]
    assert found == Collection(made.slug, made.folder, made.slug)
    assert rename(home, found, "Ships").name == find(home, "ships").name == "Ships"


def test_links_and_other_folders_are_no_collections(home: Path, tmp_path: Path) -> None:
    made = create(home, "Boats")
    (home / "collections" / "stray").mkdir()
    (home / "collections" / "note.txt").write_text("hello")
    elsewhere = shutil.copytree(made.folder, tmp_path / "elsewhere")
    (home / "collections" / "link").symlink_to(elsewhere, target_is_directory=True)
    assert collections_of(home)[1:] == [made]


# Renaming


def test_a_new_name_leaves_folder_and_slug(home: Path) -> None:
    made = create(home, "Boats")
    renamed = rename(home, made, 'Ships "of" the \\ line')
    assert (renamed.folder, renamed.slug) == (made.folder, made.slug)
    assert collections_of(home)[1:] == [renamed]


def test_the_case_of_a_name_can_be_mended_but_no_other_taken(home: Path) -> None:
    create(home, "Cars")
    boats = rename(home, create(home, "boats"), "Boats")
    assert names(home) == [FIRST, "Boats", "Cars"]
    with pytest.raises(ConfigError, match="'Cars' already"):
        rename(home, boats, "CARS")


def test_the_first_can_be_given_another_name(home: Path) -> None:
    rename(home, collections_of(home)[0], "Home")
    assert collections_of(home) == [Collection("Home", home, "")]
    assert create(home, FIRST).name == FIRST


def test_one_that_is_gone_cannot_be_renamed(home: Path) -> None:
    made = create(home, "Boats")
    delete(made)
    with pytest.raises(StoreError, match="cannot be renamed"):
        rename(home, made, "Ships")
    assert names(home) == [FIRST]


# Deleting


def test_deleting_removes_the_folder_and_nothing_that_links_lead_to(
    home: Path, tmp_path: Path
) -> None:
    made, other = create(home, "Boats"), create(home, "Cars")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.txt").write_text("mine")
    (made.folder / "uploads").symlink_to(tmp_path / "own", target_is_directory=True)
    (made.folder / "file").symlink_to(tmp_path / "own" / "mine.txt")
    delete(made)
    assert [path.name for path in (home / "collections").iterdir()] == [other.slug]
    assert (tmp_path / "own" / "mine.txt").read_text() == "mine"


def test_a_folder_that_became_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    made = create(home, "Boats")
    elsewhere = made.folder.rename(tmp_path / "elsewhere")
    made.folder.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(StoreError, match="cannot be removed"):
        delete(made)
    assert (elsewhere / "catalog.sqlite").exists()


def test_while_documents_are_added_nothing_is_deleted(home: Path, docs: Path) -> None:
    made = create(home, "Boats")
    filled(made.folder, docs)
    with writer_lock(made.folder), pytest.raises(IndexLocked, match="another process is writing"):
        delete(made)
    assert collections_of(home)[1:] == [made]


def test_the_first_always_stays(home: Path) -> None:
    with pytest.raises(ConfigError, match="'My documents' is the first collection"):
        delete(collections_of(home)[0])


def test_one_that_is_gone_is_told_and_not_made_again(home: Path) -> None:
    made = create(home, "Boats")
    delete(made)
    with pytest.raises(StoreError, match="no longer there"):
        delete(made)
    assert not made.folder.exists()


def test_a_damaged_one_can_be_deleted(home: Path) -> None:
    made = create(home, "Boats")
    (made.folder / "catalog.sqlite").write_bytes(b"no database" * 1_000)
    delete(made)
    assert names(home) == [FIRST]


def test_a_server_forgets_the_vectors_of_a_deleted_one(
    home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stand_in() as url:
        store = f"qdrant+{url}"
        monkeypatch.setenv("RAG_APP_VECTOR_STORE", store)
        made = create(home, "Boats")
        filled(made.folder, docs, store=store)
        copy = shutil.copytree(made.folder, home / "copy")  # which has the same place there
        assert found_on_server(copy, store)
        delete(made)
        assert not found_on_server(copy, store)


def found_on_server(folder: Path, store: str) -> bool:
    """Whether the server has vectors of the index."""
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder, store=store)) as index:
        return bool(index.stored_nearest(embedder.embed(["skiffs"])[0], k=1))


# Each for itself


def test_what_is_added_to_one_is_in_no_other(home: Path, docs: Path) -> None:
    boats, cars = create(home, "Boats"), create(home, "Cars")
    filled(boats.folder, docs)
    for folder, documents in ((home, 0), (boats.folder, 2), (cars.folder, 0)):
        with closing(Catalog(folder)) as catalog:
            assert catalog.count_documents() == documents


def test_an_ingestion_of_the_folders_above_passes_collections_over(home: Path, docs: Path) -> None:
    made = create(home, "Boats")
    (made.folder / "uploads").mkdir()
    (made.folder / "uploads" / "secret.txt").write_text("for this collection alone")
    found, unreadable = scan([home.parent])
    assert [Path(file.source).name for file in found] == sorted(
        path.name for path in docs.iterdir()
    )
    assert unreadable == []


def test_an_index_that_went_away_is_not_made_again_by_its_writer(home: Path) -> None:
    made = create(home, "Boats")
    with closing(Index.open(made.folder, embedder=HashEmbedder())) as index:
        delete(made)
        with pytest.raises(StoreError, match="no longer there"), index.writing():
            pass
    assert not made.folder.exists()
