"""Adding documents in the background, with a real index."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from ingest.roots import Roots
from rag_app.index.index import Index
from rag_app.protocols import TextKind, Vectors
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from ui.jobs.ingestion import Ingestion
from ui.jobs.remaining_time import RemainingTime, in_words


class HeldEmbedder(HashEmbedder):
    """Embeds nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = Event()
        self.let_go = Event()

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        self.reached.set()
        assert self.let_go.wait(timeout=30)
        return super().embed(texts, kind=kind)


class BrokenEmbedder(HashEmbedder):
    """Has a bug."""

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        raise ZeroDivisionError("a bug")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "ferret.txt").write_text("The ferret is called Bartholomew.\n")
    (folder / "parrot.txt").write_text("The parrot is called Quickstep.\n")
    return folder


def test_a_run_reports_what_it_added(index: Index, folder: Path) -> None:
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    assert ingestion.start([folder])
    ingestion.wait()
    assert ingestion.report is not None
    assert (ingestion.report.added, ingestion.error) == (2, "")
    assert ingestion.progress is not None
    assert (ingestion.progress.done, ingestion.progress.files) == (2, 2)


def test_only_one_run_at_a_time(index: Index, folder: Path) -> None:
    embedder = HeldEmbedder()
    ingestion = Ingestion(index, embedder, Settings(chunk_tokens=64))
    assert ingestion.start([folder])
    assert embedder.reached.wait(timeout=30)
    assert ingestion.running
    assert not ingestion.start([folder])
    embedder.let_go.set()
    ingestion.wait()
    assert not ingestion.running
    assert ingestion.start([folder])
    ingestion.wait()


def test_a_missing_folder_is_told_in_one_line(index: Index, tmp_path: Path) -> None:
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    ingestion.start([tmp_path / "nowhere"])
    ingestion.wait()
    assert ingestion.error.startswith("no such file or folder: ")
    assert ingestion.report is None


def test_a_bug_ends_the_run_and_its_traceback_goes_to_the_log(
    index: Index, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ingestion = Ingestion(index, BrokenEmbedder(), Settings(chunk_tokens=64))
    ingestion.start([folder])
    ingestion.wait()
    assert ingestion.error == "Adding documents failed unexpectedly; the log says more."
    assert "ZeroDivisionError" in caplog.text


def test_a_new_run_forgets_the_error_of_the_last(index: Index, folder: Path) -> None:
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    ingestion.start([folder / "nowhere"])
    ingestion.wait()
    ingestion.start([folder])
    ingestion.wait()
    assert ingestion.error == ""


def test_a_dismissed_report_is_forgotten(index: Index, folder: Path) -> None:
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    ingestion.start([folder])
    ingestion.wait()
    ingestion.dismiss()
    assert ingestion.report is None


# Cancelling and resuming


def test_a_cancelled_run_tells_so_and_is_resumed(index: Index, folder: Path) -> None:
    for number in range(400):
        words = " ".join(f"word{number}x{word}" for word in range(20))
        (folder / f"{number}.txt").write_text(words)
    embedder = HeldEmbedder()
    ingestion = Ingestion(index, embedder, Settings(chunk_tokens=64))
    ingestion.start([folder])
    assert embedder.reached.wait(timeout=30)
    ingestion.cancel()
    assert ingestion.ending
    embedder.let_go.set()
    ingestion.wait()
    assert ingestion.report is not None
    assert ingestion.report.cancelled
    assert 0 < ingestion.report.present < ingestion.report.files == 402
    stays = ingestion.report.present
    assert ingestion.resume()
    ingestion.wait()
    assert (ingestion.report.unchanged, ingestion.report.added) == (stays, 402 - stays)
    assert ingestion.roots.unfinished() == []


def test_what_is_unfinished_is_resumed_after_a_restart(index: Index, folder: Path) -> None:
    Roots(index.catalog).begin([folder])  # and then the process was killed
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    assert [root.path for root in ingestion.roots.unfinished()] == [folder]
    ingestion.resume()
    ingestion.wait()
    assert ingestion.report is not None
    assert (ingestion.report.added, ingestion.roots.unfinished()) == (2, [])


def test_a_run_that_waits_for_its_turn_can_be_cancelled_and_resumed(
    index: Index, folder: Path
) -> None:
    ingestion = Ingestion(index, HashEmbedder(), Settings(chunk_tokens=64))
    with ingestion.turns.take():
        ingestion.start([folder])
        ingestion.cancel()
        ingestion.wait()
    assert ingestion.report is not None
    assert (ingestion.report.cancelled, ingestion.report.files) == (True, 0)
    assert ingestion.resume()
    ingestion.wait()
    assert ingestion.report.added == 2


# How long it takes


def test_nothing_is_said_of_the_time_before_it_is_stable() -> None:
    remaining = RemainingTime()
    for second in range(4):
        remaining.note(second, 100, now=float(second))
    assert remaining.seconds(4.0) is None


def test_the_time_left_is_told_once_forecasts_agree() -> None:
    remaining = RemainingTime()
    for second in range(20):
        remaining.note(second, 100, now=float(second))
    left = remaining.seconds(19.0)
    assert left is not None
    assert left == pytest.approx(81)


def test_a_pace_that_changes_is_not_trusted() -> None:
    remaining = RemainingTime()
    for second in range(20):
        remaining.note(second * second, 2_000, now=float(second))
    assert remaining.seconds(19.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (12, "less than a minute left"),
        (70, "about a minute left"),
        (170, "about 3 minutes left"),
        (3_500, "about an hour left"),
        (7_000, "about 2 hours left"),
    ],
)
def test_the_time_left_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
