"""HTML of a document as the index has it: its facts, and its text in passages."""

from collections.abc import Sequence
from itertools import accumulate

from rag_app.index.catalog.catalog import Entry
from rag_app.schema import Chunk, Document
from ui.components.blocks import file_name, plain
from ui.components.document_list import DocumentList
from ui.languages.fixed_words import statuses
from ui.languages.language import figure, gettext, ngettext, number

_DIGITS = 16  # of the digest
_WIDE = ' class="wide"'  # of a fact with a row of its own
_BELOW = " › "  # between the headings of a chunk, outermost first


def facts_html(
    entry: Entry, document: Document | None, listing: DocumentList, *, passages: int
) -> str:
    """Its name, what is known of the file, and what could not be read of it."""
    metadata = document.metadata if document else {}
    pages = len(document.page_starts) if document else 0
    uploaded = listing.is_upload(entry)
    changed = listing.moment(entry) if entry.file.modified else ""  # of what is no file
    facts = [
        (_WIDE, gettext("File"), "" if uploaded else entry.source),
        (_WIDE, gettext("Title"), document.title if document else ""),
        ("", gettext("Format"), metadata.get("format", "")),
        ("", gettext("Size"), in_bytes(entry.file.size)),
        ("", gettext("Pages"), number(pages) if pages else ""),
        ("", gettext("Passages"), number(passages)),
        ("", gettext("Uploaded") if uploaded else gettext("Last changed"), changed),
        ("", gettext("SHA-256 begins"), entry.file.digest[:_DIGITS]),
        ("", gettext("Status"), statuses()[entry.status]),
        (_WIDE, gettext("Remark"), entry.remark),
    ]
    listed = "".join(
        f"<div{wide}><dt>{plain(name)}</dt><dd>{plain(value)}</dd></div>"
        for wide, name, value in facts
        if value
    )
    name = plain(file_name(entry.source))
    return f'<h3 class="document-name">{name}</h3><dl class="facts">{listed}</dl>'


def passages_html(document: Document, chunks: Sequence[Chunk], *, begin: int, end: int) -> str:
    """Passages `chunks[begin:end]` of the text, and what lies between them.

    Args:
        document: Whose text it is.
        chunks: All of its chunks, by where they start.
        begin: The first one shown, counted from 0.
        end: The one after the last.
    """
    # How far the text is covered before each chunk, and after the last.
    covered = [0, *accumulate((chunk.end for chunk in chunks), max)]
    shown = "".join(
        _between(document.text[covered[at] : chunk.start]) + _passage(chunk, at, covered[at])
        for at, chunk in enumerate(chunks[begin:end], start=begin)
    )
    rest = document.text[covered[-1] :] if end >= len(chunks) else ""
    return f'<div class="chunks">{shown}{_between(rest)}</div>'


def in_bytes(size: int) -> str:
    """As people say it."""
    if size < 1 << 10:
        return ngettext("{count} byte", "{count} bytes", size)
    unit, power = ("MiB", 20) if size >= 1 << 20 else ("KiB", 10)
    return figure(f"{size / (1 << power):,.1f} {unit}")


def _passage(chunk: Chunk, at: int, covered: int) -> str:
    twice = min(max(0, covered - chunk.start), len(chunk.text))
    facts = [
        ngettext("{count} token", "{count} tokens", chunk.tokens),
        gettext("page {page}").format(page=chunk.page) if chunk.page else "",
        chunk.heading.rpartition(_BELOW)[2],
        _repeated(twice) if twice else "",
    ]
    label = plain(gettext("Passage {number}").format(number=at + 1))
    shared = f'<span class="shared">{plain(chunk.text[:twice])}</span>' if twice else ""
    return (
        f'<section aria-label="{label}"><p><span class="number">{at + 1}</span> '
        f"{plain(' · '.join(filter(None, facts)))}</p>"
        f"<blockquote>{shared}{plain(chunk.text[twice:])}</blockquote></section>"
    )


def _repeated(count: int) -> str:
    return ngettext(
        "{count} character of the one before", "{count} characters of the one before", count
    )


def _between(text: str) -> str:
    if not text:
        return ""
    left_out = ngettext(
        "{count} character in no passage", "{count} characters in no passage", len(text)
    )
    words = f'<p class="remark">{plain(left_out)}</p>'
    quoted = f"<blockquote>{plain(text)}</blockquote>" if text.strip() else ""
    return f'<div class="between">{words}{quoted}</div>'
