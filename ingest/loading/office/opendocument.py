"""OpenDocument files of LibreOffice and others: texts, sheets and slides (.odt, .ods, .odp)."""

from dataclasses import replace

from ingest.loading.archives.zipped_xml import Element, Parts, attribute
from ingest.loading.extracted import Extracted, TextBuilder, without_text
from ingest.loading.office.opendocument_blocks import DRAW, OFFICE, PRESENTATION, TABLE, Blocks
from ingest.loading.office.opendocument_lists import STYLE, Lists
from rag_app.errors import LoadError

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_TITLES = {"title"}
_DECORATION = {"date-time", "page-number", "page"}


def extract(data: bytes) -> Extracted:
    """A text with its page headers and footers once, each sheet, or each slide as a page.

    Raises:
        LoadError: It is protected by a password.
    """
    parts = Parts(data)
    if b"encryption-data" in parts.read("META-INF/manifest.xml"):
        raise LoadError("protected by a password; save a copy without one")
    content, styles = parts.xml("content.xml"), parts.xml("styles.xml")
    body = None if content is None else content.find(f"{OFFICE}body")
    if body is None or not len(body):
        raise LoadError("damaged: it has no content; get the file again")
    blocks = Blocks(parts, Lists(content, styles))
    builder = TextBuilder()
    missing = title = ""
    for document in body:
        if document.tag == f"{OFFICE}spreadsheet":
            _add_sheets(builder, blocks, document)
        elif document.tag == f"{OFFICE}presentation":
            missing = _add_slides(builder, blocks, document)
        else:
            _add_text(builder, blocks, document, styles)
        if document.tag != f"{OFFICE}spreadsheet":
            title = builder.build().title
    meta = parts.xml("meta.xml")
    own = "" if meta is None else next((e.text or "" for e in meta.iter(_TITLE)), "")
    missing = "; ".join(filter(None, [missing, parts.missing]))
    return replace(builder.build(), title=" ".join(own.split()) or title, missing=missing)


def _add_text(
    builder: TextBuilder, blocks: Blocks, document: Element, styles: Element | None
) -> None:
    for text in _around(blocks, styles, "header"):
        builder.paragraph(text)
    blocks.add(builder, document)
    for text in _around(blocks, styles, "footer"):
        builder.paragraph(text)


def _around(blocks: Blocks, styles: Element | None, kind: str) -> list[str]:
    """The headers or footers that differ; not those of page numbers only."""
    found: dict[str, None] = {}
    for name in (kind, f"{kind}-first", f"{kind}-left"):
        for element in () if styles is None else styles.iter(f"{STYLE}{name}"):
            content = TextBuilder()
            blocks.add(content, element)
            found[content.build().text] = None
    return [text for text in found if any(map(str.isalpha, text))]


def _add_sheets(builder: TextBuilder, blocks: Blocks, document: Element) -> None:
    for sheet in document.iterchildren(f"{TABLE}table"):
        content = TextBuilder()
        blocks.add_table(content, sheet)
        for shapes in sheet.iterchildren(f"{TABLE}shapes"):
            blocks.add(content, shapes)
        if (part := content.build()).text:
            builder.section(attribute(sheet, "name") or "", part)


def _add_slides(builder: TextBuilder, blocks: Blocks, document: Element) -> str:
    """Add the slides; says which of them have no text."""
    blank = []
    slides = list(document.iterchildren(f"{DRAW}page"))
    for number, slide in enumerate(slides, start=1):
        builder.page()
        content = TextBuilder()
        for shape in slide.iterchildren():
            if shape.get(f"{PRESENTATION}class") in _TITLES:
                title = TextBuilder()
                blocks.add_shape(title, shape)
                content.heading(title.build().text, 1)
        for shape in slide.iterchildren():
            if shape.tag == f"{PRESENTATION}notes":
                _add_notes(content, blocks, shape)
            elif shape.get(f"{PRESENTATION}class") not in _TITLES:
                blocks.add_shape(content, shape)
        builder.part(content.build())
        if not content.build().text:
            blank.append(number)
    return without_text(blank, len(slides))


def _add_notes(builder: TextBuilder, blocks: Blocks, notes: Element) -> None:
    content = TextBuilder()
    for shape in notes.iterchildren():
        if shape.get(f"{PRESENTATION}class") not in _DECORATION:
            blocks.add_shape(content, shape)
    if text := content.build().text:
        builder.paragraph(f"Notes: {text}")
