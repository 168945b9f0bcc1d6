"""The vector stores: one contract for all, and what is each one's own."""

import logging
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import process_time
from typing import ClassVar
from uuid import uuid4

import numpy as np
import pytest
from filelock import FileLock

from rag_app.errors import ConfigError, StoreError
from rag_app.index.search.exact_search import ExactSearch
from rag_app.index.stores import chroma_store, qdrant_store
from rag_app.index.stores.chroma_store import ChromaStore
from rag_app.index.stores.factory import folder_of, is_remote, open_vectors
from rag_app.index.stores.stored_chunk import finite
from rag_app.protocols import Vectors, VectorStore
from rag_app.schema import Chunk, Precision
from tests.chroma_server import chroma_in
from tests.conftest import free_port
from tests.fakes import a_hit
from tests.qdrant_server import stand_in

Open = Callable[[], VectorStore]
Factory = Callable[[pytest.FixtureRequest, Path, str], VectorStore]  # index folder, model


@pytest.fixture(scope="module")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server."""
    with chroma_in(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(scope="module")
def qdrant_server() -> Iterator[str]:
    """The address of a stand-in for a Qdrant server."""
    with stand_in() as url:
        yield url


def by_setting(store: str) -> Factory:
    return lambda _, folder, model: open_vectors(store, folder, model=model)


def on_server(name: str) -> Factory:
    """A store on the server of the fixture `NAME_server`."""
    return lambda request, folder, model: open_vectors(
        f"{name}+{request.getfixturevalue(f'{name}_server')}", folder, model=model
    )


def flat(precision: Precision) -> Factory:
    return lambda _, folder, model: ExactSearch(folder / model, model=model, precision=precision)


# Every store that has to keep the contract, by how it is opened.
STORES: dict[str, Factory] = {
    "chroma": by_setting("chroma"),
    "chroma-server": on_server("chroma"),
    "flat": flat("int8"),
    "flat-binary": flat("binary"),
    "flat-float32": flat("float32"),
    "qdrant-memory": by_setting("qdrant:memory"),
    "qdrant-server": on_server("qdrant"),
}
LASTING = [name for name in STORES if name != "qdrant-memory"]
ANY_ID = [name for name in STORES if not name.startswith("flat")]
SHARED = ["chroma", "chroma-server", "qdrant-server"]


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the test's own store, as often as it is called."""
    # A server outlives the test, so the collection's name is what nobody shares.
    return partial(STORES[request.param], request, tmp_path, uuid4().hex)


@pytest.fixture
def store(open_store: Open) -> Iterator[VectorStore]:
    with closing(open_store()) as opened:
        yield opened


def some_chunks(count: int) -> tuple[list[Chunk], Vectors]:
    rows = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    chunks = [a_hit(f"text {n}", source=f"d{n % 5}", start=n).chunk for n in range(count)]
    return chunks, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def ids_of(found: list[tuple[str, float]]) -> set[str]:
    return {id_ for id_, _ in found}


# The contract


def test_a_query_brings_cosines_closest_first(store: VectorStore) -> None:
    chunks, rows = some_chunks(50)
    store.upsert(chunks, rows)
    found = store.query(rows[7], k=50)
    cosines = {piece.id: float(row @ rows[7]) for piece, row in zip(chunks, rows, strict=True)}
    assert [id_ for id_, _ in found] == sorted(cosines, key=lambda id_: -cosines[id_])
    assert dict(found) == pytest.approx(cosines, abs=1e-5)


def test_a_query_brings_no_more_than_k_and_no_more_than_there_are(store: VectorStore) -> None:
    chunks, rows = some_chunks(5)
    store.upsert(chunks, rows)
    assert [id_ for id_, _ in store.query(rows[0], k=1)] == [chunks[0].id]
    assert ids_of(store.query(rows[0], k=100)) == {piece.id for piece in chunks}


def test_an_empty_store_finds_nothing_and_forgets_nothing(store: VectorStore) -> None:
    store.delete(["unknown"])
    assert store.query(some_chunks(1)[1][0], k=5) == []


def test_storing_or_deleting_nothing_changes_nothing(store: VectorStore) -> None:
    chunks, rows = some_chunks(3)
    store.upsert([], rows[:0])
    store.upsert(chunks, rows)
    store.upsert([], rows[:0])
    store.delete([])
    assert len(store.query(rows[0], k=5)) == 3


def test_storing_a_chunk_again_replaces_its_vector(store: VectorStore) -> None:
    chunks, rows = some_chunks(2)
    store.upsert(chunks[:1], rows[:1])
    store.upsert(chunks[:1], rows[1:])
    assert dict(store.query(rows[1], k=5)) == pytest.approx({chunks[0].id: 1}, abs=1e-5)


def test_chunks_nearly_the_same_stay_found_when_stored_again(store: VectorStore) -> None:
    chunks, _ = some_chunks(400)
    near = 1 + 0.05 * np.random.default_rng(0).normal(size=(400, 384)).astype(np.float32)
    rows = near / np.linalg.norm(near, axis=1, keepdims=True)
    for begin in range(0, 400, 50):
        for _ in range(2):
            store.upsert(chunks[begin : begin + 50], rows[begin : begin + 50])
    found = [store.query(row, k=1)[0][0] for row in rows]
    assert found == [piece.id for piece in chunks]


def test_deleted_chunks_are_not_found_and_unknown_ones_ignored(store: VectorStore) -> None:
    chunks, rows = some_chunks(3)
    store.upsert(chunks, rows)
    store.delete([chunks[0].id, "unknown", "0" * 32])
    assert ids_of(store.query(rows[0], k=5)) == {chunks[1].id, chunks[2].id}


def test_a_deleted_chunk_can_be_stored_again(store: VectorStore) -> None:
    chunks, rows = some_chunks(2)
    store.upsert(chunks, rows)
    store.delete([piece.id for piece in chunks])
    store.upsert(chunks[:1], rows[1:])
    assert dict(store.query(rows[1], k=5)) == pytest.approx({chunks[0].id: 1}, abs=1e-5)


def test_more_chunks_than_one_call_takes_are_all_stored_and_deleted(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (chroma_store, qdrant_store):
        monkeypatch.setattr(module, "_MOST_A_CALL", 20)
    chunks, rows = some_chunks(50)
    store.upsert(chunks, rows)
    assert all(store.query(rows[n], k=1)[0][0] == chunks[n].id for n in range(50))
    store.delete([piece.id for piece in chunks])
    assert store.query(rows[0], k=5) == []


@pytest.mark.parametrize("open_store", ANY_ID, indirect=True)
def test_any_id_text_and_heading_can_be_stored(store: VectorStore) -> None:
    (chunk,), rows = some_chunks(1)
    odd = "\0 \n 'ß' \"ﷺ\" 🦦 \u2028 " * 50
    chunks = [replace(chunk, id=id_, text=odd, heading=odd) for id_ in ("a", "b c/ü", "A" * 32)]
    store.upsert(chunks, np.repeat(rows, 3, axis=0))
    assert ids_of(store.query(rows[0], k=5)) == {piece.id for piece in chunks}


def test_a_cleared_store_is_empty_and_can_be_filled_again(store: VectorStore) -> None:
    chunks, rows = some_chunks(3)
    for _ in range(2):
        store.upsert(chunks, rows)
        assert len(store.query(rows[0], k=5)) == 3
        store.clear()
        assert store.query(rows[0], k=5) == []


def test_threads_can_ask_while_another_one_writes(store: VectorStore) -> None:
    chunks, rows = some_chunks(200)
    store.upsert(chunks[:100], rows[:100])
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(store.query, row, k=1) for row in rows[:100]]
        for n in range(100, 200, 10):
            store.upsert(chunks[n : n + 10], rows[n : n + 10])
    assert [job.result()[0][0] for job in asked] == [piece.id for piece in chunks[:100]]


def test_a_store_may_be_closed_by_another_thread_and_twice(open_store: Open) -> None:
    for _ in range(2):
        store = open_store()
        thread = Thread(target=store.close)
        thread.start()
        thread.join()
        store.close()


@pytest.mark.parametrize("open_store", LASTING, indirect=True)
def test_what_was_stored_is_there_when_it_is_opened_again(open_store: Open) -> None:
    chunks, rows = some_chunks(30)
    with closing(open_store()) as first:
        first.upsert(chunks, rows)
        first.delete([chunks[0].id])
        before = first.query(rows[3], k=50)
    with closing(open_store()) as second:
        after = second.query(rows[3], k=50)
        assert [id_ for id_, _ in after] == [id_ for id_, _ in before]
        assert dict(after) == pytest.approx(dict(before), abs=1e-6)
        second.upsert(chunks[:1], rows[:1])
        assert len(second.query(rows[0], k=50)) == 30


@pytest.mark.parametrize("open_store", SHARED, indirect=True)
def test_a_store_opened_twice_finds_what_either_wrote(open_store: Open) -> None:
    chunks, rows = some_chunks(4)
    with closing(open_store()) as one, closing(open_store()) as other:
        one.upsert(chunks[:2], rows[:2])
        assert len(other.query(rows[0], k=9)) == 2
        other.upsert(chunks[2:], rows[2:])
        assert ids_of(one.query(rows[0], k=9)) == {piece.id for piece in chunks}


@pytest.mark.parametrize("name", STORES)
def test_each_model_has_vectors_of_its_own(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chunks, rows = some_chunks(2)
    short, run = rows[:, :8] / np.linalg.norm(rows[:, :8], axis=1, keepdims=True), uuid4().hex[:8]
    for model, made in ((f"{run}-one", rows), (f"{run}-other", short)):
        with closing(STORES[name](request, tmp_path, model)) as store:
            assert store.query(made[0], k=5) == []
            store.upsert(chunks, made)
            assert store.query(made[0], k=1)[0][0] == chunks[0].id


# Servers


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
def test_a_server_that_is_not_there_is_named(kind: str, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StoreError, match=f"{url} cannot be used .* start the server"):
        ask_once(f"{kind}+{url}", tmp_path)


def ask_once(store: str, folder: Path) -> list[tuple[str, float]]:
    with closing(open_vectors(store, folder, model="test")) as opened:
        return opened.query(some_chunks(1)[1][0], k=1)


class _Page(BaseHTTPRequestHandler):
    """The same page in HTML, whatever is asked; remembers who asked."""

    status = 200
    asked_by: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked_by.append(self.headers.get("Authorization"))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html>\n<p>Welcome\n" * 1_000)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def pages(status: int = 200) -> Iterator[tuple[str, list[str | None]]]:
    """The address, without http://, of a server of pages, and who asks it."""
    asked_by: list[str | None] = []
    handler = type("Handler", (_Page,), {"status": status, "asked_by": asked_by})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"127.0.0.1:{server.server_port}", asked_by
        server.shutdown()


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_server_of_another_kind_is_an_error_of_one_short_line(
    kind: str, status: int, tmp_path: Path
) -> None:
    with pages(status) as (address, _), pytest.raises(StoreError, match=address) as error:
        ask_once(f"{kind}+http://{address}", tmp_path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
def test_a_server_that_went_away_is_named(kind: str, tmp_path: Path) -> None:
    chunks, rows = some_chunks(2)
    with stand_in() if kind == "qdrant" else chroma_in(tmp_path) as url:
        store = open_vectors(f"{kind}+{url}", tmp_path, model="test")
        store.upsert(chunks, rows)
    with closing(store):
        for call in (
            partial(store.query, rows[0], k=1),
            partial(store.delete, [chunks[0].id]),
            partial(store.upsert, chunks, rows),
        ):
            with pytest.raises(StoreError, match=url):
                call()


def test_qdrant_is_given_its_key(tmp_path: Path) -> None:
    with stand_in(key="p@ss word") as url:
        address = url.removeprefix("http://")
        assert ask_once(f"qdrant+http://:p%40ss%20word@{address}", tmp_path) == []
        with pytest.raises(StoreError, match="401"):
            ask_once(f"qdrant+{url}", tmp_path)


def test_chroma_is_given_user_and_password(tmp_path: Path) -> None:
    with pages() as (address, asked_by), pytest.raises(StoreError):
        ask_once(f"chroma+http://me:s3%40cret@{address}", tmp_path)
    assert set(asked_by) == {f"Basic {b64encode(b'me:s3@cret').decode()}"}


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
def test_a_password_is_never_shown(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(StoreError, match=f"http://{address}") as error:
        ask_once(f"{kind}+http://me:s3cret@{address}", tmp_path)
    shown = messages(error.value) + caplog.text
    assert "s3cret" not in shown
    assert b64encode(b"me:s3cret").decode() not in shown


def messages(error: BaseException | None) -> str:
    """What an error, and those that it comes from, say."""
    return f"{error!r} {messages(error.__cause__ or error.__context__)}" if error else ""


# The setting


@pytest.mark.parametrize(
    ("store", "remote", "folder"),
    [
        ("chroma", False, "chroma"),
        ("qdrant:memory", False, None),
        ("chroma+http://localhost:8000", True, None),
        ("qdrant+https://[::1]:6333/", True, None),
    ],
)
def test_a_setting_says_where_the_vectors_are(
    store: str, remote: bool, folder: str | None, tmp_path: Path
) -> None:
    assert is_remote(store) == remote
    assert folder_of(store, tmp_path) == (tmp_path / folder if folder else None)


@pytest.mark.parametrize(
    "store",
    [
        *(
            "",
            "faiss",
            "qdrant",
            "Chroma",
            "chroma:memory",
            "qdrant:disk",
            "qdrant:memory+http://h:1",
        ),
        *("http://h:1", "chroma+", "chroma+http://h", "qdrant+ftp://h:1", "qdrant+http://:1"),
        *("qdrant+http://h:0", "qdrant+http://h:port", "qdrant+http://h:99999"),
        *("chroma+http://h:1/path", "chroma+http://h:1?a=b", "chroma+http://[h:1"),
        *("qdrant+http://me:s3cret@h", "qdrant+http://me:a/s3cret@h:1", "x+http://me:s3cret@h:1"),
    ],
)
def test_a_setting_of_another_form_is_answered_with_the_forms(store: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"use chroma, qdrant:memory, ch") as error:
        open_vectors(store, tmp_path, model="test")
    assert "s3cret" not in messages(error.value)
    assert not list(tmp_path.iterdir())


# Chroma's folder


@pytest.mark.parametrize("count", [0, 3])
def test_files_are_not_loaded_while_another_process_writes_them(tmp_path: Path, count: int) -> None:
    chunks, rows = some_chunks(3)
    with (
        closing(ChromaStore(tmp_path / "chroma", model="test")) as store,
        ThreadPoolExecutor() as threads,
    ):
        if count:
            store.upsert(chunks, rows)
        else:
            store.query(rows[0], k=3)
        with FileLock(tmp_path / "chroma" / "turn.lock"):
            asked = threads.submit(store.query, rows[0], k=3)
            with pytest.raises(TimeoutError):
                asked.result(0.1)
        assert len(asked.result(10)) == count


def test_equal_vectors_cost_no_more_than_others(tmp_path: Path) -> None:
    chunks, rows = some_chunks(2_000)
    equal = np.repeat(rows[:1], 2_000, axis=0)
    with closing(ChromaStore(tmp_path / "chroma", model="test")) as store:
        begun = process_time()
        store.upsert(chunks, rows)
        different = process_time() - begun
        store.upsert(chunks, equal)
        assert process_time() - begun < 5 * different
        found = dict(store.query(rows[0], k=2_000))
    assert len(found) > 1_900  # a graph misses some
    assert min(found.values()) > 1 - 1e-5


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf"), 7.0])
def test_a_score_that_is_no_cosine_is_dropped(score: float) -> None:
    assert finite([("a", score), ("b", 0.5), ("c", 1.0001)]) == [("b", 0.5), ("c", 1.0001)]


# Without a server


def test_a_place_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("")
    with pytest.raises(StoreError, match="chroma cannot be used"):
        open_vectors("chroma", tmp_path, model="test")


def test_without_qdrants_client_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(ConfigError, match=r"pip install 'rag-app\[qdrant\]'"):
        open_vectors("qdrant:memory", tmp_path, model="test")
