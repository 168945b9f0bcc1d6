"""The doctor finds what is wrong, tells the cure, and changes nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from ingest.script import main as ingest
from ingest.sync import sync
from rag_app.cli import main
from rag_app.commands.doctor import Finding, _open_secrets, examine, lost_chunks, repair
from rag_app.errors import IndexLocked, StoreError
from rag_app.history.conversations import FILE, Conversations
from rag_app.history.turns import KeptTurn
from rag_app.index.index import Index
from rag_app.index.search.lexicon import Lexicon
from rag_app.index.stores.chroma_store import ChromaStore
from rag_app.index.writer_lock import writer_lock
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder


@pytest.fixture
def settings(tmp_path: Path, minilm: SentenceEmbedder) -> Settings:
    """Settings whose index holds three short notes."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("slipway", "paint", "keys"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nWhat there is to say of the {name}.")
    index = Index.open(tmp_path / "index", embedder=minilm)
    sync([folder], index, embedder=minilm)
    index.close()
    return Settings(index=tmp_path / "index")


@pytest.fixture
def index(settings: Settings, minilm: SentenceEmbedder) -> Iterator[Index]:
    opened = Index.open(settings.index, embedder=minilm)
    yield opened
    opened.close()


def examined(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings)}


def forget_vectors(index: Index, ids: list[str]) -> None:
    """What two writers at once do to Chroma: vectors are gone, and it says nothing."""
    store = ChromaStore(index.folder / "chroma", model=index.model)
    store.delete(ids)
    store.close()


def test_a_sound_index_has_no_fault(settings: Settings) -> None:
    findings = examined(settings)
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert list(findings) == [
        *("versions", "python", "embedder", "generator", "disk"),
        *("catalogue", "delivery", "lexicon", "vectors"),
    ]


def test_an_empty_index_has_no_fault(tmp_path: Path) -> None:
    assert all(finding.ok for finding in examine(Settings(index=tmp_path / "new")))


def test_a_chunk_lost_by_its_words_is_found(settings: Settings, index: Index) -> None:
    lexicon = Lexicon(index.folder / "lexicon")
    lexicon.delete(index.catalog.chunk_ids()[:1])
    lexicon.commit()
    lexicon.finish()
    finding = examined(settings)["lexicon"]
    assert (finding.ok, "only 2 chunks" in finding.detail) == (False, True)
    repair(settings)
    assert examined(settings)["lexicon"].ok


def test_a_lost_vector_is_found(settings: Settings, index: Index) -> None:
    lost = index.catalog.chunk_ids()[0]
    forget_vectors(index, [lost])
    assert lost_chunks(index, index.catalog.chunk_ids()) == [lost]
    assert "1 of 3 sampled chunks are lost" in examined(settings)["vectors"].detail


def test_the_loss_of_all_vectors_is_found(settings: Settings, index: Index) -> None:
    forget_vectors(index, index.catalog.chunk_ids())
    assert "3 of 3 sampled chunks are lost" in examined(settings)["vectors"].detail


def test_the_cure_for_lost_vectors_helps(
    settings: Settings, minilm: SentenceEmbedder, tmp_path: Path
) -> None:
    rmtree(settings.index / "chroma")
    index = Index.open(settings.index, embedder=minilm)
    report = sync([tmp_path / "notes"], index, embedder=minilm)
    index.close()
    assert examined(settings)["vectors"].ok
    assert report.embedded == 0


def test_chunks_of_the_same_text_are_not_taken_for_lost(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    for number in range(15):
        (tmp_path / f"{number}.txt").write_text("The very same text.")
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([tmp_path], index, embedder=embedder)
    assert lost_chunks(index, index.catalog.chunk_ids()) == []
    index.close()


def test_a_catalogue_that_is_no_database_is_a_fault(settings: Settings) -> None:
    for path in settings.index.glob("catalog.sqlite*"):
        path.unlink()
    (settings.index / "catalog.sqlite").write_bytes(b"no database " * 1_000)
    assert "catalog.sqlite cannot be opened" in examined(settings)["index"].detail


def spoil_pages(path: Path) -> None:
    """Overwrite all of a database but its first page, which holds the schema."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def test_damaged_pages_of_the_catalogue_are_a_fault(settings: Settings) -> None:
    spoil_pages(settings.index / "catalog.sqlite")
    faults = [finding for finding in examine(settings) if not finding.ok]
    assert [fault.name for fault in faults] == ["catalogue"]
    assert "doctor --repair" in faults[0].detail


def test_other_commands_send_people_with_a_damaged_catalogue_here(settings: Settings) -> None:
    spoil_pages(settings.index / "catalog.sqlite")
    with (
        pytest.raises(StoreError, match="`rag-app doctor` tells more"),
        closing(Rag.open(settings=settings)) as rag,
    ):
        rag.retriever.search("What is said of the paint?")


def test_an_index_of_another_model_is_a_fault(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    (tmp_path / "note.md").write_text("A note.")
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([tmp_path / "note.md"], index, embedder=embedder)
    index.close()
    settings = Settings(index=tmp_path / "index", embedder=BUNDLED_EMBEDDER)
    finding = examined(settings)["vectors"]
    assert "built with another embedding model" in finding.detail


def test_a_missing_embedder_is_a_fault_and_the_index_is_left_alone(settings: Settings) -> None:
    findings = examined(Settings(index=settings.index, embedder="nobody/nothing"))
    assert not findings["embedder"].ok
    assert "catalogue" not in findings


def test_a_missing_generator_is_a_fault_only_where_it_is_demanded() -> None:
    wanted = {"generator": "nobody/nothing"}
    assert examined(Settings(answer="auto", **wanted))["generator"].ok  # type: ignore[arg-type]
    assert not examined(Settings(answer="generate", **wanted))["generator"].ok  # type: ignore[arg-type]


def test_examining_makes_no_index(tmp_path: Path) -> None:
    examine(Settings(index=tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_settings_are_told_beside_a_damaged_catalogue(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.index / "catalog.sqlite").write_bytes(b"no database" * 1_000)
    assert main(["config", "--index", str(settings.index)]) == 0
    assert "embedder =   (the index, which cannot be read)" in capsys.readouterr().out


def test_conversations_are_counted_and_damaged_ones_are_a_fault(settings: Settings) -> None:
    with closing(Conversations.open(settings.index)) as kept:
        kept.keep("", [KeptTurn("What is new?", error="Stopped.")])
    assert examined(settings)["conversations"].detail == "1 kept"
    spoil_pages(settings.index / FILE)
    faults = [finding for finding in examine(settings) if not finding.ok]
    assert [fault.name for fault in faults] == ["conversations"]
    assert "`rag-ui` sets it aside" in faults[0].detail


def test_a_password_that_every_user_can_read_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('vector_cache = "redis://:hush@host:6379"\n')
    file.chmod(0o644)
    (found,) = _open_secrets(tmp_path)
    assert (found.ok, f"chmod 600 {file}" in found.detail) == (False, True)
    assert "hush" not in found.detail
    file.chmod(0o600)
    assert [*_open_secrets(tmp_path)] == []


# What cannot be used is moved, never removed


@pytest.mark.parametrize("fault", ["no database", "pages", "newer"])
def test_a_catalogue_that_cannot_be_used_is_moved_aside_and_the_rest_stays(
    settings: Settings, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, place = settings.index / "catalog.sqlite", ["--index", str(settings.index)]
    with closing(Conversations.open(settings.index)) as kept:
        kept.keep("", [KeptTurn("What is new?", error="Stopped.")])
    (settings.index / "uploads").mkdir()
    (settings.index / "uploads" / "mine.txt").write_text("Mine.")
    if fault == "pages":
        spoil_pages(path)
    elif fault == "newer":
        with closing(sqlite3.connect(path)) as catalog:
            catalog.execute("PRAGMA user_version = 99")
    else:
        path.write_bytes(b"no database " * 1_000)
    before = path.read_bytes()
    assert main(["doctor", *place]) == 1
    told = capsys.readouterr().out
    assert f"`rag-app doctor --repair --index {settings.index}` moves it aside" in told
    assert "remove" not in told
    main(["doctor", "--repair", *place])
    assert "is now" in capsys.readouterr().err
    (aside,) = settings.index.glob("catalog.damaged-*.sqlite")
    assert aside.read_bytes() == before
    assert (settings.index / "uploads" / "mine.txt").read_text() == "Mine."
    assert examined(settings)["conversations"].detail == "1 kept"
    assert ingest([str(tmp_path / "notes"), *place]) == 0
    assert [finding for finding in examine(settings) if not finding.ok] == []


def test_nothing_is_moved_while_another_process_writes(settings: Settings, index: Index) -> None:
    spoil_pages(settings.index / "catalog.sqlite")
    with writer_lock(settings.index), pytest.raises(IndexLocked):
        repair(settings)
    assert not list(settings.index.glob("*.damaged-*"))


# Damaged vectors


def test_damaged_vectors_of_the_flat_files_are_found_and_made_again(settings: Settings) -> None:
    path = settings.index / "flat" / "vectors"
    path.write_bytes(np.full(path.stat().st_size // 4, np.nan, "<f4").tobytes())
    assert "3 are damaged" in examined(settings)["vectors"].detail
    repair(settings)
    assert all(finding.ok for finding in examine(settings))


@pytest.mark.parametrize("damage", [np.full(384, np.nan, "<f4").tobytes(), b"123", b"\0\0\x80?"])
def test_damaged_vectors_of_the_catalogue_are_found_and_embedded_again(
    settings: Settings, damage: bytes, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(settings.index / "catalog.sqlite")) as catalog:
        (digest,) = catalog.execute("SELECT min(digest) FROM vectors").fetchone()
        catalog.execute("UPDATE vectors SET vector = ? WHERE digest = ?", (damage, digest))
        catalog.commit()
    assert "1 vectors in it are damaged" in examined(settings)["catalogue"].detail
    assert "embeds their texts again" in repair(settings)
    assert ingest([str(tmp_path / "notes"), "--index", str(settings.index)]) == 0
    assert all(finding.ok for finding in examine(settings))
