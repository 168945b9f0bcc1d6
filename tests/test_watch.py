"""Watching: real files, real system events, and what is seen in the end."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import pytest

from ingest.events import Events
from ingest.scan import scan
from ingest.scope import Scope
from ingest.watch import UNKNOWN, Waits, snapshot, watch
from rag_app.errors import ConfigError, IndexLocked
from tests.conftest import ROOT
from tests.meanwhile import meanwhile, until
from tests.privileges import open_folder, without_privileges

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux")
# Nothing is found by a look unasked: what these tests see, the system told.
QUICK = Waits(rest=0.2, most=5, look=600, poll=600, retry=0.3)
Content = dict[str, str]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("first")
    return folder


def content(*paths: Path) -> Content:
    """The text of every file that a scan finds, by its name."""
    found, _ = scan(paths, follow_links=True)
    texts = {}
    for file in found:
        with suppress(FileNotFoundError):  # it may have gone since
            texts[file.path.name] = file.path.read_text()
    return texts


class Follower:
    """Watches in the main thread while a story happens in another, then is interrupted."""

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self.seen: list[Content] = []

    def note(self) -> None:
        self.seen.append(content(*self.paths))

    def follow(
        self,
        story: Callable[[], object],
        *,
        waits: Waits = QUICK,
        changed: Callable[[], object] | None = None,
    ) -> None:
        # What happens before the watch has begun counts too.
        since = snapshot(self.paths, follow_links=True)
        with meanwhile(story):
            changed = changed or self.note
            watch(self.paths, changed, since=since, waits=waits, follow_links=True)

    def saw(self, expected: Content) -> None:
        """Wait until this is what the last call saw."""
        until(lambda: bool(self.seen) and self.seen[-1] == expected)

    def awake(self, folder: Path) -> int:
        """How often it was called until it saw a change that it is surely told of."""
        (folder / "awake.md").write_text(str(len(self.seen)))
        until(lambda: bool(self.seen) and self.seen[-1].get("awake.md") == str(len(self.seen) - 1))
        return len(self.seen)


# What is seen


def test_it_is_called_once_after_files_have_come_to_rest(docs: Path) -> None:
    follower = Follower(docs)

    def story() -> None:
        follower.awake(docs)
        with (docs / "b.md").open("w") as file:
            for _ in range(10):
                file.write("part ")
                file.flush()
                sleep(0.05)
        until(lambda: len(follower.seen) > 1)
        sleep(1)

    follower.follow(story)
    assert len(follower.seen) == 2
    assert follower.seen[-1]["b.md"] == "part " * 10


def test_after_a_storm_the_last_call_saw_the_last_state(docs: Path) -> None:
    follower = Follower(docs)
    expected = {f"{n}.md": f"text {n} again" for n in range(5000) if n % 3}

    def story() -> None:
        (docs / "a.md").unlink()
        for number in range(5000):
            folder = docs / str(number % 50) / "in"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.md").write_text(f"text {number}")
        for number in range(5000):
            path = docs / str(number % 50) / "in" / f"{number}.md"
            if number % 3:
                path.write_text(f"text {number} again")
            else:
                path.unlink()
        follower.saw(expected)

    # A queue that overflows is healed by a look.
    follower.follow(story, waits=replace(QUICK, look=3))


def test_in_a_storm_without_end_it_is_called_all_the_same(docs: Path) -> None:
    follower = Follower(docs)
    end = monotonic() + 20

    def story() -> None:
        number = 0
        while len(follower.seen) < 3 and monotonic() < end:
            number += 1
            (docs / "b.md").write_text(f"{number}")
            sleep(0.01)

    follower.follow(story, waits=replace(QUICK, most=0.6))
    assert len(follower.seen) >= 3


def test_a_change_during_a_call_leads_to_another(docs: Path) -> None:
    follower = Follower(docs)

    def changed() -> None:
        follower.note()
        if len(follower.seen) == 1:
            (docs / "c.md").write_text("while it worked")

    def story() -> None:
        (docs / "b.md").write_text("before")
        follower.saw({"a.md": "first", "b.md": "before", "c.md": "while it worked"})

    follower.follow(story, changed=changed)
    assert len(follower.seen) == 2


def test_an_editor_that_saves_by_renaming_is_followed(docs: Path) -> None:
    follower = Follower(docs, docs / "a.md")

    def story() -> None:
        (docs / ".a.md.new").write_text("second")
        (docs / ".a.md.new").replace(docs / "a.md")
        follower.saw({"a.md": "second"})
        (docs / "a.md").rename(docs / ".a.md.backup")
        (docs / "a.md").write_text("third")
        follower.saw({"a.md": "third"})

    follower.follow(story)


def test_a_folder_moved_in_and_out_is_followed(docs: Path, tmp_path: Path) -> None:
    follower = Follower(docs)
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "b.md").write_text("from outside")

    def story() -> None:
        outside.rename(docs / "inside")
        follower.saw({"a.md": "first", "b.md": "from outside"})
        (docs / "inside" / "deep" / "b.md").write_text("changed inside")
        follower.saw({"a.md": "first", "b.md": "changed inside"})
        (docs / "inside").rename(outside)
        follower.saw({"a.md": "first"})

    follower.follow(story)


def test_files_in_new_folders_are_followed(docs: Path) -> None:
    follower = Follower(docs)

    def story() -> None:
        (docs / "x" / "y" / "z").mkdir(parents=True)
        (docs / "x" / "y" / "z" / "b.md").write_text("deep")
        follower.saw({"a.md": "first", "b.md": "deep"})
        (docs / "x" / "y" / "z" / "b.md").write_text("deeper")
        follower.saw({"a.md": "first", "b.md": "deeper"})

    follower.follow(story)


@linux
def test_a_file_whose_name_is_no_text_is_followed(docs: Path) -> None:
    follower = Follower(docs)
    path = docs / os.fsdecode(b"caf\xe9.md")

    def story() -> None:
        path.write_text("text")
        follower.saw({"a.md": "first", path.name: "text"})

    follower.follow(story)


def test_what_changed_before_it_began_counts_when_asked(docs: Path) -> None:
    follower = Follower(docs)
    before = snapshot([docs])
    (docs / "b.md").write_text("in between")

    def changed() -> None:
        follower.note()
        raise KeyboardInterrupt

    watch([docs], changed, since=before, waits=QUICK)
    assert follower.seen == [{"a.md": "first", "b.md": "in between"}]


# What does not wake it


def test_hidden_and_ignored_files_and_the_index_do_not_wake_it(docs: Path) -> None:
    follower = Follower(docs)
    (docs / ".ragignore").write_text("*.log\nout/\n")
    for folder in ("index", "out", ".git"):
        (docs / folder).mkdir()
    (docs / "index" / "catalog.sqlite").touch()

    def story() -> None:
        calls = follower.awake(docs)
        for name in ("index/new.md", "out/a.md", ".git/a.md", ".hidden.md", "a.log"):
            (docs / name).write_text("text")
        (docs / "a.md").read_text()
        sleep(1)
        assert len(follower.seen) == calls

    follower.follow(story)


def test_the_files_beside_a_named_file_do_not_wake_it(docs: Path) -> None:
    follower = Follower(docs / "a.md")

    def story() -> None:
        (docs / "a.md").write_text("second")
        follower.saw({"a.md": "second"})
        (docs / "b.md").write_text("beside it")
        sleep(1)

    follower.follow(story)
    assert len(follower.seen) == 1


def test_a_file_that_is_ignored_from_now_on_is_gone(docs: Path) -> None:
    follower = Follower(docs)
    (docs / "b.tmp").write_text("text")

    def story() -> None:
        follower.awake(docs)
        (docs / ".ragignore").write_text("*.tmp\nawake.md\n")
        follower.saw({"a.md": "first"})
        (docs / ".ragignore").unlink()
        follower.saw({"a.md": "first", "b.tmp": "text", "awake.md": "0"})

    follower.follow(story)


def test_the_scope_is_what_a_scan_looks_at(docs: Path) -> None:
    names = ["b.md", "c.log", ".d/e.md", "index/f.md", "index/catalog.sqlite", "s/g.log", "s/h.md"]
    for name in names:
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text("text")
    (docs / ".ragignore").write_text("*.log\n")
    (docs / "s" / ".ragignore").write_text("!*.log\nh.md\n")
    scope = Scope([docs, docs / ".d", docs.parent / "single.md"])
    covered = [name for name in names if scope.covers(docs / name, is_folder=False)]
    assert covered == ["b.md", ".d/e.md", "s/g.log"]
    found, _ = scan([docs, docs / ".d"])
    assert {docs / name for name in covered} == {file.path for file in found} - {docs / "a.md"}
    assert scope.covers(docs, is_folder=True)
    assert scope.covers(docs / "s" / ".ragignore", is_folder=False)
    assert scope.covers(docs.parent / "single.md", is_folder=False)
    assert not scope.covers(docs.parent / "other.md", is_folder=False)


# Folders that come and go


def test_a_folder_that_is_deleted_and_comes_back_is_followed_on(docs: Path) -> None:
    follower = Follower(docs)

    def story() -> None:
        follower.awake(docs)
        shutil.rmtree(docs)
        follower.saw({})
        docs.mkdir()
        (docs / "b.md").write_text("back")
        follower.saw({"b.md": "back"})
        (docs / "b.md").write_text("changed")
        follower.saw({"b.md": "changed"})

    follower.follow(story)


def test_a_folder_exchanged_for_another_is_followed_on(docs: Path, tmp_path: Path) -> None:
    follower = Follower(docs)
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text("other")

    def story() -> None:
        follower.awake(docs)
        docs.rename(tmp_path / "old")
        other.rename(docs)
        follower.saw({"b.md": "other"})
        (docs / "b.md").write_text("changed")
        follower.saw({"b.md": "changed"})
        calls = len(follower.seen)
        (tmp_path / "old" / "a.md").write_text("of no interest")
        sleep(1)
        assert len(follower.seen) == calls

    follower.follow(story)


def test_a_path_that_is_not_yet_there_is_followed_from_when_it_is(docs: Path) -> None:
    follower = Follower(docs / "later")

    def story() -> None:
        sleep(0.5)
        (docs / "later").mkdir()
        (docs / "later" / "b.md").write_text("there")
        follower.saw({"b.md": "there"})

    follower.follow(story)


# What the system does not tell


def test_a_change_that_nobody_told_of_is_found_by_a_look(docs: Path, tmp_path: Path) -> None:
    follower = Follower(docs)
    target = tmp_path / "target.md"
    target.write_text("far away")
    (docs / "a.md").unlink()
    (docs / "a.md").symlink_to(target)

    def story() -> None:
        sleep(0.5)
        target.write_text("changed far away")
        follower.saw({"a.md": "changed far away"})

    follower.follow(story, waits=replace(QUICK, look=0.5))


def can_be_limited() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-Ur", "sh", "-c", "echo 9 > /proc/sys/user/max_inotify_watches"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def limited(code: str, folder: Path, **limits: int) -> str:
    """What the code prints where the system watches no more than this for it."""
    if not can_be_limited():
        pytest.skip("the system gives no one limits of their own")
    begin = "import sys; from pathlib import Path; folder = Path(sys.argv[1])\n"
    for name, limit in limits.items():
        begin += f"Path('/proc/sys/user/max_inotify_{name}').write_text('{limit}')\n"
    command = ["unshare", "-Ur", sys.executable, "-c", begin + code, str(folder)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@linux
def test_without_system_events_it_looks_every_few_seconds(docs: Path) -> None:
    code = """
from threading import Timer
from ingest.watch import Waits, watch
def seen():
    print("seen")
    raise KeyboardInterrupt
Timer(0.5, (folder / "b.md").touch).start()
watch([folder], seen, waits=Waits(rest=0.1, look=600, poll=0.2))
"""
    assert limited(code, docs, instances=0) == "seen\n"


@linux
def test_it_knows_when_some_folders_are_not_watched(docs: Path) -> None:
    for number in range(20):
        (docs / str(number)).mkdir()
    code = """
from ingest.events import Events
with Events([folder]) as events:
    print(events.complete)
"""
    assert limited(code, docs, watches=100) == "True\n"
    assert limited(code, docs, watches=10) == "False\n"


def test_many_places_are_not_remembered_without_end(docs: Path) -> None:
    from watchdog.events import FileCreatedEvent

    events = Events([docs])
    for number in range(10_002):
        events.on_any_event(FileCreatedEvent(f"{docs}/{number}"))
    assert events.wait(0) is None
    assert events.wait(0) == set()


# When the work cannot be done, and the end


def test_it_tries_again_while_another_process_writes(
    docs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    follower = Follower(docs)
    tries: list[float] = []

    def locked_at_first() -> None:
        tries.append(monotonic())
        if len(tries) < 4:
            raise IndexLocked("another process is writing")
        follower.note()

    def story() -> None:
        (docs / "b.md").write_text("new")
        follower.saw({"a.md": "first", "b.md": "new"})

    follower.follow(story, changed=locked_at_first)
    assert len(tries) == 4
    assert min(later - earlier for earlier, later in pairwise(tries)) > 0.25
    assert [record.getMessage() for record in caplog.records] == [
        "another process is writing; the changes are taken up then"
    ]


@linux
def test_that_a_file_can_be_read_at_last_is_a_change() -> None:
    with open_folder() as folder:
        (folder / "a.md").touch(mode=0)
        with without_privileges():
            closed = snapshot([folder])
            assert snapshot([folder]) == closed
        (folder / "a.md").chmod(0o644)
        with without_privileges():
            assert snapshot([folder]) != closed


def test_work_that_fails_for_another_reason_is_tried_again_too(docs: Path) -> None:
    follower = Follower(docs)
    errors = [ConfigError("no such file or folder: elsewhere")]

    def failing_once() -> None:
        follower.note()
        if errors:
            raise errors.pop()

    def story() -> None:
        (docs / "b.md").write_text("new")
        until(lambda: len(follower.seen) == 2)

    follower.follow(story, changed=failing_once)


def test_what_is_no_failure_of_ours_ends_it(docs: Path) -> None:
    (docs / "b.md").write_text("new")

    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        watch([docs], broken, since={}, waits=QUICK)


def test_ctrl_c_leaves_nothing_behind(docs: Path) -> None:
    threads = threading.active_count()
    Follower(docs).follow(lambda: sleep(0.3))
    assert threading.active_count() == threads


def test_it_ends_when_it_is_cancelled_and_tells_when_it_looked(docs: Path) -> None:
    looks: list[float] = []
    seen: list[Content] = []
    watch(
        [docs],
        lambda: seen.append(content(docs)),
        since=UNKNOWN,
        waits=replace(QUICK, look=0.1, poll=0.1),
        looked=lambda: looks.append(monotonic()),
        cancelled=lambda: len(looks) > 2,
    )
    assert seen == [{"a.md": "first"}]
    assert looks == sorted(looks)
