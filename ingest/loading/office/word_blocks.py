"""Paragraphs and tables of a Word document in reading order, boxes and notes after them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.loading.archives.zipped_xml import Element, Parts, attribute, whole
from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup import html
from ingest.loading.office.ooxml import RELATION_ID, add_linked, relations, seen
from ingest.loading.office.word_inline import Inline, read
from ingest.loading.office.word_notes import Notes
from ingest.loading.office.word_numbering import W
from ingest.loading.office.word_styles import Styles
from ingest.loading.tables.grid import Span, add_grid

# Elements around blocks that make no difference to the text.
_WRAPPERS = {
    f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")
}


@dataclass(slots=True)
class Blocks:
    """Adds the blocks of the body, a header or a note; one for each part of the file."""

    parts: Parts
    part: str
    styles: Styles
    notes: Notes

    def add(self, builder: TextBuilder, container: Element, *, inside: bool = False) -> None:
        """Add what an element holds; inside of something, its notes wait until after that."""
        for block in _unwrapped(container):
            if block.tag == f"{W}p":
                self._add_paragraph(builder, block)
            elif block.tag == f"{W}tbl":
                self._add_table(builder, block)
            elif block.tag == f"{W}altChunk":
                self._add_chunk(builder, block)
            if not inside:
                self._add_notes(builder)

    def _add_paragraph(self, builder: TextBuilder, paragraph: Element) -> None:
        inline = Inline(self.notes.mark)
        read(paragraph, inline)
        label = self.styles.label(paragraph)  # blank ones are counted too
        if text := inline.text:
            level = self.styles.level(paragraph, text)
            labelled = f"{label} {text}".strip()
            if level:
                builder.heading(text if label == "-" else labelled, level)
            else:
                builder.paragraph(labelled)
        for element in inline.beside:
            if element.tag == f"{W}txbxContent":
                self.add(builder, element, inside=True)
            else:
                add_linked(builder, self.parts, self.part, element)

    def _add_table(self, builder: TextBuilder, element: Element) -> None:
        table = _Table()
        for row in _unwrapped(element):
            if row.tag == f"{W}tr" and row.find(f"{W}trPr/{W}del") is None:
                self._read_row(table, row)
        if table.is_layout:
            for row in table.rows:
                for part in row.values():
                    builder.part(part)
            return
        texts = [{column: part.text for column, part in row.items()} for row in table.rows]
        add_grid(builder, enumerate(texts), table.spans, heads=table.heads)

    def _read_row(self, table: "_Table", row: Element) -> None:
        column = whole(attribute(row.find(f"{W}trPr/{W}gridBefore"), "val"))
        table.rows.append({})
        if row.find(f"{W}trPr/{W}tblHeader") is not None and table.heads == len(table.rows) - 1:
            table.heads += 1
        for cell in _unwrapped(row):
            if cell.tag != f"{W}tc":
                continue
            width = whole(attribute(cell.find(f"{W}tcPr/{W}gridSpan"), "val"), 1)
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            if merged is None or attribute(merged, "val") == "restart":
                content = TextBuilder()
                self.add(content, cell, inside=True)
                table.begin(column, column + width, content.build())
                table.nested |= cell.find(f".//{W}tbl") is not None
            else:
                table.go_on(column)
            column += width

    def _add_chunk(self, builder: TextBuilder, chunk: Element) -> None:
        """Add a page that is to be shown as a part of the document."""
        link = relations(self.parts, self.part).get(chunk.get(f"{RELATION_ID}id", ""))
        if link and link.part.lower().endswith((".html", ".htm", ".xhtml")):
            builder.part(html.extract(self.parts.read(link.part)))

    def _add_notes(self, builder: TextBuilder) -> None:
        for part, mark, note in self.notes.take():
            content = TextBuilder()
            Blocks(self.parts, part, self.styles, self.notes).add(content, note, inside=True)
            builder.paragraph(f"{mark} {content.build().text}")


@dataclass(slots=True)
class _Table:
    """The cells of a table by row and column, each with the text it holds."""

    rows: list[dict[int, Extracted]] = field(default_factory=list)
    heads: int = 0
    nested: bool = False
    _spans: dict[int, list[Span]] = field(default_factory=dict)

    def begin(self, left: int, right: int, content: Extracted) -> None:
        """Put a cell in the last row."""
        top = len(self.rows) - 1
        self.rows[top][left] = content
        self._spans.setdefault(left, []).append(Span(top, left, top + 1, right))

    def go_on(self, left: int) -> None:
        """Let the cell above reach down to the last row."""
        if spans := self._spans.get(left):
            last = spans[-1]
            spans[-1] = Span(last.top, left, len(self.rows), last.right)

    @property
    def spans(self) -> list[Span]:
        """The merged cells."""
        spans = [span for spans in self._spans.values() for span in spans]
        return [
            span for span in spans if (span.bottom - span.top, span.right - span.left) != (1, 1)
        ]

    @property
    def is_layout(self) -> bool:
        """Whether it only places text on the page."""
        cells = [[part for part in row.values() if part.text] for row in self.rows]
        headings = any(part.headings for row in cells for part in row)
        return self.nested or headings or all(len(row) < 2 for row in cells)


def _unwrapped(container: Element) -> Iterator[Element]:
    for child in seen(container):
        if child.tag in _WRAPPERS:
            yield from _unwrapped(child)
        else:
            yield child
