"""What is too large or takes too long is read as far as it fits, where it has many parts."""

import gzip
import signal
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from ingest import file_bytes
from ingest.loading import large_files
from ingest.loading.archives import archive, members
from rag_app.errors import SkippedFile
from rag_app.schema import Document

LIMIT = 3 << 20  # bytes, here
FILLER = ("word " * 19 + "word\n") * 400  # 40 kB
load = import_module("ingest.loading.load")  # the package has the function by this name


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (archive, file_bytes, large_files, load, members):
        monkeypatch.setattr(module, "LARGEST", LIMIT)


def mailbox(messages: int) -> bytes:
    return b"".join(
        f"From ada@x.example Mon Jan  5 10:{n % 60:02}:00 2026\nFrom: ada@x.example\n"
        "To: bo@x.example\n"
        f"Subject: Matter {n}\n\nThe answer to {n} is {n * 7}.\n{FILLER}\n".encode()
        for n in range(messages)
    )


def files() -> Iterator[tuple[str, bytes]]:
    for number in range(120):
        yield f"{number:03}.txt", f"The answer to {number} is {number * 7}.\n{FILLER}".encode()


def zipped() -> bytes:
    data = BytesIO()
    with ZipFile(data, "w") as archive:  # stored, not packed
        for name, content in files():
            archive.writestr(name, content)
    return data.getvalue()


def tarred() -> bytes:
    data = BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return data.getvalue()


def read(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    document: Document = load.load(path)
    assert document.digest == sha256(data).hexdigest()
    return document


def test_a_mailbox_that_is_too_large_is_read_as_far_as_it_fits(tmp_path: Path) -> None:
    data = mailbox(120)
    assert len(data) > LIMIT
    document = read(tmp_path, "all.mbox", data)
    assert "The answer to 60 is 420." in document.text
    assert "The answer to 119 is" not in document.text
    assert document.missing.startswith("all after the first 3 of 4 MiB; split the mailbox")
    last = document.text.rstrip().splitlines()[-1]
    assert last == FILLER.splitlines()[-1]  # no message is cut


@pytest.mark.parametrize(("name", "make"), [("a.zip", zipped), ("a.tar", tarred)])
def test_an_archive_that_is_too_large_is_read_file_by_file(
    tmp_path: Path, name: str, make: object
) -> None:
    assert callable(make)
    document = read(tmp_path, name, make())
    assert "The answer to 119 is 833." in document.text
    assert document.missing == ""


def test_a_packed_mailbox_that_is_too_large_is_read_as_far_as_it_fits(tmp_path: Path) -> None:
    document = read(tmp_path, "all.mbox.gz", gzip.compress(mailbox(120)))
    assert "The answer to 40 is 280." in document.text
    assert "more than 3 MiB unpacked" in document.missing


def test_a_text_that_is_too_large_is_skipped_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FILLER * 120)
    with pytest.raises(SkippedFile, match=r"a\.txt: 4 MiB is over the limit of 3 MiB"):
        load.load(path)


@pytest.mark.parametrize(("name", "data"), [("a.mbox", mailbox(9)), ("a.zip", zipped())])
def test_what_takes_too_long_is_named_and_the_rest_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes
) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr(members, "monotonic", lambda: next(now))
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        document = read(tmp_path, name, data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "The answer to 1 is 7." in document.text
    assert "The answer to 8 is" not in document.text
    assert "and what follows" in document.missing
    assert "takes too long" in document.missing


def test_a_file_in_an_archive_that_needs_too_much_memory_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = load.FORMATS["txt"]

    def hungry(data: bytes) -> object:
        if b"answer to 5 is" in data:
            raise MemoryError
        return real(data)

    monkeypatch.setitem(load.FORMATS, "txt", hungry)
    document = read(tmp_path, "a.zip", zipped())
    assert "The answer to 6 is 42." in document.text
    assert document.missing == "005.txt: needs too much memory; unpack it"
