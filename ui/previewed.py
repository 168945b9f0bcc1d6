"""HTML of a document as the index has it: its facts, and its text in passages."""

from collections.abc import Sequence
from itertools import accumulate

from rag_app.index.catalog import Entry
from rag_app.schema import Chunk, Document
from ui.components import counted, file_name, plain
from ui.listed import Listing

_DIGITS = 16  # of the digest
_LONG = {"File", "Title", "Remark"}  # facts with a row of their own
_WIDE = ' class="wide"'
_BELOW = " › "  # between the headings of a chunk, outermost first


def facts_html(entry: Entry, document: Document | None, listing: Listing, *, passages: int) -> str:
    """Its name, what is known of the file, and what could not be read of it."""
    metadata = document.metadata if document else {}
    pages = len(document.page_starts) if document else 0
    uploaded = listing.is_upload(entry)
    changed = listing.moment(entry) if entry.file.modified else ""  # of what is no file
    facts = [
        ("File", "" if uploaded else entry.source),
        ("Title", document.title if document else ""),
        ("Format", metadata.get("format", "")),
        ("Size", in_bytes(entry.file.size)),
        ("Pages", f"{pages:,}" if pages else ""),
        ("Passages", f"{passages:,}"),
        ("Uploaded" if uploaded else "Last changed", changed),
        ("SHA-256 begins", entry.file.digest[:_DIGITS]),
        ("Status", entry.status),
        ("Remark", entry.remark),
    ]
    listed = "".join(
        f"<div{_WIDE if name in _LONG else ''}><dt>{name}</dt><dd>{plain(value)}</dd></div>"
        for name, value in facts
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
        return counted(size, "byte")
    return f"{size / (1 << 20):,.1f} MiB" if size >= 1 << 20 else f"{size / (1 << 10):,.1f} KiB"


def _passage(chunk: Chunk, at: int, covered: int) -> str:
    twice = min(max(0, covered - chunk.start), len(chunk.text))
    facts = [
        counted(chunk.tokens, "token"),
        f"page {chunk.page}" if chunk.page else "",
        plain(chunk.heading.rpartition(_BELOW)[2]),
        f"{counted(twice, 'character')} of the one before" if twice else "",
    ]
    shared = f'<span class="shared">{plain(chunk.text[:twice])}</span>' if twice else ""
    return (
        f'<section aria-label="Passage {at + 1}"><p><span class="number">{at + 1}</span> '
        f"{' · '.join(filter(None, facts))}</p>"
        f"<blockquote>{shared}{plain(chunk.text[twice:])}</blockquote></section>"
    )


def _between(text: str) -> str:
    if not text:
        return ""
    words = f'<p class="remark">{counted(len(text), "character")} in no passage</p>'
    quoted = f"<blockquote>{plain(text)}</blockquote>" if text.strip() else ""
    return f'<div class="between">{words}{quoted}</div>'
