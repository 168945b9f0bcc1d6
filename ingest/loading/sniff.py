"""What a file is, by its bytes. The suffix decides only between kinds of text."""

import json
import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from ingest.loading.formats import TEXT_SUFFIXES
from ingest.loading.text import decode
from rag_app.errors import LoadError, SkippedFile

_HEAD = 4096  # bytes looked at to recognise a kind of text
_PDF_WITHIN = 1024  # bytes that may stand before the mark of a PDF

# Marks of formats that are read, then of those that are not, with what they are.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "gz"),
    (b"\xfd7zXZ\x00", "gz"),
    (b"\x89PNG\r\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"fLaC", "sound"),
    (b"\xffWPC", "a WordPerfect document; save it as .docx"),
)
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_PARTS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_MIME_TYPES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
_OLE_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
)
_MAIL = re.compile(
    rb"^(received|message-id|mime-version|return-path|delivered-to|x-mailer):", re.I | re.M
)
_MAIL_FROM = re.compile(rb"^(from|subject|date|to): ", re.I | re.M)
_MAIL_START = re.compile(rb"[!-9;-~]+:[ \t\r\n]")
_MAILBOX = re.compile(rb"From \S+.*\d\d:\d\d.*\r?\n[!-9;-~]+:")
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body)\b", re.I | re.S)
_XML = re.compile(rb"\s*<(\?xml|!doctype)\b", re.I)
_XHTML = re.compile(rb"<html\b", re.I)


def sniff(name: str, data: bytes) -> str:
    """The name of the format, a key of `FORMATS`.

    Args:
        name: The file's, for its suffix.
        data: All of its bytes.

    Raises:
        SkippedFile: It is of a format that is not read, or holds no text.
        LoadError: It is locked or damaged beyond recognition.
    """
    if not data.strip():
        raise SkippedFile("empty")
    suffix = suffix_of(name)
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return "pdf"
    if data.startswith(_ZIP):
        return _kind_of_zip(data)
    if data.startswith(_OLE):
        return _kind_of_ole(data)
    for mark, kind in _MARKS:
        if data.startswith(mark):
            return kind
    if data[257:262] == b"ustar":
        return "tar"
    for mark, what in _UNREAD:
        if data.startswith(mark) and _is_binary(data):
            raise SkippedFile(f"{what} is not read" if ";" not in what else what)
    return _kind_of_text(suffix, data)


def suffix_of(name: str) -> str:
    """What stands after the last dot, in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _kind_of_zip(data: bytes) -> str:
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                mime = archive.read("mimetype").decode("ascii", "replace").strip()
                if kind := _MIME_TYPES.get(mime.removesuffix("-template")):
                    return kind
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise LoadError(f"damaged or cut short ({error}); get the file again") from error
    for part, kind in _ZIP_PARTS:
        if any(name.startswith(part) for name in names):
            return kind
    return "zip"


def _kind_of_ole(data: bytes) -> str:
    from olefile import OleFileIO

    try:
        with OleFileIO(BytesIO(data)) as ole:
            streams = {entry[-1] for entry in ole.listdir()}
            top = {entry[0] for entry in ole.listdir()}
    except Exception as error:  # whatever a damaged container makes of it
        raise LoadError(f"damaged Office file ({error}); get the file again") from error
    if "EncryptedPackage" in streams:
        raise LoadError("protected by a password; save a copy without one")
    for stream, kind in _OLE_STREAMS:
        if stream in top:
            return kind
    raise SkippedFile("an Office container of a kind that is not read")


def _kind_of_text(suffix: str, data: bytes) -> str:
    head = data[:_HEAD]
    if _MAILBOX.match(head):
        return "mbox"
    if _MAIL_START.match(head) and _MAIL.search(head) and _MAIL_FROM.search(head):
        return "eml"
    if suffix == "pdf":
        raise LoadError("damaged: it does not begin as a PDF; get the file again")
    if _is_binary(data):
        raise SkippedFile("binary data in no format that is read")
    known = TEXT_SUFFIXES.get(suffix)
    if _HTML.match(head) or (_XML.match(head) and _XHTML.search(head)):
        return known if known in {"md", "code", "eml"} else "html"
    if _XML.match(head):
        return known if known in {"md", "code"} else "xml"
    if known in {None, "txt"}:
        return _kind_of_data(data) or known or "txt"
    return known or "txt"


def _kind_of_data(data: bytes) -> str | None:
    """JSON in a file that does not say so."""
    if data.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        json.loads(data)
    except ValueError:
        return None
    return "json"


def _is_binary(data: bytes) -> bool:
    """Whether the bytes are no text in any encoding."""
    try:
        text = decode(data[: 1 << 20])
    except LoadError:
        return True
    control = sum(text.count(chr(code)) for code in (*range(9), *range(14, 27), 28, 29, 30, 31))
    return control > len(text) / 50
