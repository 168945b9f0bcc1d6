"""Files that are too large, lie about their size, never end, or are none any more."""

import os
import sys
from pathlib import Path
from time import process_time

import pytest

from ingest import file_bytes
from ingest.cancelling import RunCancelled
from ingest.file_bytes import blocks
from ingest.report import SyncReport
from ingest.scan import FoundFile, scan
from ingest.sync import sync
from rag_app.errors import SkippedFile
from rag_app.index.index import Index
from tests.fakes import HashEmbedder

TEN_GIGABYTES = 10 << 30
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def sparse(path: Path) -> Path:
    """A file that tells ten gigabytes and takes little."""
    path.write_text("Boats lie at berth seven.\n" * 50_000)
    os.truncate(path, TEN_GIGABYTES)
    return path


def test_a_file_is_its_blocks(tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "a").write_bytes(data)
    assert b"".join(blocks(tmp_path / "a")) == data


def test_a_file_that_is_too_large_is_skipped_unread_and_says_what_to_do(
    docs: Path, index: Index, embedder: HashEmbedder
) -> None:
    for name in ("a.txt", "b.txt"):
        sparse(docs / name)
    begun = process_time()
    reports = [sync([docs], index, embedder=embedder) for _ in range(2)]
    assert process_time() - begun < 5  # reading them takes far longer
    for report in reports:
        assert [path for path, _ in report.skipped] == [str(docs / "a.txt"), str(docs / "b.txt")]
        assert {reason for _, reason in report.skipped} == {
            "10,240 MiB is over the limit of 200 MiB; split it, or name it in a .ragignore"
        }
    assert (reports[0].added, reports[1].unchanged) == (2, 2)


def test_a_document_that_grows_too_large_is_no_longer_found_by_what_it_was(
    docs: Path, index: Index, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder)
    sparse(docs / "tools.md")
    report: SyncReport = sync([docs], index, embedder=embedder)
    assert len(report.skipped) == 1
    assert index.catalog.count_chunks() == 1


@linux
def test_reading_stops_at_the_limit_where_a_file_tells_no_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert b"".join(blocks(path))
    monkeypatch.setattr(file_bytes, "LARGEST", 100)
    with pytest.raises(SkippedFile, match="goes on after"):
        list(blocks(path))


def test_what_has_become_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    ((file,), _) = scan([path])
    path.unlink()
    os.mkfifo(path)
    assert isinstance(file, FoundFile)
    assert file.state().size == 4  # reading it would last for ever
    with pytest.raises(SkippedFile, match="is a pipe"):
        list(blocks(path))


@linux
@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="/proc/kmsg is for root")
def test_a_link_to_a_file_that_never_ends_does_not_hang(
    docs: Path, index: Index, embedder: HashEmbedder
) -> None:
    (docs / "log.txt").symlink_to("/proc/kmsg")
    report = sync([docs], index, embedder=embedder)
    assert report.added == 2


def test_looking_at_the_bytes_of_a_file_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(3 << 20))
    ((file,), _) = scan([tmp_path])
    asked: list[bool] = []

    def after_the_first() -> bool:
        asked.append(True)
        return len(asked) > 1

    with pytest.raises(RunCancelled):
        file.state(cancelled=after_the_first)
    assert len(asked) == 2
