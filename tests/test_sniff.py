"""Sniffing: what a file is, told by its bytes, whatever it is called."""

import gzip
import json
import tarfile
from io import BytesIO
from zipfile import ZipFile

import pytest

from ingest.loading import FORMATS
from ingest.loading.formats import TEXT_SUFFIXES
from ingest.loading.sniff import sniff
from rag_app.errors import LoadError, SkippedFile

MAIL = b"Received: from a by b\nFrom: Ann <ann@example.org>\nSubject: Fees\n\nText\n"
MAILBOX = b"From ann@example.org Mon Jun 01 10:00:00 2009\nSubject: Fees\n\nText\n"


def zipped(*names: str, content: bytes = b"x") -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(*names: str) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", sorted(set(TEXT_SUFFIXES.values())))
def test_every_kind_of_text_is_read(kind: str) -> None:
    assert kind in FORMATS


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\r\n\0junk%PDF-1.4 ...", "pdf"),
        (b"{\\rtf1 hello}", "rtf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image"),
        (b"BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0", "image"),
        (gzip.compress(b"x"), "gz"),
        (tarred("a.txt"), "tar"),
        (zipped("a.txt"), "zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), "docx"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (zipped("[Content_Types].xml", "ppt\\presentation.xml"), "pptx"),
        (zipped("META-INF/container.xml"), "epub"),
        (zipped("mimetype", content=b"application/vnd.oasis.opendocument.text\n"), "odt"),
        (MAIL, "eml"),
        (MAILBOX, "mbox"),
        (b"<!-- saved --> <!DOCTYPE html><p>x", "html"),
        (b"<?xml version='1.0'?><x:html xmlns:x='a'/>", "html"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b'{"a": [1, 2]}', "json"),
        (b'{"a": 1}\n{"a": 2}\n', "jsonl"),
        (b"a\tb\n1\t2\n3\t4\n", "csv"),
        ("<?xml version='1.0'?><a>é</a>".encode("utf-16"), "xml"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("name", ["no-suffix", "wrong.txt"])
def test_a_format_is_told_by_content(data: bytes, kind: str, name: str) -> None:
    assert sniff(name, data) == kind


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.md", b"# Title\n", "md"),
        ("a.txt", b"# Title\n", "txt"),
        ("a.md", b"<html><p>a page to copy", "md"),
        ("a.rst", b"Title\n=====\n", "rst"),
        ("a.csv", b"[a],b\n", "csv"),
        ("a.json", b"no json", "json"),
        ("a.log", b"[2024-01-01] started\n", "txt"),
        ("a.log", b'{"level": "info"}\n{"level": "warn"}\n', "jsonl"),
        ("Dockerfile", b"FROM python\n", "txt"),
        ("a.unknown", b"words", "txt"),
        ("a.eml", b"Hello, no headers here", "eml"),
    ],
)
def test_the_suffix_decides_between_kinds_of_text(name: str, text: bytes, kind: str) -> None:
    assert sniff(name, text) == kind


@pytest.mark.parametrize(
    "text",
    [
        b"PK is short for public key.",
        b"BMW makes cars.",
        b"MZ, a neighbour, rang.",
        b"From 9 to 12:30\nTopic: fees\n",
        b"Subject: fees\nThe rest is an ordinary note.\n",
        b"{not json}",
        b"[" * 100_000,
        b"Rar! cried the bear",
    ],
    ids=lambda text: text[:12].decode(),
)
def test_text_that_begins_like_something_else_is_text(text: bytes) -> None:
    assert sniff("a.txt", text) == "txt"


def test_a_folder_called_word_does_not_make_an_archive_a_document() -> None:
    assert sniff("a.zip", zipped("word/list.txt", "xl/sizes.txt")) == "zip"


def test_a_message_inside_source_code_is_code_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXT_SUFFIXES, "fixture", "code")
    assert sniff("a.fixture", MAIL) == "code"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n\t", "empty"),
        (b"Rar!\x1a\x07\0" + bytes(20), "a RAR archive; unpack it"),
        (b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", "a program is not read"),
        (b"OggS\0\2" + bytes(20), "sound is not read"),
        (b"%!PS-Adobe-3.0\n", "PostScript; make a PDF of it"),
        (b"-----BEGIN PGP MESSAGE-----\n\nabc=\n", "an encrypted message; save it decrypted"),
        (bytes(range(256)) * 20, "binary data in no format that is read"),
        (zipped("xl/workbook.bin", "[Content_Types].xml"), "a binary Excel workbook"),
        (zipped("Index/Document.iwa"), "a document of Pages, Numbers or Keynote"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_what_is_not_read_is_called_by_its_name(data: bytes, reason: str) -> None:
    with pytest.raises(SkippedFile, match=reason):
        sniff("a.bin", data)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"<html>404</html>", "the bytes are not those of a .pdf file"),
        ("a.docx", zipped("word/document.xml")[:40], "damaged or cut short"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "damaged Office file"),
    ],
    ids=["pdf", "docx", "doc"],  # a zip file tells the time
)
def test_what_is_damaged_is_an_error_with_the_cure(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(LoadError, match=f"{reason}.*; get (it|the file) again"):
        sniff(name, data)


def test_a_file_of_json_too_deep_to_parse_is_text() -> None:
    assert sniff("a", b'{"a":' * 50_000 + b"1" + b"}" * 50_000) == "txt"
    assert sniff("a", json.dumps({"a": {"b": 1}}).encode()) == "json"
