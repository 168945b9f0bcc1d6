"""Messages of Outlook (.msg), their attachments as members."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from ingest.loading.extracted import Extracted, Member, TextBuilder
from ingest.loading.mail.message import decoded, why_unread
from ingest.loading.markup import html
from ingest.loading.markup.text import decode
from rag_app.errors import LoadError

if TYPE_CHECKING:
    from oxmsg import Message
    from oxmsg.attachment import Attachment
    from oxmsg.storage import Storage

_HTML, _COMPRESSED_RTF, _SHORT_NAME = 0x1013, 0x1009, 0x3704
_EMBEDDED = "__substg1.0_3701000D"
_PROPERTIES = "__properties_version1.0"
_COUNTS = 24  # bytes at the head of the properties of a message
_DEEPEST = 5


def extract(data: bytes) -> Extracted:
    """Who wrote to whom, when and about what, then the text; messages inside as sections."""
    from olefile import OleFileIO
    from oxmsg.storage import Storage

    with OleFileIO(BytesIO(data)) as ole:
        root = Storage.from_ole(ole)
    return _read(root, 0)


def _read(storage: "Storage", depth: int) -> Extracted:
    from oxmsg import Message
    from oxmsg.attachment import Attachment

    message = Message(storage)
    sent = message.sent_date
    subject = _text(lambda: message.subject)
    sender = _text(lambda: message.sender)
    headers = {
        "From": sender,
        "To": _recipients(message),
        "Cc": _text(lambda: message.message_headers.get("Cc")),
        "Date": sent.isoformat(" ") if sent else "",
        "Subject": subject,
    }
    builder = TextBuilder()
    builder.paragraph("\n".join(f"{name}: {value}" for name, value in headers.items() if value))
    missing = _add_body(builder, message)
    members: list[Member] = []
    for part in storage.iter_attachment_storages():
        if inner := next((inner for inner in part.storages if inner.name == _EMBEDDED), None):
            missing += _add_message(builder, inner, members, depth)
        else:
            members.append(_member(Attachment(part), len(members) + 1))
    built = builder.build(subject)
    metadata = {"author": sender, "date": sent.isoformat() if sent else ""}
    return Extracted(
        built.text,
        title=subject,
        headings=built.headings,
        members=members,
        missing="; ".join(missing),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _add_body(builder: TextBuilder, message: "Message") -> list[str]:
    """Add the plain text, else that of the page; what is missing where there is neither."""
    if body := _text(lambda: message.body, one_line=False):
        builder.paragraph(body)
    elif content := message.properties.binary_prop_value(_HTML):
        builder.part(html.read(decode(content, message.properties.body_encoding)), level=1)
    elif page := _text(lambda: message.html_body, one_line=False):
        builder.part(html.read(page), level=1)
    elif message.properties.binary_prop_value(_COMPRESSED_RTF):
        return ["its text, which is there as RTF only; save the message as .eml"]
    return []


def _add_message(
    builder: TextBuilder, storage: "Storage", members: list[Member], depth: int
) -> list[str]:
    """A message that is attached to this one; its properties lie closer to the start."""
    if depth >= _DEEPEST:
        return ["messages too deep inside others; save them apart"]
    streams = tuple(
        replace(stream, bytes_=stream.bytes_[:_COUNTS] + bytes(8) + stream.bytes_[_COUNTS:])
        if stream.name == _PROPERTIES
        else stream
        for stream in storage.streams
    )
    part = _read(replace(storage, streams=streams), depth + 1)
    builder.section(part.title or "Attached message", part)
    members += part.members
    return [part.missing] if part.missing else []


def _member(attachment: "Attachment", number: int) -> Member:
    short = _text(lambda: attachment.properties.str_prop_value(_SHORT_NAME))
    name = _text(lambda: attachment.file_name) or short or f"attachment {number}"
    kind = _text(lambda: attachment.mime_type)
    signed = kind == "multipart/signed"  # the message itself, as it was sent
    reason = "" if signed else why_unread(name, kind)

    def read() -> bytes:
        if reason:
            raise LoadError(reason)
        content: bytes = attachment.file_bytes or b""
        return content

    return Member("message.eml" if signed else name, attachment.size, read)


def _recipients(message: "Message") -> str:
    if header := _text(lambda: message.message_headers.get("To")):
        return header
    return ", ".join(
        _named(recipient.name, recipient.email_address) for recipient in message.recipients
    )


def _named(name: str, address: str) -> str:
    name, address = (" ".join(part.split()).strip("\0'") for part in (name or "", address or ""))
    return f"{name} <{address}>" if name and address and name != address else name or address


def _text(read: Callable[[], str | None], *, one_line: bool = True) -> str:
    """A property as text; empty where it is missing or in an unknown encoding."""
    try:
        value = (read() or "").replace("\0", "").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return ""
    return decoded(" ".join(value.split())) if one_line else value
