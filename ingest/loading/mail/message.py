"""Mail: single messages (.eml, .mhtml) and mailboxes (.mbox), their attachments as members."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from mimetypes import guess_extension

from ingest.loading.archives.members import Budget, listed_missing
from ingest.loading.extracted import Extracted, Member, TextBuilder
from ingest.loading.markup import html
from ingest.loading.markup.text import decode
from rag_app.errors import LoadError

_logger = logging.getLogger(__name__)
_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_ENCRYPTED = "encrypted; save the message decrypted"
_UNREAD = {
    "application/ms-tnef": "Outlook's wrapping is not read; ask for the attachments as plain files",
    "application/pgp-encrypted": _ENCRYPTED,
    "application/pkcs7-mime": _ENCRYPTED,
    "application/x-pkcs7-mime": _ENCRYPTED,
}
_SIGNATURES = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
_NO_TEXTS = {"text/css", "text/javascript"}
_DEEPEST = 10  # messages inside messages
_MESSAGE_START = re.compile(rb"(?:\A|(?<=\n)(?:\r?\n))From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_APPLE_LENGTH = re.compile(rb"\A\s*\d+\s*\n(?=[!-9;-~]+:)")
_BROKEN_BYTE = re.compile("[\udc80-\udcff]")
_FAULTS = (ValueError, LookupError, AttributeError, TypeError, MessageError)


@dataclass(slots=True)
class _Contents:
    """What is found in a message, part by part."""

    builder: TextBuilder
    members: list[Member] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    depth: int = 0


def extract(data: bytes) -> Extracted:
    """Who wrote to whom, when and about what, then the text."""
    return _message(data)


def extract_mailbox(data: bytes, *, missing: str = "") -> Extracted:
    """Every message under its subject; a broken one is named and the others are read.

    What comes when time or room is up is named too. `missing` is what is known to be so.
    """
    starts = [*_MESSAGE_START.finditer(data)]
    if len(starts) < 2 and not missing:
        return _message(data[starts[0].end() :] if starts else data)
    builder = TextBuilder()
    members: list[Member] = []
    lacking = [missing] if missing else []
    budget = Budget()
    for number, content in enumerate(_messages(data, starts), start=1):
        if reason := budget.exhausted():
            lacking.append(f"message {number} and what follows, of {len(starts)}: {reason}")
            break
        try:
            part = _message(_QUOTED_FROM.sub(rb"\1", content))
        except Exception as error:
            _logger.debug("message %d cannot be read", number, exc_info=True)
            lacking.append(f"message {number}: {error or type(error).__name__}")
            continue
        budget.characters -= len(part.text)
        subject = part.title or f"Message {number}"
        builder.section(subject, part)
        members += [Member(f"{subject}: {m.name}", m.size, m.read) for m in part.members]
        if part.missing:
            lacking.append(f"{subject}: {part.missing}")
    built = builder.build()
    return Extracted(
        built.text, headings=built.headings, members=members, missing=listed_missing(lacking)
    )


def _messages(data: bytes, starts: Sequence[re.Match[bytes]]) -> Iterator[bytes]:
    """The messages of a mailbox without the lines that part them."""
    ends = [*(start.start() for start in starts[1:]), len(data)]
    for start, end in zip(starts, ends, strict=False):
        yield data[start.end() : end]


def _message(data: bytes) -> Extracted:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[1:2] == b"\0":
        data = decode(data).encode("utf-8")
    data = _APPLE_LENGTH.sub(b"", data.removeprefix(b"\xef\xbb\xbf")).lstrip(b"\r\n")
    try:
        return _read(message_from_bytes(data, policy=policy.default), 0)
    except _FAULTS:  # the older rules overlook what the newer stumble over
        return _read(message_from_bytes(data, policy=policy.compat32), 0)


def _read(message: Message, depth: int) -> Extracted:
    headers = [(name, _header(message, name)) for name in _SHOWN]
    contents = _Contents(TextBuilder(), depth=depth)
    contents.builder.paragraph("\n".join(f"{name}: {value}" for name, value in headers if value))
    _add(contents, message)
    found = dict(headers)
    date = _date(found["Date"])
    metadata = {"author": found["From"], "date": date.isoformat() if date else ""}
    built = contents.builder.build(found["Subject"])
    return Extracted(
        built.text,
        title=found["Subject"],
        headings=built.headings,
        members=contents.members,
        missing="; ".join(contents.missing),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _add(contents: _Contents, part: Message) -> None:
    """One part of a message, and all that is in it."""
    kind = part.get_content_type()
    if kind == "multipart/encrypted":
        contents.missing.append(_ENCRYPTED)
    elif kind == "message/delivery-status":
        for status in _parts(part):
            contents.builder.paragraph("\n".join(f"{name}: {v}" for name, v in status.items()))
    elif kind == "multipart/alternative" and part.is_multipart():
        best = _best(part)
        _add(contents, best)
        for leaf in _leaves(other for other in _parts(part) if other is not best):
            # Some programs attach files to one form; named pictures may belong to its layout.
            if _is_attached(leaf) and not leaf["Content-ID"]:
                _add_file(contents, leaf, leaf.get_content_type())
    elif kind == "message/rfc822" and part.is_multipart():
        _add_message(contents, part)
    elif part.is_multipart():
        for inner in _parts(part):
            _add(contents, inner)
    elif kind in ("text/plain", "text/html") and not _is_attached(part):
        _add_text(contents.builder, part, kind)
    else:
        _add_file(contents, part, kind)


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if payload else []


def _leaves(parts: Iterable[Message]) -> Iterator[Message]:
    return (leaf for part in parts for leaf in part.walk() if not leaf.is_multipart())


def _best(part: Message) -> Message:
    """Of several forms of the same text the plain one, unless it is blank."""
    parts = _parts(part)
    for wanted in ("text/plain", "text/html"):
        for inner in parts:
            if any(
                leaf.get_content_type() == wanted and _text(leaf).strip()
                for leaf in _leaves([inner])
            ):
                return inner
    return parts[-1]


def _add_message(contents: _Contents, part: Message) -> None:
    for message in _parts(part):
        if contents.depth >= _DEEPEST:
            contents.missing.append("messages too deep inside others; save them apart")
            return
        inner = _read(message, contents.depth + 1)
        contents.builder.section(inner.title or "Attached message", inner)
        contents.members += inner.members
        contents.missing += filter(None, [inner.missing])


def _add_text(builder: TextBuilder, part: Message, kind: str) -> None:
    text = _text(part)
    if kind == "text/html":
        builder.part(html.read(text), level=1)
    else:
        builder.paragraph(text)


def _add_file(contents: _Contents, part: Message, kind: str) -> None:
    """An attachment; signatures and what belongs to the layout are passed over."""
    family = kind.partition("/")[0]
    name = _name(part)
    if kind in _SIGNATURES:
        return
    if not _is_attached(part) and family in ("audio", "image", "text", "video"):
        if family == "text" and kind not in _NO_TEXTS:
            contents.builder.paragraph(_text(part))
        return
    name = name or f"attachment{guess_extension(kind) or ''}"
    size = len(str(part.get_payload() or ""))
    read = partial(_payload, part, why_unread(name, kind))
    contents.members.append(Member(name, size, read))


def why_unread(name: str, kind: str) -> str:
    """Why an attachment of a name and media type is not read; empty if it is."""
    if name.lower() == "winmail.dat":
        kind = "application/ms-tnef"
    return _ENCRYPTED if name.lower().endswith(".p7m") else _UNREAD.get(kind, "")


def _payload(part: Message, reason: str = "") -> bytes:
    if reason:
        raise LoadError(reason)
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    return decode(_payload(part), str(part.get_content_charset() or ""))


def _is_attached(part: Message) -> bool:
    return bool(_name(part)) or part.get_content_disposition() == "attachment"


def _name(part: Message) -> str:
    try:
        return " ".join(str(part.get_filename() or "").split())
    except _FAULTS:
        return "attachment"


def _header(message: Message, name: str) -> str:
    """A header in one line; one that breaks the rules as it stands."""
    raw = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
    value = next(raw, "")
    if _BROKEN_BYTE.search(value):
        value = decode(value.encode("utf-8", "surrogateescape"))
    else:
        try:
            value = decoded(str(message[name] or ""))
        except _FAULTS:
            _logger.debug("header %s cannot be parsed", name, exc_info=True)
    return " ".join(value.split())


def decoded(header: str) -> str:
    """A header with the words that stand encoded in it."""
    return str(make_header(decode_header(header))) if "=?" in header else header


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except _FAULTS:
        return None
