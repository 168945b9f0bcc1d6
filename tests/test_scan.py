"""Scanning: every file under the paths once, and why some cannot be looked at."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.scan import locate, scan

Write = Callable[..., Path]


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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_file_whose_name_is_no_text_is_named_as_unreadable(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("text")
    found, (unread,) = scan([tmp_path])
    assert (found, unread.source) == ([], f"{tmp_path}/caf\ufffd.md")
    assert "rename it" in unread.reason


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
