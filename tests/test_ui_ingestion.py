"""Adding documents in the background, with a real index."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from rag_app.config import Settings
from rag_app.index.index import Index
from rag_app.protocols import TextKind, Vectors
from tests.fakes import HashEmbedder
from ui.ingestion import Ingestion


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
