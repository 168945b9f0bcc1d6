"""`.ragignore`: the patterns of `.gitignore`, judged by git itself, and only those."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from ingest.ignore import IGNORE_FILE, Rules
from ingest.scan import scan
from rag_app.errors import LoadError

# What file systems other than Linux's refuse in names is left out there.
ODD = ["a\nb", "foo\\", "[q]", "ba*r", "#h", "!n"] if sys.platform == "linux" else []
NAMES = ["a", "b", "ab", "foo", "bar", "a.md", "b.md", "keep.md", "x.tmp", "sp ace", *ODD]
PARTS = [
    *("a", "b", "*", "*.md", "*.tmp", "?", "??", "foo", "bar", "[ab]", "[!a]*", "**", "keep.md"),
    *("a*b", "*a*", r"\#h", r"\!n", "sp ace", "*b*r*", "a?b", "[a-f]*", r"\[q\]", "sp*", r"b\*"),
    *("[[]*", "[!]a]", "[^a[]*"),
]


def names(folder: Path) -> list[str]:
    """What a scan finds, relative to the folder."""
    found, unreadable = scan([folder])
    assert unreadable == []
    return sorted(file.path.relative_to(folder).as_posix() for file in found)


def write(folder: Path, *files: str, **ignored: str) -> None:
    """Files, and ignore files by the folder they lie in."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    for inner, lines in ignored.items():
        (folder / ("" if inner == "top" else inner) / IGNORE_FILE).write_text(lines)


def test_ignored_files_and_folders_are_not_found(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "a.tmp", "out/b.md", "in/c.tmp", top="*.tmp\nout/\n")
    assert names(tmp_path) == ["a.md"]


def test_a_pattern_is_relative_to_the_folder_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "sub/a.md", "sub/in/a.md", sub="/a.md\n")
    assert names(tmp_path) == ["a.md", "sub/in/a.md"]


def test_the_file_of_the_deeper_folder_has_the_last_word(tmp_path: Path) -> None:
    write(tmp_path, "a.log", "sub/a.log", "sub/b.md", top="*.log\n", sub="!*.log\n*.md\n")
    assert names(tmp_path) == ["sub/a.log"]


def test_nothing_comes_back_from_an_ignored_folder(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.md", top="sub\n!sub/a.md\n")
    assert names(tmp_path) == []


def test_all_but_some_can_be_ignored(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "a.pdf", "sub/b.md", "sub/b.pdf", top="*\n!*/\n!*.md\n")
    assert names(tmp_path) == ["a.md", "sub/b.md"]


def test_what_is_named_is_found_though_it_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "sub/b.md", top="*\n")
    found, _ = scan([tmp_path / "a.md", tmp_path / "sub"])
    assert [file.path.name for file in found] == ["a.md", "b.md"]


def test_the_ignore_file_is_no_document(tmp_path: Path) -> None:
    write(tmp_path, top="# nothing\n")
    assert names(tmp_path) == []


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf*.tmp\n", b"*.tmp\r\n", b"*.tmp", b"\n\n*.tmp  \n"])
def test_ignore_files_of_any_editor_are_understood(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, "a.md", "a.tmp")
    (tmp_path / IGNORE_FILE).write_bytes(data)
    assert names(tmp_path) == ["a.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text_can_be_ignored(tmp_path: Path) -> None:
    for name in (b"caf\xe9.md", b"caf\xe8.md"):
        Path(os.fsdecode(os.fsencode(tmp_path / "x")[:-1] + name)).write_text("text")
    (tmp_path / IGNORE_FILE).write_bytes(b"caf\xe9.*\n")
    found, _ = scan([tmp_path])
    assert [Path(file.key).name for file in found] == [r"caf\xe8.md"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge")
@pytest.mark.parametrize("seed", range(40))
def test_the_same_is_ignored_as_git_would_ignore(tmp_path: Path, seed: int) -> None:
    grow(tmp_path, random.Random(seed))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "-c", "core.excludesFile=", "ls-files", "-zo", "--exclude-standard"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    kept = [name for name in os.fsdecode(listed).split("\0") if name and "/." not in f"/{name}"]
    assert names(tmp_path) == sorted(kept)


def grow(folder: Path, dice: random.Random, depth: int = 0) -> None:
    """A tree with names and patterns that have much to do with each other."""
    folder.mkdir(exist_ok=True)
    for name in dice.sample(NAMES, dice.randint(2, 6)):
        if depth < 3 and dice.random() < 0.5:
            grow(folder / name, dice, depth + 1)
        else:
            (folder / name).write_text("text")
    if dice.random() < (0.4 if depth else 1.0):
        lines = "\n".join(pattern(dice) for _ in range(dice.randint(1, 5)))
        (folder / IGNORE_FILE).write_text(lines)
        (folder / ".gitignore").write_text(lines)


def pattern(dice: random.Random) -> str:
    parts = "/".join(dice.choices(PARTS, k=dice.choice([1, 1, 1, 2, 2, 3, 4])))
    before = dice.choice(["", "", "", "/", "!", "!/", "# "])
    return before + parts + dice.choice(["", "", "/", "  "])


# Ignore files that cannot be used


@pytest.mark.parametrize("line", ["[z-a]", "!", "a\\", "[[:alpha:]]*.md", "[^a[:digit:]]"])
def test_a_line_that_is_no_pattern_is_named_with_its_file(tmp_path: Path, line: str) -> None:
    write(tmp_path, "a.md", "sub/b.md", sub=f"*.tmp\n{line}\n")
    found, (unread,) = scan([tmp_path])
    assert [file.path.name for file in found] == ["a.md"]
    assert (unread.path, unread.source) == (tmp_path / "sub", str(tmp_path / "sub" / IGNORE_FILE))
    assert unread.reason.startswith(f"line 2 is no pattern: {line}; correct it")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_an_ignore_file_that_is_no_file_closes_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    os.mkfifo(tmp_path / IGNORE_FILE)
    found, (unread,) = scan([tmp_path])
    assert (found, unread.reason) == ([], "is not a file; its folder is left as it was")


def test_an_endless_ignore_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.md", top="*.tmp\n" * 100_000)
    _, (unread,) = scan([tmp_path])
    assert unread.reason.startswith("is longer than 256 KiB; shorten it")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 20 + "b", "a" * 250),
        ("?*" * 30 + "b", "a" * 250),
        ("[a-z]*" * 30 + "0", "a" * 250),
        ("*" * 500 + "b", "a" * 250),
        ("**/a/" * 12 + "b", "a/" * 2000 + "c"),
        ("x/" + "**/a/" * 12 + "b", "x/" + "a/" * 2000 + "c"),
        ("x/" + "**/*a*a/" * 8 + "b", "x/" + ("a" * 200 + "/") * 19 + "c"),
    ],
)
def test_no_pattern_takes_long(tmp_path: Path, line: str, path: str) -> None:
    write(tmp_path, top=line)
    rules = Rules().within(str(tmp_path))
    begun = perf_counter()
    assert not rules.ignores(f"{tmp_path}/{path}", folder=False)
    assert perf_counter() - begun < 1


def test_a_folder_without_an_ignore_file_adds_no_rules(tmp_path: Path) -> None:
    rules = Rules()
    assert rules.within(str(tmp_path)) is rules


def test_a_folder_with_the_name_of_the_ignore_file_is_none(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).mkdir()
    with pytest.raises(LoadError, match="is not a file"):
        Rules().within(str(tmp_path))
