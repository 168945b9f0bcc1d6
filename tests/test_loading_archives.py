"""Archives: files inside files, read in memory and within limits."""

import bz2
import gzip
import lzma
import struct
import tarfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from ingest.loading import load
from ingest.loading.archives import archive, members
from ingest.loading.archives.members import Budget, with_members
from ingest.loading.extracted import Extracted, Member
from rag_app.errors import LoadError, SkippedFile
from tests.conftest import SAMPLES, Write


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def locked(data: bytes) -> bytes:
    """The archive with all entries marked as encrypted."""
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.find(mark)
        while start >= 0:
            flags = struct.unpack_from("<H", data, start + at)[0] | 1
            data = data[: start + at] + struct.pack("<H", flags) + data[start + at + 2 :]
            start = data.find(mark, start + 4)
    return data


# What is read


def test_every_file_of_an_archive_is_a_section_under_its_name(write: Write) -> None:
    data = zipped({"a/fees.md": b"# Fees\n\nNine pounds", "tools.csv": b"tool,price\nsaw,5\n"})
    document = load(write("all.zip", data))
    assert document.text == "a/fees.md\n\n# Fees\n\nNine pounds\n\ntools.csv\n\ntool: saw; price: 5"
    assert [(level, title) for _, level, title in document.headings] == [
        (1, "a/fees.md"),
        (2, "Fees"),
        (1, "tools.csv"),
    ]
    assert (document.title, document.metadata["format"]) == ("all", "zip")


def test_every_sample_is_read_inside_an_archive_as_outside(write: Write) -> None:
    files = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir())}
    document = load(write("samples.zip", zipped(files)))
    for path in sorted(SAMPLES.iterdir()):
        assert load(path).text.strip() in document.text


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_read_in_every_compression(write: Write, mode: str) -> None:
    data = tarred({"a.txt": b"one", "b/c.txt": b"two"}, mode)
    document = load(write("a.tar", data))
    assert document.text == "a.txt\n\none\n\nb/c.txt\n\ntwo"
    assert document.missing == ""


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_read_as_the_file_it_is(
    write: Write, compress: Callable[[bytes], bytes]
) -> None:
    document = load(write("fees.csv.gz", compress(b"kind,fee\nday,9\n")))
    assert document.text == "kind: day; fee: 9"
    assert document.title == "fees.csv"


def test_a_compressed_file_keeps_its_own_title(write: Write) -> None:
    assert load(write("a.md.gz", gzip.compress(b"# Rules\n\ntext"))).title == "Rules"


def test_archives_inside_archives_are_read_down_to_a_depth(write: Write) -> None:
    data = b"found"
    for name in ("a.txt", "a.zip", "b.zip", "c.zip"):
        data = zipped({name: data})
    document = load(write("d.zip", zipped({"d.zip": data, "top.txt": b"top"})))
    assert document.text == "top.txt\n\ntop"
    assert "too deep inside other files" in document.missing


def test_what_systems_leave_behind_and_hidden_files_are_passed_over(write: Write) -> None:
    files = dict.fromkeys(["__MACOSX/a.txt", ".git/config", "b/.DS_Store", "Thumbs.db"], b"no")
    document = load(write("a.zip", zipped({**files, "b/../a.txt": b"yes", "empty.txt": b""})))
    assert document.text == "b/../a.txt\n\nyes"
    assert document.missing == ""


def test_a_name_in_utf_8_is_read_though_the_archive_does_not_say_so(write: Write) -> None:
    data = zipped({"Grün.txt": b"x"})
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.find(mark)
        data = data[: start + at] + b"\0\0" + data[start + at + 2 :]
    assert load(write("a.zip", data)).text.startswith("Grün.txt")


def test_nothing_is_written_wherever_a_name_points(write: Write, tmp_path: Path) -> None:
    path = write("a.tar", tarred({"../../escaped.txt": b"here", "/tmp/rooted.txt": b"there"}))
    before = sorted(tmp_path.rglob("*"))
    document = load(path)
    assert "../../escaped.txt\n\nhere" in document.text
    assert sorted(tmp_path.rglob("*")) == before


# What is not


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(write: Write) -> None:
    data = zipped({"a.txt": b"one", "b.pdf": b"no pdf", "c.exe": b"MZ\x90\0\3\0\0\0\4\0"})
    document = load(write("a.zip", data))
    assert document.text == "a.txt\n\none"
    assert "b.pdf: damaged: the bytes are not those of a .pdf file" in document.missing
    assert "c.exe: a program is not read" in document.missing


def test_a_file_that_does_not_unpack_is_named(write: Write) -> None:
    data = zipped({"a.txt": b"one " * 100, "b.txt": b"two"})
    at = data.index(b"a.txt") + 8
    document = load(write("a.zip", data[:at] + b"\xff" * 4 + data[at + 4 :]))
    assert document.text == "b.txt\n\ntwo"
    assert "a.txt: damaged or packed in an unknown way" in document.missing


def test_an_archive_behind_a_password_asks_for_one_without(write: Write) -> None:
    with pytest.raises(LoadError, match=r"a\.zip: protected by a password"):
        load(write("a.zip", locked(zipped({"a.txt": b"one"}))))


def test_a_single_locked_file_is_named_as_missing(write: Write) -> None:
    inner = locked(zipped({"a.txt": b"one"}))
    document = load(write("a.zip", zipped({"b.txt": b"two", "c.zip": inner})))
    assert document.text == "b.txt\n\ntwo"
    assert document.missing.startswith("c.zip: protected by a password")


def test_an_archive_of_nothing_readable_is_skipped_with_the_reasons(write: Write) -> None:
    with pytest.raises(SkippedFile, match=r"holds no text \(a\.bin: binary data"):
        load(write("a.zip", zipped({"a.bin": bytes(range(256)) * 9})))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_stands_before_the_damage_in_a_tar_is_kept(write: Write, mode: str) -> None:
    noise = b"".join(bytes([n * 7 % 251, n * 11 % 241]) for n in range(40_000))
    data = tarred({"a.txt": b"one", "b.txt": b"word " * 4_000, "c.bin": noise}, mode)
    document = load(write("a.tar", data[: len(data) * 3 // 4]))
    assert document.text.startswith("a.txt\n\none\n\nb.txt\n\nword")
    assert "damaged" in document.missing


def test_what_stands_before_the_damage_in_a_compressed_text_is_kept(write: Write) -> None:
    text = "\n".join(f"line {number * 7919 % 10007}" for number in range(200_000))
    data = gzip.compress(text.encode())
    document = load(write("a.txt.gz", data[: len(data) - 9_000]))
    assert text.startswith(document.text[:1_000_000])
    assert "damaged" in document.missing


# Limits


def test_a_bomb_is_refused_by_the_size_it_declares(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "LARGEST", 1 << 20)
    data = zipped({"bomb.txt": bytes(2 << 20), "a.txt": b"one"})
    assert len(data) < 1 << 16
    document = load(write("a.zip", data))
    assert document.text == "a.txt\n\none"
    assert document.missing == "bomb.txt: too large unpacked; unpack it"


def test_an_entry_gives_no_more_than_it_declares(write: Write) -> None:
    data = zipped({"a.txt": b"x" * 5_000})
    lie = struct.pack("<I", 5_000)
    lying = data.replace(lie, struct.pack("<I", 100))
    (member,) = archive.extract_zip(lying).members
    assert member.size == 100
    with pytest.raises(LoadError, match="damaged"):  # the checksum is not that of the part
        member.read()


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_compressed_bomb_is_unpacked_no_further_than_the_limit(
    write: Write, monkeypatch: pytest.MonkeyPatch, wrapped: bool
) -> None:
    monkeypatch.setattr(archive, "LARGEST", 1 << 20)
    monkeypatch.setattr(archive, "_LONGEST_TAR", 1 << 20)
    bomb = bytes(50 << 20)
    data = tarred({"bomb.bin": bomb}, "w:gz") if wrapped else gzip.compress(bomb)
    with pytest.raises(LoadError, match="more than 1 MiB unpacked"):
        load(write("a.gz", data))


def test_no_more_files_are_read_than_the_budget_holds() -> None:
    budget = Budget(files=2)
    many = [Member(f"{number}.txt", 1, lambda: b"x") for number in range(5)]
    read = with_members(
        Extracted("", members=many), lambda name, _: Extracted(name), budget=budget, depth=0
    )
    assert read.text == "0.txt\n\n0.txt\n\n1.txt\n\n1.txt"
    assert read.missing == "2.txt and what follows: too many files in one; unpack it"


def test_all_archives_in_one_file_share_one_budget(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "LARGEST", 3_000)
    inner = {f"{number}.zip": zipped({"a.txt": b"x" * 2_999}) for number in range(3)}
    document = load(write("a.zip", zipped({**inner, "big.txt": b"x" * 3_001})))
    assert document.text.count("a.txt") == 3
    assert document.missing == "big.txt: too large unpacked; unpack it"


def test_text_beyond_the_budget_is_not_read_at_all() -> None:
    budget = Budget(characters=0)
    unread = Member("a.txt", 1, lambda: pytest.fail("was read"))
    document = with_members(
        Extracted("top", members=[unread]), lambda *_: Extracted(""), budget=budget, depth=0
    )
    assert document.text == "top"
    assert "too much text in one file" in document.missing


def test_a_member_whose_reading_breaks_is_named_and_the_pages_stay() -> None:
    def break_off() -> bytes:
        raise KeyError("stream")

    outer = Extracted("one\ntwo", page_starts=(0, 4), members=[Member("a", 1, break_off)])
    read = with_members(outer, lambda *_: Extracted(""), budget=Budget(), depth=0)
    assert (read.text, read.page_starts) == ("one\ntwo", (0, 4))
    assert read.missing == "a: damaged ('stream')"
