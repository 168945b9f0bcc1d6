"""Whatever ends an ingestion, and whenever: the index opens, and the next run finishes it.

The slow one kills 200 ingestions at random instants. Each is compared with an undisturbed
one of the same folder, and no text that had its vector before the kill gets another.
"""

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.commands.doctor import lost_chunks
from rag_app.errors import StoreError
from rag_app.index.catalog.rows import text_digest
from rag_app.index.index import Index
from rag_app.protocols import TextKind, Vectors
from tests.fakes import HashEmbedder

KILLS = 200
TOKENS = 20
MOST_FILES = 100
SLOWEST_KILL = 0.5  # seconds after the beginning


class NotingEmbedder(HashEmbedder):
    """Writes down what it embeds, so that it is known even after its process was killed."""

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self._notes = notes

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        with self._notes.open("a") as notes:
            notes.writelines(f"{text_digest(text)}\n" for text in texts)
        time.sleep(len(texts) / 5000)
        return super().embed(texts, kind=kind)


def ingest(docs: Path, folder: Path, notes: Path) -> None:
    embedder = NotingEmbedder(notes)
    with closing(Index.open(folder, embedder=embedder)) as index:
        sync([docs], index, embedder=embedder, tokens=TOKENS)


def ingest_and_be_killed(docs: Path, folder: Path, notes: Path, after: float) -> bool:
    """Whether the kill came before the end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "ingest.sync", "tests.test_crashes"])
    child = context.Process(target=ingest, args=(docs, folder, notes))
    child.start()
    time.sleep(after)
    child.kill()
    child.join()
    return child.exitcode == -signal.SIGKILL


def change(docs: Path, dice: random.Random) -> None:
    """Add, update, rename and remove some files, and copy one."""
    paths = sorted(docs.iterdir())
    for path in dice.sample(paths, min(3, len(paths))):
        fate = dice.choice(["update", "remove", "rename", "copy"])
        if fate == "update":
            path.write_text(path.read_text() + f"A line more, number {dice.random()}.\n")
        elif fate == "remove":
            path.unlink()
        else:
            target = docs / f"{dice.getrandbits(40):x}.txt"
            (path.rename if fate == "rename" else lambda to, p=path: shutil.copy(p, to))(target)
    for _ in range(4 if len(paths) < MOST_FILES else 0):
        words = " ".join(f"word{dice.randrange(5000)}" for _ in range(dice.randrange(20, 400)))
        (docs / f"{dice.getrandbits(40):x}.txt").write_text(f"{words}.\n")


def content(index: Index) -> list[tuple[object, ...]]:
    """All that a user can see of it: files, what became of them, their chunks."""
    found: list[tuple[object, ...]] = []
    for entry in index.catalog.entries():
        # Which of several copies has the text depends on which came first.
        document = index.catalog.document(entry.file.path)
        assert document is not None
        found.append((entry.file.path, entry.status, entry.file.digest, document.text))
    chunks = index.catalog.chunks(index.catalog.chunk_ids()).values()
    return [*found, *sorted((c.start, c.end, c.text) for c in chunks)]


def kept(folder: Path) -> set[str]:
    """Digests of the texts that have a vector."""
    if not (folder / "catalog.sqlite").exists():
        return set()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog:
        return {digest for (digest,) in catalog.execute("SELECT digest FROM vectors")}


def noted(notes: Path) -> set[str]:
    return set(notes.read_text().split()) if notes.exists() else set()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_200_ingestions_killed_at_random_are_each_finished_by_the_next(tmp_path: Path) -> None:
    dice = random.Random(7)
    docs, folder, notes = tmp_path / "docs", tmp_path / "index", tmp_path / "notes"
    docs.mkdir()
    for _ in range(10):
        change(docs, dice)
    killed = 0
    for number in range(KILLS):
        change(docs, dice)
        before = kept(folder)
        notes.unlink(missing_ok=True)
        killed += ingest_and_be_killed(docs, folder, notes, dice.uniform(0, SLOWEST_KILL))
        assert not noted(notes) & before, f"kill {number}: embedded again"
        before = kept(folder)
        notes.unlink(missing_ok=True)
        ingest(docs, folder, notes)
        assert not noted(notes) & before, f"after kill {number}: embedded again"
        fresh = tmp_path / f"fresh-{number}"
        ingest(docs, fresh, tmp_path / "other-notes")
        with (
            closing(Index.open(folder, embedder=HashEmbedder())) as index,
            closing(Index.open(fresh, embedder=HashEmbedder())) as undisturbed,
        ):
            assert content(index) == content(undisturbed), f"after kill {number}"
            assert lost_chunks(index, index.catalog.chunk_ids()) == [], f"after kill {number}"
        shutil.rmtree(fresh)
    assert killed > KILLS / 2


# Disks


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of a few megabytes, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', 2)}m", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def many(docs: Path, count: int) -> Path:
    docs.mkdir()
    for number in range(count):
        text = " ".join(f"word{number}x{word}" for word in range(1500))
        (docs / f"{number:02}.txt").write_text(text)
    return docs


# Where it is full first: in the catalogue, in the vector store, or while that one opens.
@pytest.mark.parametrize(
    "small_disk",
    [3, *(pytest.param(size, marks=pytest.mark.slow) for size in (1, 2, 5, 8))],
    indirect=True,
)
def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_once_there_is_room(
    tmp_path: Path, small_disk: Path, embedder: HashEmbedder, request: pytest.FixtureRequest
) -> None:
    count = 8 * request.node.callspec.params["small_disk"]  # more than find room
    docs = many(tmp_path / "docs", count)
    with (
        closing(Index.open(small_disk / "index", embedder=embedder)) as index,
        pytest.raises(StoreError, match=r"full|space"),
    ):
        sync([docs], index, embedder=embedder, tokens=TOKENS)
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    with closing(Index.open(small_disk / "index", embedder=embedder)) as index:
        report = sync([docs], index, embedder=embedder, tokens=TOKENS)
        assert report.added + report.unchanged == count
        assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_an_index_on_a_read_only_disk_answers_and_refuses_to_be_written(
    tmp_path: Path, small_disk: Path, embedder: HashEmbedder
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("Tides turn.")
    with closing(Index.open(small_disk / "index", embedder=embedder)) as index:
        sync([docs], index, embedder=embedder)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with closing(Index.open(small_disk / "index", embedder=embedder)) as index:
        ((id_, cosine),) = index.nearest(embedder.embed(["Tides turn."])[0], k=1)
        assert cosine == pytest.approx(1, abs=1e-3)
        assert index.matches(["tide"], k=1)[0][0] == id_
        (docs / "b.txt").write_text("Boats float.")
        with pytest.raises(StoreError, match="cannot be written"):
            sync([docs], index, embedder=embedder)
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
