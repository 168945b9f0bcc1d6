"""`rag-app collections`, and `--collection` of the other commands."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from ingest import script
from ingest.sync import sync
from rag_app.index.collections import Collection, collections_of, create
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from tests.test_cli import Commands


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def rag_app(home: Path) -> Commands:
    return Commands(home)


@pytest.fixture(scope="module")
def boats(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Collection:
    """A collection with one document, beside an empty first one; not to be written to."""
    folder = tmp_path_factory.mktemp("boats")
    (folder / "boats.txt").write_text("Skiffs lie at berth seven.\n")
    made = create(folder / "index", "Boats")
    with closing(Index.open(made.folder, embedder=minilm)) as index:
        sync([folder / "boats.txt"], index, embedder=minilm)
    return made


@pytest.fixture
def beside(boats: Collection) -> Commands:
    """The command on the first one."""
    return Commands(boats.folder.parent.parent)


def test_all_are_listed_with_documents_and_chunks(beside: Commands, boats: Collection) -> None:
    first, second = beside("collections", "--json").json()
    home = boats.folder.parent.parent
    assert first == {
        "name": "My documents",
        "slug": "",
        "folder": str(home),
        "documents": 0,
        "chunks": 0,
    }
    assert second == {
        "name": "Boats",
        "slug": boats.slug,
        "folder": str(boats.folder),
        "documents": 1,
        "chunks": 1,
    }
    lines = beside("collections").out.splitlines()
    assert lines[1].split() == ["1", "documents", "1", "chunks", "Boats", f"({boats.slug})"]
    assert not (home / "catalog.sqlite").exists()


def test_a_damaged_one_is_listed_as_such(rag_app: Commands, home: Path) -> None:
    made = create(home, "Boats")
    (made.folder / "catalog.sqlite").write_bytes(b"no database" * 1_000)
    ran = rag_app("collections")
    assert (ran.status, ran.out.splitlines()[1].startswith("cannot be read")) == (0, True)
    assert rag_app("collections", "--json").json()[1]["documents"] is None


def test_one_is_made_renamed_and_deleted(rag_app: Commands, home: Path) -> None:
    made = rag_app("collections", "new", "Tax papers", "--json").json()
    assert (made["name"], made["folder"]) == (
        "Tax papers",
        str(home / "collections" / made["slug"]),
    )
    assert rag_app("collections", "rename", "tax PAPERS", "Taxes").status == 0
    assert [one.name for one in collections_of(home)] == ["My documents", "Taxes"]
    refused = rag_app("collections", "delete", "Taxes")
    assert (refused.status, "add --yes" in refused.err) == (1, True)
    assert rag_app("collections", "delete", "Taxes", "--yes").out == "'Taxes' is deleted\n"
    assert len(collections_of(home)) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("new", "Tax", "papers"), "write `rag-app collections new NAME`, names with spaces in q"),
        (("rename", "Boats"), "write `rag-app collections rename NAME NEW-NAME`"),
        (("list", "Boats"), "write `rag-app collections list`"),
        (("delete", "My documents", "--yes"), "is the first collection, which always stays"),
        (("delete", "Nobody", "--yes"), "there is no collection 'Nobody'"),
        (("new", "my DOCUMENTS"), "already"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    rag_app: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    ran = rag_app("collections", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert complaint in ran.err


def test_commands_keep_to_the_collection_that_is_named(beside: Commands, boats: Collection) -> None:
    found = beside("search", "berth seven", "--collection", "BOATS", "--json").json()["hits"]
    assert [Path(hit["source"]).name for hit in found] == ["boats.txt"]
    assert len(beside("status", "--collection", boats.slug, "--json").json()) == 1
    config = beside("config", "--collection", "Boats", "--json").json()
    assert config["index"] == {"value": str(boats.folder), "from": "flag"}
    assert "holds no index" in beside("search", "berth seven").err
    assert "no collection 'Cars'" in beside("search", "q", "--collection", "Cars").err


def test_the_doctor_looks_at_the_collection_that_is_named(
    beside: Commands, boats: Collection
) -> None:
    checks = beside("doctor", "--collection", boats.name, "--json").json()["checks"]
    details = {check["name"]: check["detail"] for check in checks}
    assert details["catalogue"].startswith("1 documents, 1 chunks")


def test_an_ingestion_fills_the_collection_that_is_named_and_no_other(
    home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = []

    def open_index(settings: Settings) -> tuple[Index, HashEmbedder]:
        opened.append(settings.index)
        return Index.open(settings.index, embedder=HashEmbedder()), HashEmbedder()

    monkeypatch.setattr(script, "open_index", open_index)
    monkeypatch.setenv("RAG_APP_INDEX", str(home))
    made = create(home, "Boats")
    assert script.main([str(docs), "--collection", "Boats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == 2
    assert opened == [made.folder]
    assert script.main([str(docs), "--collection", "Cars"]) == 1
    assert "there is no collection 'Cars'" in capsys.readouterr().err


def test_python_opens_a_collection_by_name(boats: Collection) -> None:
    with closing(Rag.open(boats.folder.parent.parent, collection="Boats")) as rag:
        assert rag.index.folder == boats.folder
        (hit,) = rag.retriever.search("berth seven")
    assert Path(hit.chunk.source).name == "boats.txt"
