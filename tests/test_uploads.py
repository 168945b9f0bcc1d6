"""Files from the browser: names that are safe on every system, writes that are whole."""

from pathlib import Path
from shutil import disk_usage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loading.formats import SUFFIXES
from rag_app.errors import LoadError, StoreError
from tests.conftest import SAMPLES
from ui.uploads import check_room, discard, is_upload, keep, safe_name, uploads_folder


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
    path = keep(tmp_path, letter * 300 + ".pdf", b"data", mebibytes=1).path
    assert path.name.endswith(f"{letter}.pdf")
    assert path.read_bytes() == b"data"


# Under the digest


def test_a_kept_file_lies_under_its_digest_and_leaves_no_part(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    kept = keep(folder, "notes.md", b"text", mebibytes=1)
    assert kept.path == folder / "982d9e3eb996f559" / "notes.md"
    assert kept.is_new
    assert [*kept.path.parent.iterdir()] == [kept.path]


def test_another_file_of_that_name_is_kept_beside_it(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    old = keep(folder, "notes.md", b"old", mebibytes=1).path
    new = keep(folder, "notes.md", b"new", mebibytes=1).path
    assert (old.read_bytes(), new.read_bytes()) == (b"old", b"new")


def test_the_same_file_again_is_known_whatever_its_name(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    first = keep(folder, "notes.md", b"text", mebibytes=1).path
    again = keep(folder, "other.md", b"text", mebibytes=1)
    assert (again.path, again.is_new) == (first, False)


def test_a_file_from_before_there_were_digests_is_known_too(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    folder.mkdir()
    (folder / "notes.md").write_bytes(b"text")
    again = keep(folder, "notes.md", b"text", mebibytes=1)
    assert (again.path, again.is_new) == (folder / "notes.md", False)


def test_a_file_that_a_kill_left_half_written_is_written_again(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    path = keep(folder, "notes.md", b"text", mebibytes=1).path
    path.rename(path.with_name(".notes.md.part"))
    kept = keep(folder, "notes.md", b"text", mebibytes=1)
    assert kept.is_new
    assert [*path.parent.iterdir()] == [path]


# What is refused


def test_a_file_that_is_too_large_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"1\.5 MiB is over the limit of 1 MiB"):
        keep(tmp_path, "notes.md", bytes(3 << 19), mebibytes=1)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", ["evil.exe", "sound.mp3", "README", "notes.md.exe"])
def test_a_type_that_is_not_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoadError, match="of a type that is not read"):
        keep(tmp_path, name, b"data", mebibytes=1)


def test_every_sample_is_of_a_type_that_is_taken() -> None:
    assert {path.suffix[1:] for path in SAMPLES.iterdir()} <= {*SUFFIXES}


def test_the_suffix_is_known_in_capitals(tmp_path: Path) -> None:
    assert keep(tmp_path, "NOTES.PDF", b"data", mebibytes=1).is_new


def test_files_that_the_disk_has_no_room_for_are_refused_together(tmp_path: Path) -> None:
    check_room(uploads_folder(tmp_path), 1)
    with pytest.raises(StoreError, match=r"these files take .* MiB, and the disk has .* MiB"):
        check_room(uploads_folder(tmp_path), disk_usage(tmp_path).free)


# What is deleted


def test_an_uploaded_file_is_deleted_with_its_folder_when_discarded(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    path = keep(folder, "notes.md", b"text", mebibytes=1).path
    assert discard(folder, path)
    assert [*folder.iterdir()] == []


def test_an_uploaded_file_without_a_digest_is_deleted_alone(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    kept = keep(folder, "other.md", b"other", mebibytes=1).path
    (folder / "notes.md").write_text("text")
    assert discard(folder, folder / "notes.md")
    assert [*folder.iterdir()] == [kept.parent]


def test_a_file_of_the_owners_own_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("text")
    assert not discard(uploads_folder(tmp_path), own)
    assert own.exists()


def test_a_file_that_is_gone_already_is_discarded(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    assert discard(folder, folder / "gone.md")
    assert discard(folder, folder / "0123456789abcdef" / "gone.md")


def test_a_link_into_the_uploads_is_no_upload(tmp_path: Path) -> None:
    folder = uploads_folder(tmp_path)
    path = keep(folder, "notes.md", b"text", mebibytes=1).path
    (tmp_path / "link.md").symlink_to(path)
    assert is_upload(folder, path)
    assert not is_upload(folder, tmp_path / "link.md")
