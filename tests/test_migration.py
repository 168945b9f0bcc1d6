"""An index and its vector store: chosen once, remembered, and moved without embedding."""

import json
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from shutil import rmtree

import pytest
from qdrant_client import QdrantClient

from ingest.sync import sync
from rag_app.cli import main
from rag_app.commands.doctor import lost_chunks
from rag_app.errors import ConfigError, StoreError
from rag_app.index.index import Index
from tests.chroma_server import chroma_in
from tests.conftest import free_port
from tests.fakes import HashEmbedder
from tests.qdrant_server import stand_in

QUESTION = "Who keeps the key?"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.md").write_text(f"Boat {number} lies at berth {number * 7}.")
    (folder / "key.md").write_text("The harbour master keeps the key.")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server as a store."""
    with chroma_in(tmp_path_factory.mktemp("chroma")) as url:
        yield f"chroma+{url}"


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


def opened(folder: Path, embedder: HashEmbedder, store: str = "chroma") -> closing[Index]:
    return closing(Index.open(folder, embedder=embedder, store=store))


def nearest(index: Index, embedder: HashEmbedder) -> dict[str, float]:
    return dict(index.nearest(embedder.embed([QUESTION])[0], k=31))


def test_repairing_fills_a_store_on_a_server_again(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, server: str
) -> None:
    with opened(tmp_path / "index", embedder, server) as index:
        sync([docs], index, embedder=embedder)
        before = nearest(index, embedder)
        with index.writing(anew=True):
            pass
        assert nearest(index, embedder) == pytest.approx(before, abs=1e-5)


def test_a_moved_index_finds_the_same_embeds_nothing_and_grows_on(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, server: str
) -> None:
    with stand_in() as url, opened(tmp_path / "index", embedder) as index:
        sync([docs], index, embedder=embedder)
        before, embedded = nearest(index, embedder), embedder.embedded
        qdrant = f"qdrant+{url}"
        for old, new in (("chroma", qdrant), (qdrant, server), (server, "chroma")):
            assert index.migrate(new) == (old, 31)
            assert index.store == new
            assert nearest(index, embedder) == pytest.approx(before, abs=1e-5)
            assert lost_chunks(index, index.catalog.chunk_ids()) == []
            assert (tmp_path / "index" / "chroma").exists() == (new == "chroma")
        assert embedder.embedded == embedded + 3  # the question itself
        (docs / "more.md").write_text("More boats came.")
        assert sync([docs], index, embedder=embedder).added == 1
        assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_store_is_remembered_whatever_the_settings_say_later(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, server: str
) -> None:
    with opened(tmp_path / "index", embedder, server) as index:
        sync([docs], index, embedder=embedder)
    with opened(tmp_path / "index", embedder, "chroma") as index:
        assert index.store == server
        assert len(nearest(index, embedder)) == 31
    assert not (tmp_path / "index" / "chroma").exists()


def test_indexes_on_one_server_keep_apart(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, server: str
) -> None:
    with opened(tmp_path / "one", embedder, server) as one:
        sync([docs / "key.md"], one, embedder=embedder)
        with opened(tmp_path / "other", embedder, server) as other:
            sync([docs], other, embedder=embedder)
            other.migrate("chroma")
        assert len(nearest(one, embedder)) == 1


def test_a_failed_move_leaves_everything_as_it_was(
    docs: Path, tmp_path: Path, embedder: HashEmbedder
) -> None:
    with opened(tmp_path / "index", embedder) as index:
        sync([docs], index, embedder=embedder)
        before = nearest(index, embedder)
        with pytest.raises(StoreError, match="start the server"):
            index.migrate(f"chroma+http://127.0.0.1:{free_port()}")
        assert index.store == "chroma"
        assert nearest(index, embedder) == pytest.approx(before, abs=1e-5)
        assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_server_that_is_gone_is_an_error_and_can_be_left(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "files").mkdir()
    with chroma_in(tmp_path / "files") as url, opened(tmp_path / "index", embedder) as index:
        sync([docs], index, embedder=embedder)
        index.migrate(f"chroma+{url}")
    with opened(tmp_path / "index", embedder) as index:
        with pytest.raises(StoreError, match="start the server"):
            nearest(index, embedder)
        assert index.migrate("chroma") == (f"chroma+{url}", 31)
        assert "stays there" in caplog.text
        assert len(nearest(index, embedder)) == 31


def test_the_password_of_a_server_is_not_kept(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand_in(key="s3cret") as url:
        host = url.removeprefix("http://")
        store = f"qdrant+http://:s3cret@{host}"
        with opened(tmp_path / "index", embedder, store) as index:
            sync([docs], index, embedder=embedder)
        with opened(tmp_path / "index", embedder, store) as index:
            assert len(nearest(index, embedder)) == 31
        with opened(tmp_path / "index", embedder) as index, pytest.raises(StoreError, match=host):
            nearest(index, embedder)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "index").glob("catalog*"))
    assert b"s3cret" not in kept


def test_the_settings_are_shown_without_passwords(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAG_APP_VECTOR_STORE", "chroma+http://me:s3cret@127.0.0.1:8000")
    monkeypatch.setenv("RAG_APP_VECTOR_CACHE", "redis://:s3cret@127.0.0.1:6379/0")
    for options in ([], ["--json"]):
        assert main(["config", *options]) == 0
        shown = capsys.readouterr().out
        assert "chroma+http://…@127.0.0.1:8000" in shown
        assert "s3cret" not in shown


@pytest.mark.parametrize("store", ["qdrant:memory", "pinecone", "chroma+ftp://a:1"])
def test_a_store_that_no_index_can_have_is_refused(
    store: str, tmp_path: Path, embedder: HashEmbedder
) -> None:
    with pytest.raises(ConfigError, match="vector_store"):
        Index.open(tmp_path / "index", embedder=embedder, store=store)


def test_the_command_moves_and_tells(
    tmp_path: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ingest.script import main as ingest

    place = ["--index", str(tmp_path / "index")]
    assert ingest([str(docs), *place]) == 0
    capsys.readouterr()
    with stand_in() as url:
        assert main(["migrate", f"qdrant+{url}", *place]) == 0
        assert main(["migrate", f"qdrant+{url}", *place]) == 0
        assert main(["migrate", "chroma", "--json", *place]) == 0
    moved, already, back = capsys.readouterr().out.splitlines()
    assert moved == f"31 chunks moved from chroma to qdrant+{url}"
    assert "already" in already
    assert back == f'{{"from": "qdrant+{url}", "to": "chroma", "chunks": 31}}'


class Trap:
    """Says when it is read from a pickle."""

    def __init__(self, sign: Path) -> None:
        self._sign = sign

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._sign,)


def lay_trap(index: Path, sign: Path) -> None:
    """What a stranger's index may hold: a store of Qdrant whose points run code when read."""
    name = "chunks-" + "0" * 16
    point = pickle.dumps(Trap(sign))
    (index / "qdrant" / "collection" / name).mkdir(parents=True)
    about = {"vectors": {"size": 64, "distance": "Cosine"}}
    (index / "qdrant" / "meta.json").write_text(
        json.dumps({"collections": {name: about}, "aliases": {}})
    )
    storage = index / "qdrant" / "collection" / name / "storage.sqlite"
    with closing(sqlite3.connect(storage)) as points:
        points.execute("CREATE TABLE points (id TEXT PRIMARY KEY, point BLOB)")
        points.execute("INSERT INTO points VALUES ('a', ?)", (point,))
        points.commit()


def test_no_command_reads_the_pickles_of_an_index(
    docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from ingest.script import main as ingest

    folder, sign = tmp_path / "index", tmp_path / "the trap was read"
    place = ["--index", str(folder)]
    assert ingest([str(docs), *place]) == 0
    rmtree(folder / "chroma")
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog:
        catalog.execute("INSERT OR REPLACE INTO state VALUES ('store', 'qdrant')")
        catalog.commit()
    lay_trap(folder, sign)
    (folder / "settings.toml").write_text('vector_store = "qdrant"\n')
    for command in (
        *(["doctor"], ["ask", QUESTION], ["search", QUESTION], ["status"]),
        *(["doctor", "--repair"], ["migrate", "qdrant"], ["migrate", "chroma"]),
    ):
        assert main([*command, *place]) == 0, command
        assert not sign.exists(), command
    assert ingest([str(docs), "--rebuild", *place]) == 0
    assert not sign.exists()
    assert "harbour master" in capsys.readouterr().out
    assert caplog.text.count("Qdrant in the index folder is no longer opened") >= 1
    assert pickle_runs(folder, sign)  # so it was a trap


def pickle_runs(folder: Path, sign: Path) -> bool:
    """Whether Qdrant's own client runs what the store holds."""
    with suppress(Exception):
        QdrantClient(path=str(folder / "qdrant")).close()
    return sign.exists()


def test_an_index_that_was_to_have_qdrant_in_its_folder_answers_and_can_be_shared(
    docs: Path, tmp_path: Path, embedder: HashEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path / "index", embedder, "qdrant") as served:
        sync([docs], served, embedder=embedder)
        assert served.store == "chroma"
        with opened(tmp_path / "index", embedder, "qdrant") as beside:
            assert len(nearest(beside, embedder)) == 31
            (docs / "more.md").write_text("More boats came.")
            assert sync([docs], beside, embedder=embedder).added == 1
            assert lost_chunks(beside, beside.catalog.chunk_ids()) == []
    assert "vector_store=qdrant+http://HOST:PORT" in caplog.text
