"""Folders and files that are away: nothing of theirs is forgotten, until told otherwise."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest import script
from ingest.missing_paths import known_mounts, mounts_of, reason_away, remember_mounts
from ingest.report import SyncReport
from ingest.roots import Roots
from ingest.scan import FoundFile
from ingest.sync import sync
from ingest.watch import Waits
from rag_app.index.index import Index
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from tests.meanwhile import meanwhile, until
from ui.components.watched_folder import status_words
from ui.jobs.folder_watch import FolderWatch
from ui.jobs.ingestion import Turns

Ingest = Callable[..., SyncReport]
LEAVES = ("emptied", "gone")


@pytest.fixture
def ingest(index: Index, embedder: HashEmbedder, docs: Path) -> Ingest:
    def run(*paths: Path, **options: Any) -> SyncReport:
        return sync(paths or (docs,), index, embedder=embedder, **options)

    return run


def names(index: Index) -> list[str]:
    return sorted(Path(entry.source).name for entry in index.catalog.entries())


def leave(folder: Path, how: str) -> Path:
    """Have a folder look as a share does that is not mounted; where its files are now."""
    away = folder.with_name("away")
    folder.rename(away)
    if how == "emptied":
        folder.mkdir()
        (folder / ".hidden").touch()
        (folder / "and").mkdir()
    return away


def come_back(folder: Path, away: Path) -> None:
    for path in away.iterdir():
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)


@pytest.mark.parametrize("how", LEAVES)
def test_a_folder_that_is_away_keeps_its_documents_and_is_named(
    ingest: Ingest, index: Index, embedder: HashEmbedder, docs: Path, how: str
) -> None:
    ingest()
    embedded, away = embedder.embedded, leave(docs, how)
    report = ingest()
    assert (report.removed, report.kept, report.status) == (0, 2, 1)
    ((path, reason),) = report.away
    assert path == str(docs)
    assert "--remove-missing" in reason
    assert names(index) == ["boats.txt", "tools.md"]
    come_back(docs, away)
    report = ingest()
    assert (report.unchanged, report.status, embedder.embedded) == (2, 0, embedded)


@pytest.mark.parametrize("how", LEAVES)
def test_told_so_its_documents_go(ingest: Ingest, index: Index, docs: Path, how: str) -> None:
    ingest()
    leave(docs, how)
    report = ingest(remove_missing=True)
    assert (report.removed, report.kept, report.away, report.status) == (2, 0, [], 0)
    assert index.catalog.size() == (0, 0)


def test_a_file_that_is_gone_keeps_its_document(ingest: Ingest, index: Index, docs: Path) -> None:
    ingest(docs / "tools.md")
    (docs / "tools.md").unlink()
    report = ingest(docs / "tools.md")
    assert (report.removed, report.kept, report.status) == (0, 1, 1)
    assert names(index) == ["tools.md"]


def test_what_moved_from_a_folder_that_is_gone_is_renamed(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    moved = docs.rename(docs.with_name("papers"))
    report = ingest(docs, moved)
    assert (report.renamed, report.kept, report.away) == (2, 0, [])
    assert {Path(entry.source).parent for entry in index.catalog.entries()} == {moved}


def test_a_folder_whose_files_are_all_ignored_is_not_away(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    (docs / ".ragignore").write_text("*\n")
    assert (ingest().removed, names(index)) == (2, [])


def test_a_share_below_the_folder_that_is_away_keeps_its_documents(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    share = docs / "share"
    share.mkdir()
    (share / "minutes.md").write_text("The pontoon was bought in May.")
    ingest()
    remember_mounts(index.catalog, [docs], [share])
    (share / "minutes.md").unlink()
    (docs / "boats.txt").unlink()
    for _ in range(2):  # it is not forgotten over a run
        report = ingest()
        assert [path for path, _ in report.away] == [str(share)]
        assert names(index) == ["minutes.md", "tools.md"]
    assert ingest(remove_missing=True).removed == 1
    assert known_mounts(index.catalog, [docs]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the mount point of Linux")
def test_where_another_file_system_begins_is_known() -> None:
    status = Path("/proc/sys/kernel/ostype").stat()
    file = FoundFile.of("/proc/sys/kernel/ostype", "ostype", status)
    assert Path("/proc") in mounts_of([file], [Path("/")])
    assert mounts_of([file], [Path("/proc/sys")]) == set()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_behind_a_closed_door_is_not_said_to_be_gone(docs: Path) -> None:
    docs.chmod(0)
    try:
        assert reason_away(docs / "tools.md") == ""
    finally:
        docs.chmod(0o755)


# Commands and the library


def test_the_command_says_so_in_one_line_at_once_and_while_it_watches(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    embedder = HashEmbedder()

    def open_index(settings: Settings) -> tuple[Index, HashEmbedder]:
        return Index.open(settings.index, embedder=embedder), embedder

    monkeypatch.setattr(script, "open_index", open_index)
    command = [str(docs), "--index", str(tmp_path / "index"), "--json"]
    told = ["", ""]

    def reports() -> list[dict[str, Any]]:
        read = capsys.readouterr()
        told[0], told[1] = told[0] + read.out, told[1] + read.err
        return [json.loads(line) for line in told[0].splitlines()]

    def story() -> None:
        until(lambda: len(reports()) == 1)
        leave(docs, "emptied")
        until(lambda: len(reports()) == 2)

    with meanwhile(story):
        script.main([*command, "--watch"])
    (_, second) = reports()
    assert (second["removed"], second["kept"], second["away"][0]["path"]) == (0, 2, str(docs))
    assert script.main(command) == 1
    reports()
    assert told[1].count(f"{docs} is empty; its 2 documents are kept") == 2
    assert script.main([*command, "--remove-missing"]) == 0
    assert reports()[-1]["removed"] == 2


def test_a_watched_folder_that_is_emptied_keeps_its_documents(
    index: Index, docs: Path, embedder: HashEmbedder
) -> None:
    sync([docs], index, embedder=embedder, tokens=64)
    (root,) = Roots(index.catalog).folders()
    waits = Waits(rest=0.1, most=2, look=0.3, poll=0.3, retry=0.3)
    settings = Settings(chunk_tokens=64)
    watching = FolderWatch(index, embedder, settings, turns=Turns(), waits=waits)
    try:
        watching.start(root)
        until(lambda: (state := watching.of(root.key)) is not None and state.looked is not None)
        away = leave(docs, "emptied")
        assert "empty now. Its documents are kept" in status_words(root, None, _now())
        come_back(docs, away)
        (docs / "new.md").write_text("A new file.")
        until(lambda: watching.changes == 1)
    finally:
        watching.close(wait=True)
    assert names(index) == ["boats.txt", "new.md", "tools.md"]


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
