"""Reading in child processes: in order, within limits, and a hostile file costs itself alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from ingest.cancelling import RunCancelled
from ingest.children import Limits
from ingest.reading import read_ahead
from ingest.scan import FoundFile, scan
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document
from tests.conftest import SAMPLES
from tests.meanwhile import until


def found(*paths: Path) -> list[FoundFile]:
    files, unreadable = scan(paths)
    assert not unreadable
    return files


def text_of(result: Document | LoadError) -> str:
    assert isinstance(result, Document), result
    return result.text


def children() -> list[int]:
    """Reading processes of this test."""
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "ingest.loading.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(line) for line in listed.stdout.split()]


def test_documents_come_as_loading_them_here_gives_them() -> None:
    from ingest.loading import load

    files = found(SAMPLES)
    documents = list(read_ahead(files, Limits()))
    assert documents == [load(file.path, source=file.source) for file in files]


def test_documents_come_in_the_order_asked_for(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.txt").write_text(
            f"{number} " * (20_000 if number % 7 == 0 else 1)
        )
    texts = [text_of(each) for each in read_ahead(found(tmp_path), Limits())]
    assert [int(text.split()[0]) for text in texts] == list(range(50))


def test_a_file_that_takes_too_long_fails_and_the_others_are_read(tmp_path: Path) -> None:
    row = "<tr><td>cell</td><td><b>bold</b></td></tr>"
    (tmp_path / "a.txt").write_text("before")
    (tmp_path / "b.html").write_text(f"<table>{row * 300_000}</table>")
    (tmp_path / "c.txt").write_text("after")
    begun = time.monotonic()
    first, slow, last = read_ahead(found(tmp_path), Limits(seconds=2))
    assert time.monotonic() - begun < 15
    assert (text_of(first), text_of(last)) == ("before", "after")
    assert isinstance(slow, LoadError)
    assert str(slow).endswith(
        "b.html: took longer than 2 s to read; raise file_seconds and run with --rebuild"
    )


def test_a_file_that_needs_too_much_memory_fails_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words " * 30_000_000)
    (tmp_path / "b.txt").write_text("after")
    big, after = read_ahead(found(tmp_path), Limits(mebibytes=300))
    assert isinstance(big, LoadError)
    assert "needs more than 300 MiB to be read; raise file_mebibytes" in str(big)
    assert text_of(after) == "after"


def test_a_reader_that_dies_is_replaced(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text(f"number {number}")
    results = read_ahead(found(tmp_path), Limits())
    next(results)
    for child in children():
        os.kill(child, signal.SIGSEGV)
    rest = list(results)
    failed = [each for each in rest if isinstance(each, LoadError)]
    assert 0 < len(failed) <= (os.cpu_count() or 1) + 1
    assert all("crashed its reader" in str(error) for error in failed)
    assert len(rest) == 39


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text("text")
    results = read_ahead(found(tmp_path), Limits())
    next(results)
    assert children()
    results.close()
    assert not children()


def test_ctrl_c_does_not_reach_the_readers(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text("text")
    results = read_ahead(found(tmp_path), Limits())
    next(results)
    assert os.getpgrp() not in {os.getpgid(child) for child in children()}
    results.close()


def test_a_skipped_file_stays_told_apart_from_a_failed_one(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (empty,) = read_ahead(found(tmp_path), Limits())
    assert isinstance(empty, SkippedFile)


def test_no_module_is_taken_from_the_folder_that_people_are_in(tmp_path: Path) -> None:
    for name in ("json.py", "ingest.py", "signal.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')")
    (tmp_path / "a.txt").write_text("text")
    code = (
        "from pathlib import Path; from ingest.reading import *; from ingest.scan import scan;"
        "print(*read_ahead(scan([Path('a.txt')])[0], Limits()))"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "text='text'" in done.stdout, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_reader_ends_when_its_application_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    code = (
        "import sys, time; from pathlib import Path;"
        "from ingest.reading import *; from ingest.scan import scan;"
        "results = read_ahead(scan([Path(sys.argv[1])])[0] * 9, Limits());"
        "next(results); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.txt")], stdout=subprocess.PIPE, text=True
    ) as application:
        assert application.stdout is not None
        assert application.stdout.readline() == "ready\n"
        tasks = Path(f"/proc/{application.pid}/task").glob("*/children")
        readers = [int(pid) for task in tasks for pid in task.read_text().split()]
        application.kill()
    assert readers
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in readers):
        assert time.monotonic() < deadline, "a reader lives on"
        time.sleep(0.05)


@pytest.mark.parametrize("end", ["limit", "cancel"])
def test_what_a_reader_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    note = tmp_path / "tesseract.pid"
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$1" = --list-langs ] && printf "List\\neng\\n" && exit\n'
        f"echo $$ > {note}.part && mv {note}.part {note} && exec sleep 60\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    docs = tmp_path / "docs"
    docs.mkdir()
    Image.new("RGB", (400, 200), "white").save(docs / "scan.png")

    results = read_ahead(
        found(docs), Limits(seconds=4), cancelled=lambda: end == "cancel" and note.exists()
    )
    if end == "cancel":
        with pytest.raises(RunCancelled):
            next(results)
    else:
        (error,) = results
        assert isinstance(error, LoadError)
        assert "took longer than 4 s" in str(error)
    results.close()
    until(lambda: not Path(f"/proc/{note.read_text().strip()}/cmdline").exists(), seconds=2)
