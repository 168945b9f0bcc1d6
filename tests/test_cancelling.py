"""Runs that are cancelled: what is in stays, nothing is lost, and the next run goes on."""

import multiprocessing
import os
import signal
import threading
from _thread import interrupt_main
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from ingest.cancelling import RunCancelled, by_ctrl_c
from ingest.children import Limits
from ingest.reading import read_ahead
from ingest.report import Progress, SyncReport
from ingest.roots import Roots
from ingest.scan import scan
from ingest.sync import sync
from rag_app.commands.doctor import lost_chunks
from rag_app.index.index import Index
from rag_app.protocols import TextKind, Vectors
from tests.fakes import HashEmbedder

FILES = 12
TOKENS = 20  # so that a file gives many chunks, and a batch is a few files
Run = Callable[..., SyncReport]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FILES):
        words = " ".join(f"word{number}x{word}" for word in range(900))
        (folder / f"{number:02}.txt").write_text(words)
    return folder


@pytest.fixture
def run(index: Index, embedder: HashEmbedder, many: Path) -> Run:
    return lambda **options: sync([many], index, embedder=embedder, tokens=TOKENS, **options)


class After:
    """Cancels as soon as so many files were begun."""

    def __init__(self, files: int) -> None:
        self._files = files
        self.begun = 0

    def note(self, progress: Progress) -> None:
        self.begun = progress.done + 1

    def __call__(self) -> bool:
        return self.begun > self._files


def cancelled_after(run: Run, files: int) -> SyncReport:
    after = After(files)
    report = run(progress=after.note, cancelled=after)
    assert report.cancelled
    return report


def test_what_is_in_when_it_is_cancelled_stays_and_is_told(run: Run, index: Index) -> None:
    report = cancelled_after(run, 8)
    assert 0 < report.present < FILES
    assert (report.present, report.files) == (len(index.catalog.entries()), FILES)
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_the_next_run_goes_on_and_embeds_nothing_twice(
    run: Run, index: Index, embedder: HashEmbedder
) -> None:
    first = cancelled_after(run, 8)
    second = run()
    assert (second.unchanged, second.added) == (first.present, FILES - first.present)
    assert not second.cancelled
    assert embedder.embedded == index.catalog.count_chunks()
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_files_that_it_did_not_come_to_are_not_taken_for_deleted(
    run: Run, index: Index, many: Path
) -> None:
    run()
    for path in many.iterdir():
        path.write_text(path.read_text().replace("word", "term"))
    report = cancelled_after(run, 8)
    assert report.removed == 0
    assert 0 < report.updated < FILES
    assert len(index.catalog.entries()) == FILES


def test_a_renamed_file_keeps_its_old_name_until_it_has_the_new_one(
    run: Run, index: Index, many: Path
) -> None:
    run()
    for path in many.iterdir():
        path.rename(path.with_name(f"new-{path.name}"))
    stopped = cancelled_after(run, 0)
    assert (stopped.present, len(index.catalog.entries())) == (0, FILES)
    assert run().renamed == FILES


def test_cancelled_before_anything_was_looked_at_it_does_nothing(run: Run, index: Index) -> None:
    report = run(cancelled=lambda: True)
    assert (report.cancelled, report.files, index.catalog.entries()) == (True, 0, [])


def test_a_long_document_is_left_between_two_batches(
    index: Index, tmp_path: Path, embedder: HashEmbedder
) -> None:
    long = tmp_path / "long.txt"
    long.write_text(" ".join(f"word{number}" for number in range(20_000)))
    report = sync(
        [long], index, embedder=embedder, tokens=TOKENS, cancelled=lambda: embedder.embedded > 200
    )
    assert (report.cancelled, report.present) == (True, 0)
    before = embedder.embedded
    assert 200 < before < 400
    sync([long], index, embedder=embedder, tokens=TOKENS)
    assert embedder.embedded == index.catalog.count_chunks()


def test_what_is_in_is_found_although_the_store_behind_is_left(run: Run, index: Index) -> None:
    report = run(cancelled=lambda: index.catalog.size()[0] == FILES)
    behind = index.catalog.count_behind()
    assert (report.added, report.cancelled) == (FILES, True)
    assert 0 < behind <= index.catalog.count_chunks()
    assert run().unchanged == FILES
    assert index.catalog.count_behind() == 0
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_of_a_long_document_the_rest_comes_with_the_next_run(
    index: Index, embedder: HashEmbedder, tmp_path: Path
) -> None:
    long = tmp_path / "long.txt"
    long.write_text(" ".join(f"word{number}" for number in range(60_000)))
    read = partial(sync, [long], index, embedder=embedder, tokens=TOKENS)
    assert read(cancelled=lambda: index.catalog.count_chunks() > 0).cancelled
    chunks = index.catalog.count_chunks()
    assert 0 < index.count_words() < chunks
    assert read().unchanged == 1
    assert index.count_words() == chunks


def test_a_file_that_takes_long_to_read_does_not_delay_it(tmp_path: Path) -> None:
    row = "<tr><td>cell</td><td><b>bold</b></td></tr>"
    (tmp_path / "slow.html").write_text(f"<table>{row * 300_000}</table>")
    files, _ = scan([tmp_path])
    begun = monotonic()
    with pytest.raises(RunCancelled):
        next(read_ahead(files, Limits(), cancelled=lambda: monotonic() > begun + 0.5))
    assert monotonic() < begun + 10  # reading it takes far longer


def test_looking_for_files_can_be_cancelled(many: Path) -> None:
    with pytest.raises(RunCancelled):
        scan([many], cancelled=lambda: True)


# What is remembered


def test_a_cancelled_run_is_unfinished_until_the_next_has_ended(
    run: Run, index: Index, many: Path
) -> None:
    cancelled_after(run, 4)
    (root,) = Roots(index.catalog).unfinished()
    assert root.path == many
    run()
    assert Roots(index.catalog).unfinished() == []
    assert [root.path for root in Roots(index.catalog).folders()] == [many]


def test_a_run_that_fails_is_unfinished(index: Index, many: Path) -> None:
    class Broken(HashEmbedder):
        def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sync([many], index, embedder=Broken(), tokens=TOKENS)
    assert [root.path for root in Roots(index.catalog).unfinished()] == [many]


class Deadly(HashEmbedder):
    """Ends its process as a kill does."""

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        os._exit(9)


def be_killed(docs: Path, folder: Path) -> None:
    embedder = Deadly()
    sync([docs], Index.open(folder, embedder=embedder), embedder=embedder)


def test_a_killed_run_is_unfinished_and_goes_on(tmp_path: Path, docs: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    child = context.Process(target=be_killed, args=(docs, tmp_path / "index"))
    child.start()
    child.join()
    assert child.exitcode == 9
    with closing(Index.open(tmp_path / "index", embedder=HashEmbedder())) as index:
        (root,) = Roots(index.catalog).unfinished()
        assert sync([root.path], index, embedder=HashEmbedder()).added == 2
        assert Roots(index.catalog).unfinished() == []


# Ctrl-C


@pytest.fixture
def interruptible() -> None:
    """As where tests run in the foreground."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_asks_first_and_interrupts_when_pressed_again() -> None:
    with by_ctrl_c() as pressed:
        assert not pressed()
        interrupt_main()
        assert pressed()
        with pytest.raises(KeyboardInterrupt):
            interrupt_main()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_is_not_asked_by_ctrl_c() -> None:
    asked: list[bool] = []

    def ask() -> None:
        with by_ctrl_c() as pressed:
            asked.append(pressed())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert asked == [False]
