"""Two processes on one index: one asks while the other adds and removes files."""

import multiprocessing
import os
import random
import subprocess
import sys
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.commands.doctor import lost_chunks
from rag_app.index.index import Index
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.retrieval.retriever import Retriever
from tests.conftest import ROOT
from tests.fakes import HashEmbedder

ROUNDS = 16
FILES = 12


def write(docs: Path, number: int, version: int) -> None:
    """A file of some 35 chunks; after a thousand Chroma rewrites its files on disk."""
    dice = random.Random(version)
    words = (f"w{dice.randrange(300)}" for _ in range(90 * 24))
    text = " ".join(words) + f" marker{number}."
    (docs / f"{number}.md").write_text(f"# File {number}, marker{number}\n\n{text}\n")


def ask_until_told(folder: Path, gone: Path, stop: Event, results: Connection) -> None:
    """Ask about every file in turn; tell of the first answer, then of all of them."""
    embedder = HashEmbedder()
    asked, stale = 0, 0
    with closing(Index.open(folder, embedder=embedder)) as index:
        retriever = Retriever(index, embedder)
        while not stop.is_set():
            removed = set(gone.read_text().split())  # committed before this question
            hits = retriever.search(f"marker{asked % FILES} w{asked % 300}")
            back = set(gone.read_text().split())
            stale += sum(Path(hit.chunk.source).stem in removed & back for hit in hits)
            asked += 1
            if asked == 1:
                results.send("ready")
    results.send((asked, stale))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(FILES):
        write(folder, number, version=number)
    return folder


def note(gone: Path, numbers: list[int]) -> None:
    """Replace the list in one step, so that no reader sees half of it."""
    new = gone.with_suffix(".new")
    new.write_text(" ".join(map(str, numbers)))
    new.replace(gone)


def test_questions_are_answered_rightly_while_files_come_and_go(
    docs: Path, index: Index, tmp_path: Path
) -> None:
    embedder = HashEmbedder()
    sync([docs], index, embedder=embedder)
    gone = tmp_path / "gone"
    note(gone, [])
    context = multiprocessing.get_context("spawn")
    stop, (receiver, sender) = context.Event(), context.Pipe(duplex=False)
    asking = context.Process(target=ask_until_told, args=(index.folder, gone, stop, sender))
    asking.start()
    assert receiver.poll(30) and receiver.recv() == "ready"
    for step in range(ROUNDS):
        removed = [step % FILES, (step + 5) % FILES]
        note(gone, [])
        write(docs, (step + 11) % FILES, version=100 + step)
        for number in range(FILES):
            path = docs / f"{number}.md"
            if number in removed:
                path.unlink(missing_ok=True)
            elif not path.exists():
                write(docs, number, version=200 + step)
        sync([docs], index, embedder=embedder)
        note(gone, removed)
    stop.set()
    assert receiver.poll(20), "the asking process hangs or died"
    asked, stale = receiver.recv()
    asking.join()
    assert (asking.exitcode, stale) == (0, 0)
    assert asked > ROUNDS
    assert index.catalog.size()[0] == FILES - 2
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_second_process_that_would_write_fails_at_once_with_one_line(
    docs: Path, index: Index, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ingest", "docs", "--index", str(index.folder)]
    command += ["--embedder", BUNDLED_EMBEDDER]
    with index.writing():
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "another process is writing" in done.stderr
