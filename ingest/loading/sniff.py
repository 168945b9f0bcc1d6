"""What a file is, by its bytes. The suffix decides only between kinds of text."""

import json
import re
from io import BytesIO
from tarfile import is_tarfile

from ingest.loading.archives.container import kind_of_ole, kind_of_zip
from ingest.loading.formats import TEXT_SUFFIXES
from ingest.loading.markup.text import decode
from rag_app.errors import LoadError, SkippedFile

_HEAD = 4096  # bytes looked at to recognise a kind of text
_JUDGED = 1 << 16  # bytes looked at to tell text from anything else
_MOST_CONTROL = 0.02  # of the characters of a text
_PDF_WITHIN = 1024  # bytes that may stand before the mark of a PDF
ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Marks of formats that are read, then of those that are not, with what they are.
_MARKS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(mark, re.DOTALL), kind)
    for mark, kind in (
        (rb"\{\\rtf", "rtf"),
        (rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00", "gz"),
        (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*", "image"),
        (rb"BM.{4}\x00{4}|RIFF.{4}WEBP|\x00\x00\x00\x0cjP  ", "image"),
        (rb"\x09(\x00\x04|\x02\x06|\x04\x06|\x08[\x08\x10])\x00", "xls"),  # older than containers
    )
)
_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it"),
    (b"\x1f\x9d", "an archive made by compress; unpack it"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"fLaC", "sound"),
    (b"RIFF", "sound or film"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"\xffWPC", "a WordPerfect document; save it as .docx"),
    (b"\xdb\xa5-\x00", "a document of Word 2; save it as .docx"),
    (b"\xfe7\x00\x23", "a document of Word for DOS; save it as .docx"),
)
_UNREAD_TEXT: tuple[tuple[bytes, str], ...] = (
    (b"%!PS", "PostScript; make a PDF of it"),
    (b"-----BEGIN PKCS7", "a signature"),
    (b"-----BEGIN PGP MESSAGE", "an encrypted message; save it decrypted"),
)
_MAIL = re.compile(
    rb"^(received|message-id|mime-version|return-path|delivered-to|x-mailer):", re.I | re.M
)
_MAIL_FROM = re.compile(rb"^(from|subject|date|to): ", re.I | re.M)
_MAIL_START = re.compile(rb"[!-9;-~]+:[ \t\r\n]")
_MAILBOX = re.compile(
    rb"From \S+.*(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} .*\d\d:\d\d.*\r?\n[!-9;-~]+:"
)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body)\b", re.I | re.S)
_XML = re.compile(rb"\s*<(\?xml|!doctype)\b", re.I)
_XHTML = re.compile(rb"<(\w+:)?html\b", re.I)
# Files that are never mere text; those of the old Office suffixes often are pages.
_CONTAINERS = frozenset(
    "docx docm dotx xlsx xlsm xltx pptx pptm ppsx odt ods odp epub msg zip".split()
)
_PICTURES = frozenset("bmp gif jpeg jpg png tif tiff webp".split())
# A page in an XML file is a page; in source code or a message it is a part of that.
_MAY_HOLD_HTML = ("code", "eml", "mbox", "md")


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
    if b"%PDF-" in data[:_PDF_WITHIN] or (suffix == "pdf" and b"startxref" in data):
        return "pdf"
    if data.startswith(ZIP):
        return kind_of_zip(data)
    if data.startswith(_OLE):
        return kind_of_ole(data)
    for pattern, kind in _MARKS:
        if pattern.match(data):
            return kind
    if data[257:262] == b"ustar" or (suffix == "tar" and is_tarfile(BytesIO(data))):
        return "tar"
    binary = _is_binary(data)
    for mark, what in _UNREAD if binary else _UNREAD_TEXT:
        if data.startswith(mark):
            raise SkippedFile(f"{what} is not read" if ";" not in what else what)
    return _kind_of_text(suffix, data, binary=binary)


def suffix_of(name: str) -> str:
    """What stands after the last dot, in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _kind_of_text(suffix: str, data: bytes, *, binary: bool) -> str:
    known = TEXT_SUFFIXES.get(suffix)
    head = data[:_HEAD]
    if known != "code":  # a test of a mail program is full of messages
        if _MAILBOX.match(head):
            return "mbox"
        if _MAIL_START.match(head) and _MAIL.search(head) and _MAIL_FROM.search(head):
            return "eml"
    if binary and not known and suffix not in _CONTAINERS:
        raise SkippedFile("binary data in no format that is read")
    if binary or suffix == "pdf":
        raise LoadError(f"damaged: the bytes are not those of a .{suffix} file; get it again")
    head = decode(head).encode("utf-8", "replace")
    if _HTML.match(head) or (_XML.match(head) and _XHTML.search(head)):
        return known if known in _MAY_HOLD_HTML else "html"
    if _XML.match(head):
        return known if known in _MAY_HOLD_HTML else "xml"
    if suffix in _CONTAINERS:
        raise LoadError(f"damaged: text where a .{suffix} file should be; get it again")
    if suffix in _PICTURES:
        raise SkippedFile("no picture, whatever its name says")
    if known in {None, "txt"}:
        return _kind_of_data(data) or ("csv" if _is_tabular(head) else "txt")
    return known or "txt"


def _kind_of_data(data: bytes) -> str | None:
    """JSON in a file that does not say so."""
    if data.lstrip()[:1] not in (b"{", b"["):
        return None
    if _is_json(data):
        return "json"
    lines = data.lstrip().split(b"\n", 2)[:2]
    return "jsonl" if len(lines) == 2 and all(_is_json(line) for line in lines) else None


def _is_tabular(head: bytes) -> bool:
    """Rows of the same number of cells, parted by tabs."""
    rows = [row.count(b"\t") for row in head.rstrip().split(b"\n")]
    whole = rows[:-1] if len(head) > _HEAD // 2 else rows  # the last may be cut
    return len(whole) > 2 and whole[0] > 0 and len(set(whole)) == 1


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _is_binary(data: bytes) -> bool:
    """Whether the bytes are no text in any encoding."""
    try:
        text = decode(data[:_JUDGED])
    except LoadError:
        return True
    control = sum(text.count(chr(code)) for code in (*range(9), *range(14, 27), 28, 29, 30, 31))
    return control > len(text) * _MOST_CONTROL
