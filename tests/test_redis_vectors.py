"""The cache of vectors shared over Redis, against a real server."""

import logging
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from ingest.sync import configured, sync
from rag_app.commands.doctor import lost_chunks
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.index.redis_cache import RedisCache
from rag_app.settings.provenance import Settings
from tests.conftest import free_port
from tests.fakes import HashEmbedder

needs_server = pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of this test's own."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL) as process:
        client = Redis(port=port)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except ConnectionError:
                assert time.monotonic() < deadline
            except Exception as error:
                if "Connection refused" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
        client.close()
        yield f"redis://127.0.0.1:{port}/0"
        process.kill()


def ingest(docs: Path, folder: Path, url: str) -> int:
    """How many texts a new index had to embed."""
    embedder = HashEmbedder()
    with closing(Index.open(folder, embedder=embedder)) as index:
        report = sync([docs], index, embedder=embedder, cache=RedisCache(url))
    # One text more tells how many dimensions the vectors have.
    assert embedder.embedded - report.embedded in {0, 1}
    return report.embedded


@needs_server
def test_what_one_machine_embedded_no_other_embeds(server: str, docs: Path, tmp_path: Path) -> None:
    assert ingest(docs, tmp_path / "first", server) == 2
    assert ingest(docs, tmp_path / "second", server) == 0


@needs_server
def test_vectors_come_back_as_they_were_given_and_of_that_model_only(server: str) -> None:
    cache = RedisCache(server)
    vectors = HashEmbedder().embed(["a", "b"])
    cache.keep("model", ["a", "b"], vectors)
    known = cache.known("model", ["b", "c", "a"])
    assert known.keys() == {"a", "b"}
    assert np.array_equal(known["a"], vectors[0])
    assert cache.known("other", ["a"]) == {}


@needs_server
def test_keys_expire_and_asking_prolongs_their_life(server: str) -> None:
    RedisCache(server, days=1).keep("m", ["a"], HashEmbedder().embed(["a"]))
    with closing(Redis.from_url(server)) as client:
        (key,) = client.keys()
        assert 0 < client.ttl(key) <= 86_400
        RedisCache(server, days=9).known("m", ["a"])
        assert 8 * 86_400 < client.ttl(key) <= 9 * 86_400


@needs_server
def test_what_is_no_unit_vector_is_not_taken(server: str) -> None:
    cache = RedisCache(server)
    cache.keep("m", ["a", "b", "c"], HashEmbedder().embed(["a", "b", "c"]))
    with closing(Redis.from_url(server)) as client:
        for key, value in zip(client.keys(), (b"text", b"\0" * 256, b"123"), strict=True):
            client.set(key, value)
    assert cache.known("m", ["a", "b", "c"]) == {}


@needs_server
@pytest.mark.parametrize("poisoned", [1, 2])
def test_vectors_of_another_size_are_embedded_here(
    server: str, docs: Path, tmp_path: Path, poisoned: int
) -> None:
    assert ingest(docs, tmp_path / "first", server) == 2
    with closing(Redis.from_url(server)) as client:
        for key in client.keys()[:poisoned]:
            client.set(key, np.eye(8, dtype="<f4")[0].tobytes())
    embedder = HashEmbedder()
    with closing(Index.open(tmp_path / "second", embedder=embedder)) as index:
        assert sync([docs], index, embedder=embedder, cache=RedisCache(server)).embedded == poisoned
        assert lost_chunks(index, index.catalog.chunk_ids()) == []
    assert ingest(docs, tmp_path / "third", server) == 0  # and they are put right there


def test_without_its_server_texts_are_embedded_here_and_that_is_said_once(
    docs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert ingest(docs, tmp_path / "index", f"redis://127.0.0.1:{free_port()}/0") == 2
    assert [record.message.split(" (")[0] for record in caplog.records] == [
        "the vector cache fails"
    ]


def test_an_address_that_is_none_of_redis_is_refused() -> None:
    with pytest.raises(ConfigError, match="vector_cache='ftp://x' is no Redis address"):
        configured(Settings(vector_cache="ftp://x"))
