"""What is kept of vectors: shown by model, and a former model's forgotten on demand."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from redis import Redis

from ingest.sync import store, sync
from rag_app.cli import main
from rag_app.errors import ConfigError, IndexMismatch
from rag_app.index.index import Index
from rag_app.index.redis_cache import RedisCache
from rag_app.models.embedder import SentenceEmbedder
from rag_app.settings.provenance import Settings
from rag_app.workbench.vector_cache import forget, look, names_here
from tests.conftest import free_port
from tests.fakes import HashEmbedder, a_document
from tests.test_redis_vectors import needs_server, server

__all__ = ["server"]  # a fixture of theirs
NINE = "Skiffs lie at berth nine."


@pytest.fixture
def own() -> HashEmbedder:
    """The model that the index has now."""
    return HashEmbedder(version="own")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two texts, one of them changed, by a former model and then by its own."""
    folder = tmp_path_factory.mktemp("made") / "index"
    tools = a_document("Saws hang on the north wall.", source="tools.md")
    former, latter = "Skiffs lie at berth seven.", NINE
    for version, boats in (("former", former), ("own", former), ("own", latter)):
        embedder = HashEmbedder(version=version)
        with closing(Index.open(folder, embedder=embedder)) as opened:
            store([tools, a_document(boats, source="boats.md")], opened, embedder=embedder)
    return folder


@pytest.fixture
def index(tmp_path: Path, made: Path, own: HashEmbedder) -> Iterator[Index]:
    """A copy of it, open."""
    with closing(Index.open(copytree(made, tmp_path / "index"), embedder=own)) as opened:
        yield opened


def test_vectors_are_counted_by_model(index: Index, own: HashEmbedder) -> None:
    kept = look(index, Settings())
    assert [(model.model, model.texts) for model in kept.models] == [
        (own.fingerprint, 3),
        ("hash-64-former", 2),
    ]
    # 64 numbers of four bytes each, and the keys.
    assert all(model.texts * 256 < model.size < model.texts * 360 for model in kept.models)
    assert (kept.texts, kept.known, kept.shared) == (2, 2, None)


def test_texts_without_a_vector_of_the_model_are_not_known(index: Index) -> None:
    with closing(Index.open(index.folder, embedder=HashEmbedder(version="former"))) as other:
        kept = look(other, Settings())
    assert (kept.texts, kept.known) == (2, 1)


def test_a_former_models_vectors_are_forgotten_and_the_disk_gets_them_back(
    index: Index, own: HashEmbedder
) -> None:
    texts = [f"text {number}" for number in range(2_000)]
    former = HashEmbedder(version="former")
    index.catalog.kept.keep(former.fingerprint, texts, former.embed(texts))
    index.catalog.kept.keep(own.fingerprint, ["kept"], own.embed(["kept"]))
    gone = forget(index, former.fingerprint, {})
    assert gone.texts == 2_002
    assert [model.model for model in look(index, Settings()).models] == [own.fingerprint]
    index.close()
    assert (index.folder / "catalog.sqlite").stat().st_size < gone.size / 2
    with closing(Index.open(index.folder, embedder=own)) as opened:
        again = store([a_document(NINE, source="boats.md")], opened, embedder=own)
        assert again["embedded"] == 0
        assert opened.nearest(own.embed([NINE])[0], k=1)[0][1] > 0.99


@pytest.mark.parametrize("called", ["hash-64-former", "hash-64-f", "the former one"])
def test_a_model_is_called_by_its_fingerprint_its_beginning_or_its_name(
    index: Index, called: str
) -> None:
    gone = forget(index, called, {"hash-64-former": "the former one"})
    assert gone.model == "hash-64-former"


@pytest.mark.parametrize("called", ["hash-64", "", "unknown"])
def test_what_is_not_one_model_is_not_forgotten(index: Index, called: str) -> None:
    with pytest.raises(ConfigError, match="models with vectors here are called"):
        forget(index, called, {})
    assert len(look(index, Settings()).models) == 2


def test_the_indexs_own_vectors_stay(index: Index, own: HashEmbedder) -> None:
    with pytest.raises(ConfigError, match="is the index's own model"):
        forget(index, own.fingerprint, {})
    former = HashEmbedder(version="former")
    with (
        closing(Index.open(index.folder, embedder=former)) as other,
        pytest.raises(IndexMismatch),
    ):
        forget(other, own.fingerprint, {})
    assert len(look(index, Settings()).models) == 2


def test_models_of_this_machine_have_names(minilm: SentenceEmbedder) -> None:
    assert names_here(Settings())[minilm.fingerprint] == "all-MiniLM-L6-v2"


# The server


@needs_server
def test_the_servers_vectors_are_counted_without_prolonging_their_lives(
    server: str, index: Index, own: HashEmbedder
) -> None:
    cache = RedisCache(server, days=1)
    texts = [NINE, "of somebody else"]
    cache.keep(own.fingerprint, texts, own.embed(texts))
    cache.keep("other", texts[:1], own.embed(texts[:1]))
    found = look(index, Settings(vector_cache=server, vector_cache_days=9)).shared
    assert found is not None
    assert found.reachable
    assert [(model.model, model.texts) for model in found.models] == [
        (own.fingerprint, 2),
        ("other", 1),
    ]
    assert found.known == 1
    with closing(Redis.from_url(server)) as client:
        assert all(client.ttl(key) <= 86_400 for key in client.scan_iter())


@needs_server
def test_an_empty_server_is_reachable(server: str, index: Index) -> None:
    found = look(index, Settings(vector_cache=server)).shared
    assert found is not None
    assert (found.reachable, found.models, found.known) == (True, (), 0)


def test_a_server_that_does_not_answer_is_told(index: Index) -> None:
    nobody = Settings(vector_cache=f"redis://127.0.0.1:{free_port()}/0")
    found = look(index, nobody).shared
    assert found is not None
    assert not found.reachable


# The command


def shown(capsys: pytest.CaptureFixture[str], folder: Path, *more: str) -> Any:
    assert main(["embed", "cache", "--index", str(folder), "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_shows_and_forgets(
    tmp_path: Path, docs: Path, minilm: SentenceEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    former = HashEmbedder()
    with closing(Index.open(tmp_path / "index", embedder=minilm)) as index:
        sync([docs], index, embedder=minilm)
        index.catalog.kept.keep(former.fingerprint, ["a"], former.embed(["a"]))
    told = shown(capsys, tmp_path / "index")
    assert [model["name"] for model in told["models"]] == ["all-MiniLM-L6-v2", None]
    assert (told["texts"], told["known"], told["forgotten"]) == (2, 2, None)
    assert main(["embed", "cache", "--index", str(tmp_path / "index")]) == 0
    lines = capsys.readouterr().out
    assert "all-MiniLM-L6-v2, the index's own" in lines
    assert "2 of the index's 2 texts need no embedding" in lines
    told = shown(capsys, tmp_path / "index", "--forget", former.fingerprint)
    assert told["forgotten"]["texts"] == 1
    assert [model["name"] for model in told["models"]] == ["all-MiniLM-L6-v2"]
    assert main(["embed", "cache", "--index", str(tmp_path / "index"), "--forget", "gone"]) == 1
    assert "0 models with vectors here are called 'gone'" in capsys.readouterr().err
