"""Word documents (.docx, .docm, .dotx): what a reader of all pages sees.

Read from the XML itself: of both dialects, with numbered clauses, text boxes, notes,
comments, fields and tracked changes as they stand if all are accepted.
"""

from collections.abc import Iterator
from dataclasses import replace

from ingest.loading.archives.zipped_xml import Element, Parts
from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.office.ooxml import main_part, related, title_of
from ingest.loading.office.word_blocks import Blocks
from ingest.loading.office.word_notes import Notes
from ingest.loading.office.word_numbering import Numbering, W
from ingest.loading.office.word_styles import Styles


def extract(data: bytes) -> Extracted:
    """Page headers once, the body, page footers once; headings by style or outline level."""
    parts = Parts(data)
    main, document = main_part(parts, "word/document.xml")
    styles = Styles(_first(parts, main, "styles"), Numbering(_first(parts, main, "numbering")))
    notes = Notes(parts, main)
    builder = TextBuilder()
    for text in _around(parts, main, "header", styles, notes):
        builder.paragraph(text)
    body = document.find(f"{W}body")
    if body is not None:
        Blocks(parts, main, styles, notes).add(builder, body)
    for text in _around(parts, main, "footer", styles, notes):
        builder.paragraph(text)
    extracted = builder.build(title_of(parts))
    pictures = not extracted.text and any("/media/" in name for name in parts.names())
    return replace(extracted, missing="it holds pictures only" if pictures else parts.missing)


def _first(parts: Parts, main: str, kind: str) -> Element | None:
    return next((root for _, root in related(parts, main, kind)), None)


def _around(parts: Parts, main: str, kind: str, styles: Styles, notes: Notes) -> Iterator[str]:
    """The headers or footers that differ; not those of page numbers only."""
    told = set()
    for part, root in related(parts, main, kind):
        content = TextBuilder()
        Blocks(parts, part, styles, notes).add(content, root)
        text = content.build().text
        if text not in told and any(map(str.isalpha, text)):
            told.add(text)
            yield text
