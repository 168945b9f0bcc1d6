"""`python -m ingest`: what it prints where, how it exits, and how it watches."""

import json
import os
import signal
import subprocess
import sys
from _thread import interrupt_main
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest import script
from rag_app.index.index import Index
from rag_app.protocols import TextKind, Vectors
from rag_app.settings.provenance import Settings
from tests.conftest import ROOT
from tests.fakes import HashEmbedder
from tests.meanwhile import meanwhile, until

KEYS = [
    *("added", "updated", "renamed", "unchanged", "removed", "failed", "partial", "skipped"),
    *("files", "chunks", "embedded", "seconds", "stages", "kept", "away"),
]
Main = Callable[..., int]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("Tides turn at noon.")
    return folder


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Main:
    """The command with its own index and a model that costs nothing."""
    embedder = HashEmbedder()

    def open_index(settings: Settings) -> tuple[Index, HashEmbedder]:
        return Index.open(settings.index, embedder=embedder), embedder

    monkeypatch.setattr(script, "open_index", open_index)
    return lambda *given: script.main([*map(str, given), "--index", str(tmp_path / "index")])


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_the_report_has_the_promised_keys_in_one_line(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(docs, "--json") == 0
    report = printed(capsys)
    assert list(report) == KEYS
    assert list(report["stages"]) == ["load", "chunk", "embed", "store"]
    assert (report["added"], report["files"], report["chunks"], report["embedded"]) == (1, 1, 1, 1)


def test_a_failed_file_is_listed_with_its_reason_and_exits_1(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "b.pdf").write_bytes(b"no pdf")
    (docs / "c.png").write_bytes(b"no text")
    assert main(docs, "--json") == 1
    report = printed(capsys)
    assert (report["added"], report["files"]) == (1, 3)
    assert [found["path"] for found in report["failed"]] == [str(docs / "b.pdf")]
    assert report["failed"][0]["reason"].startswith(
        "damaged: the bytes are not those of a .pdf file"
    )
    assert [sorted(found) for found in report["skipped"]] == [["path", "reason"]]


def test_reasons_and_progress_go_to_stderr_and_the_summary_to_stdout(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "b.pdf").write_bytes(b"no pdf")
    assert main(docs) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("2 files: 1 added, 1 failed; 1 chunks, 1 embedded, ")
    assert shown.out.count("\n") == 1
    assert f"failed: {docs / 'b.pdf'}: damaged" in shown.err


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert main(docs, "--dry-run", "--json") == 0
        report = printed(capsys)
        assert (report["added"], report["chunks"], report["embedded"]) == (1, 0, 0)


def test_rebuild_reads_again_without_embedding(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(docs)
    capsys.readouterr()
    assert main(docs, "--rebuild", "--json") == 0
    report = printed(capsys)
    assert (report["updated"], report["embedded"]) == (1, 0)


def test_a_path_that_does_not_exist_is_one_line_and_exits_1(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path / "nowhere") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "no such file or folder" in shown.err


@pytest.mark.parametrize("given", [[], ["docs", "--unknown"]])
def test_wrong_usage_exits_2(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main(given)
    assert caught.value.code == 2
    assert "usage: rag-ingest" in capsys.readouterr().err


def test_the_module_runs_from_any_folder_and_embeds_with_the_bundled_model(
    docs: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ingest", "docs", "--index", "index", "--json"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert (report["added"], report["chunks"]) == (1, 1)
    assert "Traceback" not in done.stderr


class Interrupting(HashEmbedder):
    """Has Ctrl-C pressed when it first embeds."""

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        if not self.embedded:
            interrupt_main()
        return super().embed(texts, kind=kind)


def test_ctrl_c_ends_it_after_the_batch_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    embedder, folder = Interrupting(), tmp_path / "many"
    folder.mkdir()
    for number in range(12):
        words = map(str, range(number, number + 2_000))  # short, so that a batch is one step
        (folder / f"{number:02}.txt").write_text(" ".join(words))
    index = Index.open(tmp_path / "index", embedder=embedder)
    monkeypatch.setattr(script, "open_index", lambda settings: (index, embedder))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert script.main([str(folder)]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith("interrupted; run the command again to continue\n")
    assert 0 < len(index.catalog.entries()) < 12
    index.close()


# Watching


def test_the_command_follows_changes_until_interrupted(
    main: Main, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports: list[dict[str, Any]] = []

    def reported() -> int:
        reports.extend(map(json.loads, capsys.readouterr().out.splitlines()))
        return len(reports)

    def story() -> None:
        until(lambda: reported() == 1)
        (docs / "b.md").write_text("new")
        until(lambda: reported() == 2)

    with meanwhile(story):
        assert main(docs, "--watch", "--json") == 0
    first, second = reports
    assert (first["added"], second["added"], second["unchanged"]) == (1, 1, 1)
