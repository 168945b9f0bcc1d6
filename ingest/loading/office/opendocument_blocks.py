"""Paragraphs, lists, tables and shapes of OpenDocument files in reading order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.loading.archives.zipped_xml import SOFT_HYPHEN, Element, Parts, attribute, local, whole
from ingest.loading.extracted import TextBuilder
from ingest.loading.office.opendocument_lists import TEXT, Counter, Lists
from ingest.loading.tables.grid import Span, add_grid

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_BLANKS = re.compile(r"[ \t\r\n]+")
_UNSEEN = {"tracked-changes", "forms", "event-listeners", "image", "title", "desc", "notes"}
_SIGNS = {"tab": "\t", "line-break": "\n"}
_ROWS = {"table-header-rows", "table-rows", "table-row-group"}
_CELLS = {"table-cell", "covered-table-cell"}
_MOST_REPEATED = 100  # cells or rows
_DEEPEST = 6


@dataclass(slots=True)
class Blocks:
    """Adds the blocks of a text, a cell or a shape."""

    parts: Parts
    lists: Lists
    _waiting: list[tuple[str, Element]] = field(default_factory=list)
    _notes: int = 0

    def add(self, builder: TextBuilder, container: Element, *, inside: bool = False) -> None:
        """Add what an element holds; inside of something, its notes wait until after that."""
        for element in container:
            kind = local(element)
            if element.tag == f"{TEXT}p":
                self._add_paragraph(builder, element)
            elif element.tag == f"{TEXT}h":
                self._add_heading(builder, element)
            elif element.tag == f"{TEXT}list":
                self._add_list(builder, element, self.lists.begin(element), 0)
            elif element.tag == f"{TABLE}table":
                self.add_table(builder, element)
            elif isinstance(element.tag, str) and element.tag.startswith(DRAW):
                self.add_shape(builder, element)
            elif kind not in _UNSEEN:
                self.add(builder, element, inside=inside)
            if not inside:
                self._add_notes(builder)

    def _add_paragraph(self, builder: TextBuilder, paragraph: Element, label: str = "") -> None:
        text, beside = self._read(paragraph)
        if text and self.lists.is_title(paragraph.get(f"{TEXT}style-name", "")):
            builder.heading(text, 1)
        elif text:
            builder.paragraph(f"{label} {text}")
        for shape in beside:
            self.add_shape(builder, shape)

    def _add_heading(self, builder: TextBuilder, heading: Element, label: str = "") -> None:
        text, beside = self._read(heading)
        level = whole(heading.get(f"{TEXT}outline-level"), 1)
        if text and heading.get(f"{TEXT}is-list-header") != "true":
            label = label.strip("-") or self.lists.headings.label(level - 1)
        builder.heading(f"{label} {text}" if text else "", min(max(level, 1), _DEEPEST))
        for shape in beside:
            self.add_shape(builder, shape)

    def _add_list(
        self, builder: TextBuilder, element: Element, counter: Counter, depth: int
    ) -> None:
        for item in element:
            label = ""
            if local(item) == "list-item":
                label = counter.label(depth, item.get(f"{TEXT}start-value"))
            for block in item:
                if block.tag == f"{TEXT}list":
                    own = block.get(f"{TEXT}style-name")
                    inner = self.lists.begin(block) if own else counter
                    self._add_list(builder, block, inner, depth + 1)
                elif block.tag == f"{TEXT}h":
                    self._add_heading(builder, block, label)
                elif block.tag == f"{TEXT}p":
                    self._add_paragraph(builder, block, label)
                    label = ""

    def _read(self, paragraph: Element) -> tuple[str, list[Element]]:
        """The text of a paragraph, and the shapes that stand beside it."""
        beside: list[Element] = []
        text = "".join(self._pieces(paragraph, beside)).replace(SOFT_HYPHEN, "")
        return text.strip(), beside

    def _pieces(self, element: Element, beside: list[Element]) -> Iterator[str]:
        yield _BLANKS.sub(" ", element.text or "")
        for child in element:
            kind = local(child)
            if kind == "s":
                yield " " * min(whole(attribute(child, "c"), 1), 100)
            elif kind in _SIGNS:
                yield _SIGNS[kind]
            elif kind == "note":
                yield self._mark(child)
            elif kind == "annotation":
                self._waiting.append((_by(child), child))
            elif kind == "ruby-text":
                yield f"({''.join(self._pieces(child, beside))})"
            elif kind and child.tag.startswith(DRAW) and kind != "a":
                beside.append(child)
            elif kind not in _UNSEEN:
                yield from self._pieces(child, beside)
            yield _BLANKS.sub(" ", child.tail or "")

    def _mark(self, note: Element) -> str:
        """The number in the text; the note itself comes after the paragraph."""
        mark = note.findtext(f"{TEXT}note-citation") or "*"
        body = note.find(f"{TEXT}note-body")
        if body is not None:
            self._waiting.append((f"[{mark}]", body))
        return f"[{mark}]"

    def _add_notes(self, builder: TextBuilder) -> None:
        waiting, self._waiting = self._waiting, []
        for label, note in waiting:
            content = TextBuilder()
            for block in note.iterchildren(f"{TEXT}p", f"{TEXT}list", f"{TEXT}h"):
                self._add_paragraph(content, block)
            if text := content.build().text:
                builder.paragraph(f"{label} {text}")

    def add_shape(self, builder: TextBuilder, shape: Element) -> None:
        """Add the text in a shape, a frame or a group, or the chart or sheet in it."""
        for inner in shape.iterchildren(f"{DRAW}object"):
            self._add_object(builder, attribute(inner, "href") or "")
        self.add(builder, shape, inside=True)

    def _add_object(self, builder: TextBuilder, name: str) -> None:
        root = self.parts.xml(f"{name.removeprefix('./').rstrip('/')}/content.xml")
        if root is None:
            return
        if local(root) == "math":
            builder.paragraph(next((e.text or "" for e in root.iter("{*}annotation")), ""))
        for title in root.iter(f"{_CHART}title"):
            self.add(builder, title, inside=True)
        body = root.find(f"{OFFICE}body")
        for holder in () if body is None else body.iter(f"{_CHART}chart", f"{OFFICE}spreadsheet"):
            for table in holder.iterchildren(f"{TABLE}table"):
                self.add_table(builder, table)

    def add_table(self, builder: TextBuilder, table: Element) -> None:
        """Add a table of a text or a whole sheet, and the comments in it."""
        spans: list[Span] = []
        add_grid(builder, list(self._rows(table, spans)), spans)
        self._add_notes(builder)

    def _rows(self, table: Element, spans: list[Span]) -> Iterator[tuple[int, dict[int, str]]]:
        number = 0
        for row in _flat(table):
            cells = self._cells(row, number, spans)
            times = whole(attribute(row, "number-rows-repeated"), 1)
            for at in range(min(times, _MOST_REPEATED) if cells else 0):
                yield number + at, cells
            number += times

    def _cells(self, row: Element, number: int, spans: list[Span]) -> dict[int, str]:
        cells: dict[int, str] = {}
        column = 0
        for cell in row:
            if local(cell) not in _CELLS:
                continue
            times = whole(attribute(cell, "number-columns-repeated"), 1)
            if local(cell) == "table-cell" and len(cell):
                content = TextBuilder()
                self.add(content, cell, inside=True)
                text = content.build().text
                cells |= {column + at: text for at in range(min(times, _MOST_REPEATED)) if text}
                down = whole(attribute(cell, "number-rows-spanned"), 1)
                across = whole(attribute(cell, "number-columns-spanned"), 1)
                if text and (down, across) != (1, 1):
                    spans.append(Span(number, column, number + down, column + across))
            column += times
        return cells


def _flat(table: Element) -> Iterator[Element]:
    for element in table:
        if local(element) in _ROWS:
            yield from _flat(element)
        elif local(element) == "table-row":
            yield element


def _by(annotation: Element) -> str:
    author = annotation.findtext("{http://purl.org/dc/elements/1.1/}creator")
    return f"Comment by {author}:" if author else "Comment:"
