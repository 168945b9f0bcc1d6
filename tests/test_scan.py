"""Scanning: every file under the paths once, and why some cannot be looked at."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from ingest.names import path_of
from ingest.scan import locate, scan
from tests.privileges import open_folder, without_privileges

Write = Callable[..., Path]
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, text: str = "text") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def sources(*paths: Path) -> list[str]:
    found, _ = scan(paths)
    return [file.source for file in found]


def test_files_of_all_folders_are_found_in_order(write: Write, tmp_path: Path) -> None:
    files = [write("b.md"), write("a/d.md"), write("a/c.xyz")]
    assert sorted(sources(tmp_path)) == sorted(map(str, files))


def test_hidden_files_and_folders_must_be_named_to_be_found(write: Write, tmp_path: Path) -> None:
    hidden, inside = write(".notes.md"), write(".git/config.md")
    assert sources(tmp_path) == []
    assert sources(hidden, inside.parent) == [str(hidden), str(inside)]


def test_a_file_under_two_of_the_paths_is_found_once(write: Write, tmp_path: Path) -> None:
    path = write("a/b.md")
    assert sources(tmp_path, tmp_path / "a", path) == [str(path)]


def test_a_source_begins_as_the_path_was_given(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("docs/a.md")
    monkeypatch.chdir(tmp_path)
    found, _ = scan([Path("docs")])
    assert (found[0].source, found[0].path) == (str(Path("docs", "a.md")), path)


def test_links_to_folders_are_not_followed_so_that_loops_end(write: Write, tmp_path: Path) -> None:
    path = write("a/b.md")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert sources(tmp_path) == [str(path)]


def test_a_link_to_nothing_is_named_as_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to(tmp_path / "gone.md")
    found, (unread,) = scan([tmp_path])
    assert (found, unread.source) == ([], str(tmp_path / "a.md"))
    assert unread.reason == "No such file or directory"


def test_an_index_inside_the_folder_is_no_document(write: Write, tmp_path: Path) -> None:
    path = write("a.md")
    write("index/catalog.sqlite")
    write("index/chroma/data.md")
    assert sources(tmp_path) == [str(path)]


def test_an_index_that_is_named_is_no_folder_of_documents(write: Write, tmp_path: Path) -> None:
    write("index/catalog.sqlite")
    path = write("index/uploads/a.md")
    assert sources(tmp_path / "index") == []
    assert sources(tmp_path / "index" / "uploads") == [str(path)]


# Names


@linux
def test_a_file_whose_name_is_no_text_is_found_and_can_be_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"), os.fsdecode(b"\xff.md"))
    path.parent.mkdir()
    path.write_text("text")
    ((file,), unreadable) = scan([tmp_path])
    assert (file.path, unreadable) == (path, [])
    assert file.key == file.source == rf"{tmp_path}/caf\xe9/\xff.md"
    assert file.state().digest == sha256(b"text").hexdigest()
    assert path_of(file.key).is_relative_to(locate(path.parent))


@linux
def test_odd_names_are_found_as_they_are(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["-rf", "a\nb.md", " ", "\\", "*", "ü" * 127 + "u", "\u202e.md", "~", "%s", "\x1b[1m"]
    for name in names:
        write(name)
    monkeypatch.chdir(tmp_path)
    assert sorted(sources(Path())) == sorted(names)


@linux
def test_a_folder_too_deep_for_the_system_is_named_and_the_others_are_found(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.md").write_text("text")
    above = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):  # also more than Python's stack is deep
        os.mkdir("deep", dir_fd=above)
        below = os.open("deep", os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)
    found, (unread,) = scan([tmp_path])
    assert [file.path.name for file in found] == ["b.md"]
    assert unread.reason == "File name too long"
    subprocess.run(["rm", "-r", tmp_path / "deep"], check=True)


# What is no file


def test_a_link_to_a_file_is_a_file_of_its_own(write: Write, tmp_path: Path) -> None:
    path = write("a.md")
    (tmp_path / "b.md").symlink_to(path)
    assert sources(tmp_path) == [str(path), str(tmp_path / "b.md")]


def test_links_in_a_circle_are_named_as_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    found, unreadable = scan([tmp_path, tmp_path / "a.md" / "c.md"])
    assert found == []
    assert {unread.reason for unread in unreadable} == {"Too many levels of symbolic links"}
    assert len(unreadable) == 3


@linux
def test_pipes_sockets_and_devices_are_never_opened(write: Write, tmp_path: Path) -> None:
    path = write("a.md")
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "link.md").symlink_to("pipe.md")
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.md"))
        assert scan([tmp_path])[1] == []
        assert sources(tmp_path) == [str(path)]
        _, unreadable = scan([tmp_path / name for name in ("pipe.md", "link.md", "s.md")])
    assert [unread.reason[:28] for unread in unreadable] == ["is a pipe, a socket or a dev"] * 3


def test_a_path_that_is_not_there_is_named_as_unreadable(tmp_path: Path) -> None:
    found, (unread,) = scan([tmp_path / "gone"])
    assert (found, unread.reason) == ([], "No such file or directory")


@linux
def test_closed_folders_are_named_and_the_others_are_found() -> None:
    with open_folder() as folder:
        closed = folder / "closed"
        closed.mkdir(mode=0)
        (folder / "a.md").write_text("text")
        with without_privileges():
            found, (unread,) = scan([folder])
            _, (inside,) = scan([closed / "b.md"])
    assert [file.path.name for file in found] == ["a.md"]
    assert (unread.path, unread.reason) == (closed, "Permission denied")
    assert inside.reason == "Permission denied"


@linux
def test_an_ignore_file_that_cannot_be_read_closes_its_folder() -> None:
    with open_folder() as folder:
        (folder / "a.md").write_text("text")
        (folder / ".ragignore").touch(mode=0)
        with without_privileges():
            found, (unread,) = scan([folder])
    assert (found, unread.path) == ([], folder)
    assert unread.source == str(folder / ".ragignore")
    assert unread.reason.startswith("Permission denied")


def test_a_folder_that_goes_while_it_is_walked_is_gone_and_no_failure(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("z/a.md")
    write("a/b.md")
    look = os.scandir

    def removing(folder: str) -> object:
        if Path(folder) == path.parent and path.exists():
            path.unlink()
            path.parent.rmdir()
        return look(folder)

    monkeypatch.setattr(os, "scandir", removing)
    found, unreadable = scan([tmp_path])
    assert ([file.path.name for file in found], unreadable) == (["b.md"], [])


# What is said of a file


def test_the_digest_tells_files_apart_by_their_bytes(write: Write) -> None:
    found, _ = scan([write("a.md", "one"), write("b.md", "two"), write("c.md", "one")])
    first, second, third = (file.state().digest for file in found)
    assert first == third != second


@pytest.mark.parametrize("name", [".", "../docs", "../link", "sub/.."])
def test_a_folder_has_one_place_however_it_is_named(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = write("docs/sub/a.md").parent.parent
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    assert locate(Path(name)) == folder


# Links that lead out


@pytest.fixture
def linked(write: Write, tmp_path: Path) -> Path:
    """A folder with links to a file of its own, one elsewhere, and a folder elsewhere."""
    for name in ("outside/secret.md", "outside/folder/a.md", "docs/own.md"):
        write(name)
    docs = tmp_path / "docs"
    (docs / "inner.md").symlink_to("own.md")
    (docs / "outer.md").symlink_to("../outside/secret.md")
    (docs / "folder").symlink_to(tmp_path / "outside" / "folder")
    (docs / "loop").symlink_to(docs)
    return docs


def test_links_that_leave_the_folder_are_named_and_not_followed(linked: Path) -> None:
    files, unread = scan([linked])
    assert [file.path.name for file in files] == ["inner.md", "own.md"]
    told = {each.path.name: (each.outcome, each.reason) for each in unread}
    assert told.keys() == {"outer.md", "folder"}
    assert {outcome for outcome, _ in told.values()} == {"skipped"}
    assert "--follow-links" in told["outer.md"][1]
    assert str(linked.parent / "outside" / "folder") in told["folder"][1]


def test_links_to_files_are_followed_where_that_is_wanted(linked: Path) -> None:
    files, unread = scan([linked], follow_links=True)
    assert [file.path.name for file in files] == ["inner.md", "outer.md", "own.md"]
    assert [each.path.name for each in unread] == ["folder"]


def test_a_link_that_is_named_itself_is_followed(linked: Path) -> None:
    files, unread = scan([linked / "outer.md"])
    assert ([file.path.name for file in files], unread) == (["outer.md"], [])
