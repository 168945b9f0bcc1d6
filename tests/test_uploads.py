"""Files from the browser: names that are safe on every system, writes that are whole."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.uploads import discard, keep, safe_name, uploads_folder


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.md", "notes.md"),
        ("parrot_[x](y).txt", "parrot_[x](y).txt"),
        ("Été à Paris, 1ère partie.pdf", "Été à Paris, 1ère partie.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        (".bashrc", "bashrc"),
        ("a*b?.txt", "a_b_.txt"),
        ("line\nbreak.txt", "line_break.txt"),
        ("..", "document"),
        ("", "document"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=20), st.integers(1, 50))
def test_any_name_is_one_visible_file_of_the_folder(part: str, times: int) -> None:
    safe = safe_name(part * times)
    assert 0 < len(safe.encode()) <= 255 - len("..part")
    assert safe == Path(safe).name and not safe.startswith(".")


@pytest.mark.parametrize("letter", ["x", "é", "語"])
def test_a_long_name_keeps_its_suffix_and_can_be_written(tmp_path: Path, letter: str) -> None:
    path = keep(tmp_path, letter * 300 + ".pdf", b"data")
    assert path.name.endswith(f"{letter}.pdf")
    assert path.read_bytes() == b"data"


def test_a_kept_file_replaces_its_namesake_and_leaves_no_part(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    keep(folder, "notes.md", b"old")
    path = keep(folder, "notes.md", b"new")
    assert path.read_bytes() == b"new"
    assert list(folder.iterdir()) == [path]


def test_an_uploaded_file_is_deleted_when_discarded(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    path = keep(folder, "notes.md", b"text")
    assert discard(folder, path)
    assert not path.exists()


def test_a_file_of_the_owners_own_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("text")
    assert not discard(uploads_folder(tmp_path), own)
    assert own.exists()


def test_a_file_that_is_gone_already_is_discarded(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    assert discard(folder, folder / "gone.md")
