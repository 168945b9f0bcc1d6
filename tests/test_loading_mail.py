"""Mail: who wrote what to whom, in whatever shape a program left it."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from ingest.loading import load
from ingest.loading.extracted import Extracted
from ingest.loading.mail import message, outlook
from rag_app.errors import LoadError
from tests.conftest import HOSTILE, Write, needs_hostile


def a_message(text: str = "Nine pounds.", **headers: str) -> EmailMessage:
    made = EmailMessage()
    shown = {
        "From": "Ann <ann@example.org>",
        "To": "bob@example.org",
        "Subject": "Fees",
        "Message-ID": "<1@example.org>",
        **headers,
    }
    for name, value in shown.items():
        made[name] = value
    made.set_content(text)
    return made


def names(extracted: Extracted) -> list[str]:
    return [member.name for member in extracted.members]


# One message


def test_a_message_begins_with_who_wrote_when_and_about_what(write: Write) -> None:
    sent = a_message(Date="Tue, 01 Oct 2024 12:34:56 -0500", Cc="Zoë <zoe@example.org>")
    document = load(write("a.eml", sent.as_bytes(policy=SMTP)))
    assert document.text == (
        "From: Ann <ann@example.org>\nTo: bob@example.org\nCc: Zoë <zoe@example.org>\n"
        "Date: Tue, 01 Oct 2024 12:34:56 -0500\nSubject: Fees\n\nNine pounds."
    )
    assert document.title == "Fees"
    assert document.metadata["author"] == "Ann <ann@example.org>"
    assert document.metadata["date"] == "2024-10-01T12:34:56-05:00"
    assert document.metadata["format"] == "eml"


def test_plain_text_is_preferred_to_a_page_unless_it_is_blank() -> None:
    for plain, expected in (("Plain.", "Plain."), (" \n", "Page.")):
        sent = a_message(plain)
        sent.add_alternative("<p>Page.</p>", subtype="html")
        assert message.extract(sent.as_bytes()).text.endswith(f"\n\n{expected}")


def test_a_message_of_one_page_is_read_as_its_text() -> None:
    sent = a_message()
    sent.set_content("<h1>Fees</h1><p>Nine <b>pou</b>nds</p>", subtype="html")
    extracted = message.extract(sent.as_bytes())
    assert extracted.text.endswith("Fees\n\nNine pounds")
    assert [(level, title) for _, level, title in extracted.headings] == [(2, "Fees")]


def test_attachments_are_sections_under_their_names(write: Write) -> None:
    sent = a_message()
    sent.add_attachment("kind,fee\nday,9\n", subtype="csv", filename="fées.csv")
    document = load(write("a.eml", sent.as_bytes()))
    assert document.text.endswith("Nine pounds.\n\nfées.csv\n\nkind: day; fee: 9")
    assert document.headings[0][1:] == (1, "fées.csv")


def test_pictures_of_the_layout_and_signatures_are_passed_over() -> None:
    sent = a_message()
    sent.add_alternative("<p>Page.<img src='cid:1'></p>", subtype="html")
    sent.get_payload()[1].add_related(b"GIF89a", "image", "gif", cid="<1>")
    sent.add_attachment(b"...", "application", "pkcs7-signature", filename="smime.p7s")
    assert names(message.extract(sent.as_bytes())) == []


def test_a_file_attached_to_the_form_that_is_not_read_is_kept() -> None:
    sent = a_message("Plain.")
    sent.add_alternative("<p>Page.</p>", subtype="html")
    sent.get_payload()[1].make_mixed()
    sent.get_payload()[1].add_attachment(b"%PDF-", "application", "pdf", filename="a.pdf")
    extracted = message.extract(sent.as_bytes())
    assert names(extracted) == ["a.pdf"]
    assert extracted.text.endswith("Plain.")


def test_a_forwarded_message_is_a_section_with_its_own_files(write: Write) -> None:
    inner = a_message("Inside.", Subject="Older")
    inner.add_attachment("attached\n", filename="a.txt")
    sent = a_message()
    sent.add_attachment(inner)
    document = load(write("a.eml", sent.as_bytes()))
    assert "Nine pounds.\n\nOlder\n\nFrom: Ann" in document.text
    assert document.text.endswith("Inside.\n\na.txt\n\nattached\n")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("winmail.dat", "octet-stream", "Outlook's wrapping"),
        ("smime.p7m", "pkcs7-mime", "encrypted"),
    ],
)
def test_wrapped_and_encrypted_attachments_are_named(
    write: Write, name: str, kind: str, reason: str
) -> None:
    sent = a_message()
    sent.add_attachment(b"...", "application", kind, filename=name)
    document = load(write("a.eml", sent.as_bytes()))
    assert document.missing.startswith(f"{name}: {reason}")


def test_an_encrypted_message_says_so(write: Write) -> None:
    data = (
        b"From: ann@example.org\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/encrypted; boundary="b"\n\n--b\n\nhQEMA\n--b--\n'
    )
    assert load(write("a.eml", data)).missing == "encrypted; save the message decrypted"


# Broken and old messages


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-8-i", "שלום"),
        ("x-unknown", "plain words"),
        ("gb2312", "中文"),
        ("us-ascii", "naïve"),
        ("base64", "plain words"),
        ("iso-2022-jp", "日本語"),
    ],
)
def test_a_text_is_read_in_the_encoding_it_declares_or_is_in(charset: str, text: str) -> None:
    encoding = {"iso-8859-8-i": "iso-8859-8", "iso-2022-jp": charset, "gb2312": charset}
    data = f"Subject: a\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert message.extract(data + text.encode(encoding.get(charset, "utf-8"))).text.endswith(text)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b"Subject: =?utf-8?B?R3LDvG4=?= days", "Subject: Grün days"),
        (b"Subject: Gr\xfcn", "Subject: Grün"),
        (b"Subject: =?nonsense?Q?a?=", "Subject: a"),
        (b"From: =?utf-8?Q?Ann =?= <<ann@>", "From: "),
        (b"Date: yesterday", "Date: yesterday"),
        (b"To: undisclosed-recipients:;", "To: undisclosed-recipients:;"),
        (b"Content-Type: text/plain; charset*=''", ""),
        (b"Content-Type: ;;;==", ""),
        (b"Content-Disposition: attachment; filename*0*=", ""),
    ],
)
def test_a_broken_header_costs_no_more_than_itself(header: bytes, shown: str) -> None:
    extracted = message.extract(header + b"\nMessage-ID: <1>\n\nNine pounds.")
    content = "".join([extracted.text, *(member.read().decode() for member in extracted.members)])
    assert shown in content
    assert content.endswith("Nine pounds.")


def test_a_message_in_utf_16_is_read(write: Write) -> None:
    data = a_message().as_string().encode("utf-16")
    assert load(write("a.eml", data)).title == "Fees"


def test_a_message_of_apple_mail_is_read_without_its_count(write: Write) -> None:
    data = a_message().as_bytes()
    assert load(write("a.emlx", b"%d\n" % len(data) + data)).text.startswith("From: Ann")


def test_a_saved_page_is_read(write: Write) -> None:
    data = (
        b"From: <Saved by Blink>\nSubject: Fees\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/related; boundary="b"; type="text/html"\n\n'
        b"--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<p>Nine=20pounds</p>\n--b\nContent-Type: text/css\n\np {}\n--b--\n"
    )
    document = load(write("a.mhtml", data))
    assert document.text.endswith("Nine pounds")
    assert document.missing == ""


def test_messages_inside_messages_end_at_a_depth() -> None:
    sent = a_message()
    for _ in range(15):
        outer = a_message()
        outer.add_attachment(sent)
        sent = outer
    extracted = message.extract(sent.as_bytes())
    assert "too deep" in extracted.missing
    assert extracted.text.count("Nine pounds.") == 11


# Mailboxes


def mailbox(*messages: EmailMessage) -> bytes:
    mark = b"From ann@example.org Mon Jun 01 10:00:00 2009\n"
    return b"\n".join(mark + sent.as_bytes() for sent in messages)


def test_every_message_of_a_mailbox_is_a_section_under_its_subject(write: Write) -> None:
    second = a_message("Ten.\n>From now on.\n\nFrom here on nothing parts.", Subject="Rise")
    second.add_attachment("more\n", filename="a.txt")
    document = load(write("a.mbox", mailbox(a_message(), second)))
    assert [title for _, _, title in document.headings] == ["Fees", "Rise", "Rise: a.txt"]
    assert "Ten.\nFrom now on.\n\nFrom here on nothing parts." in document.text
    assert document.text.endswith("Rise: a.txt\n\nmore\n")


def test_a_mailbox_of_one_message_is_that_message(write: Write) -> None:
    document = load(write("a.eml", mailbox(a_message())))
    assert (document.title, document.headings) == ("Fees", ())


def test_a_broken_message_of_a_mailbox_is_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = message._message

    def break_on_second(data: bytes) -> Extracted:
        if b"Second" in data:
            raise RuntimeError("bad")
        return read(data)

    monkeypatch.setattr(message, "_message", break_on_second)
    boxed = mailbox(a_message(), a_message(Subject="Second"), a_message("Last."))
    document = load(write("a.mbox", boxed))
    assert document.missing == "message 2: bad"
    assert document.text.endswith("Last.")


# Outlook


@needs_hostile
def test_a_message_of_outlook_is_read_with_its_files() -> None:
    extracted = outlook.extract((HOSTILE / "tika__testMSG_att_doc.msg").read_bytes())
    assert extracted.text == (
        'From: "Nicolas1 23456" <nicolas1.23456@free.fr>\nTo: nicolas1.23456@free.fr\n'
        "Date: 2009-04-22 14:36:33+00:00\nSubject: test pièce jointe 1\n\ncontenu"
    )
    assert names(extracted) == ["test-unicode.doc", "pj1.txt"]
    assert extracted.metadata["date"] == "2009-04-22T14:36:33+00:00"


@needs_hostile
def test_encoded_names_of_outlook_are_shown_as_written() -> None:
    extracted = outlook.extract((HOSTILE / "tika__test-outlook.msg").read_bytes())
    assert extracted.text.startswith("From: L'Équipe Microsoft Outlook Express <msoe@")
    assert extracted.title == "Microsoft Outlook Express 6"


@needs_hostile
def test_an_encrypted_message_of_outlook_is_named() -> None:
    document = load(HOSTILE / "unstructured__fake-encrypted.msg")
    assert "ATT00001.pgp-encrypted: encrypted" in document.missing


def test_a_damaged_message_of_outlook_is_an_error(write: Write) -> None:
    with pytest.raises(LoadError, match="damaged Office file"):
        load(write("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)))


@needs_hostile
@pytest.mark.parametrize(
    "path",
    [*sorted(HOSTILE.glob("*.eml")), *sorted(HOSTILE.glob("*.mbox"))],
    ids=lambda path: path.name,
)
def test_hostile_mail_is_parsed(path: Path) -> None:
    read = message.extract_mailbox if path.suffix == ".mbox" else message.extract
    extracted = read(path.read_bytes())
    assert extracted.text or path.name == "unstructured__empty.eml"
