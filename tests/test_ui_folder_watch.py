"""Folders that are watched in the background: real files, a real index."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.report import SyncReport
from ingest.roots import Root, Roots
from ingest.sync import sync
from ingest.watch import Waits
from rag_app.index.index import Index
from rag_app.index.writer_lock import writer_lock
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from tests.meanwhile import until
from ui.components.watched_folder import folder_html, status_words
from ui.jobs.folder_watch import FolderWatch, Watched
from ui.jobs.ingestion import Ingestion, Turns

QUICK = Waits(rest=0.1, most=2, look=0.3, poll=0.3, retry=0.3)
SETTINGS = Settings(chunk_tokens=64)
NOW = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)
Watch = Callable[..., FolderWatch]


@pytest.fixture
def open_watching(index: Index) -> Iterator[Watch]:
    """A watching as a server opens it; all are closed in the end."""
    opened: list[FolderWatch] = []

    def open_(turns: Turns | None = None) -> FolderWatch:
        embedder = HashEmbedder()
        opened.append(FolderWatch(index, embedder, SETTINGS, turns=turns or Turns(), waits=QUICK))
        return opened[-1]

    yield open_
    for each in opened:
        each.close(wait=True)


@pytest.fixture
def root(index: Index, docs: Path) -> Root:
    """A folder that was ingested."""
    sync([docs], index, embedder=HashEmbedder(), tokens=64)
    (found,) = Roots(index.catalog).folders()
    return found


def watched(watching: FolderWatch, root: Root) -> Watched:
    state = watching.of(root.key)
    assert state is not None
    return state


def has_looked(watching: FolderWatch, root: Root) -> bool:
    return watched(watching, root).looked is not None


def names(index: Index) -> list[str]:
    return sorted(Path(entry.source).name for entry in index.catalog.entries())


def test_changes_of_a_watched_folder_are_taken_up_and_told(
    open_watching: Watch, index: Index, docs: Path, root: Root
) -> None:
    watching = open_watching()
    watching.start(root)
    until(lambda: has_looked(watching, root))
    assert (watching.changes, watched(watching, root).report) == (0, None)
    (docs / "new.md").write_text("A new file.")
    until(lambda: watching.changes == 1)
    state = watched(watching, root)
    assert state.report is not None
    assert (state.report.added, state.error) == (1, "")
    assert names(index) == ["boats.txt", "new.md", "tools.md"]


def test_a_folder_is_no_longer_watched_once_that_is_switched_off(
    open_watching: Watch, index: Index, docs: Path, root: Root
) -> None:
    watching = open_watching()
    watching.start(root)
    until(lambda: has_looked(watching, root))
    watching.stop(root.key, wait=True)
    (docs / "new.md").write_text("A new file.")
    assert (watching.of(root.key), watching.watched) == (None, 0)
    assert "new.md" not in names(index)
    assert not Roots(index.catalog).all()[root.key].watched


def test_watching_goes_on_after_a_restart_with_what_changed_meanwhile(
    open_watching: Watch, index: Index, docs: Path, root: Root
) -> None:
    before = open_watching()
    before.start(root)
    before.close(wait=True)
    (docs / "tools.md").unlink()
    after = open_watching()
    until(lambda: after.changes == 1)
    assert names(index) == ["boats.txt"]


def test_it_takes_turns_with_all_else_that_writes(
    open_watching: Watch, index: Index, docs: Path, root: Root
) -> None:
    turns = Turns()
    watching = open_watching(turns)
    watching.start(root)
    until(lambda: has_looked(watching, root))
    with turns.take():
        (docs / "new.md").write_text("A new file.")
        until(lambda: watched(watching, root).busy)
        assert "new.md" not in names(index)
    until(lambda: "new.md" in names(index))


def test_what_keeps_it_from_writing_is_told_and_tried_again(
    open_watching: Watch, index: Index, docs: Path, root: Root
) -> None:
    watching = open_watching()
    with writer_lock(index.folder):  # as another process does
        (docs / "new.md").write_text("A new file.")
        watching.start(root)
        until(lambda: "another process is writing" in watched(watching, root).error)
    until(lambda: watching.changes == 1)
    assert watched(watching, root).error == ""


def test_a_bug_ends_it_and_is_told(
    open_watching: Watch,
    root: Root,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object, **__: object) -> SyncReport:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("ui.jobs.folder_watch.configured", lambda _: broken)
    watching = open_watching()
    watching.start(root)
    until(lambda: watched(watching, root).error != "")
    assert watched(watching, root).error == "Watching failed unexpectedly; the log says more."
    assert "ZeroDivisionError" in caplog.text


def test_an_upload_waits_for_its_turn(index: Index, docs: Path) -> None:
    ingestion = Ingestion(index, HashEmbedder(), SETTINGS)
    with ingestion.turns.take():
        assert ingestion.start([docs])
        assert names(index) == []
    ingestion.wait()
    assert names(index) == ["boats.txt", "tools.md"]


# In words


def test_the_folder_says_when_it_was_looked_at_and_what_changed(root: Root) -> None:
    early = NOW - timedelta(days=1)
    report = SyncReport(added=2, removed=1, unchanged=7)
    assert status_words(root, Watched(), NOW) == "Looking for changes …"
    assert status_words(root, Watched(busy=True), NOW) == "Taking up changes …"
    assert status_words(root, Watched(looked=NOW), NOW) == "Watched. Last looked: Today, 14:00."
    assert status_words(root, Watched(looked=NOW, changed=early, report=report), NOW) == (
        "Watched. Last looked: Today, 14:00. Last change: Yesterday, 14:00; 2 added, 1 removed."
    )
    assert status_words(root, Watched(error="the disk is full"), NOW) == "the disk is full"


def test_a_folder_that_is_gone_says_so(root: Root, docs: Path) -> None:
    docs.rename(docs.with_name("elsewhere"))
    assert status_words(root, None, NOW).startswith("This folder is not there now. Its ")


def test_the_name_of_a_folder_is_shown_as_text(root: Root) -> None:
    hostile = Root("/<img src=x>/<b>", "/<img src=x>/<b>")
    html = folder_html(hostile, None, holds="no documents", now=NOW)
    assert "<img" not in html
    assert "<b>" not in html
