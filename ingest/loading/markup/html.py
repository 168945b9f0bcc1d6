"""HTML: what a reader sees, without scripts, styles and site furniture."""

import re
from typing import TYPE_CHECKING

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup.html_cleaning import visible
from ingest.loading.markup.text import decode
from ingest.loading.tables.table import Cell, add_table, counted

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement

_DEEPEST = 120  # blocks inside blocks
_SHORT = 200  # characters
_NEXT_ITEM = "\x1f"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "header",
    "hgroup", "hr", "legend", "li", "listing", "main", "menu", "nav", "noframes", "ol", "p",
    "plaintext", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul", "xmp", *_HEADINGS,
}  # fmt: skip
_LISTS = {"ol", "ul", "menu", "dir"}
_TOO_LARGE = ["ul", "ol", "pre", "form", *_HEADINGS]  # for a cell of a table of values
_AS_WRITTEN = {"pre", "listing", "plaintext", "xmp"}
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARED_WITHIN = 4096  # bytes


def extract(data: bytes) -> Extracted:
    """Visible text, block by block, with headings, lists and tables."""
    head = data[:_DECLARED_WITHIN]
    declared = _XML_ENCODING.search(head) or _CHARSET.search(head)
    return read(decode(data, declared[1].decode("ascii") if declared else ""))


def read(text: str) -> Extracted:
    """The same of a page, or of a part of one, that is already decoded."""
    page, title = visible(text)
    reader = _Reader(page)
    reader.walk(page)
    return reader.builder.build(title)


class _Reader:
    """Walks over a page and builds its text."""

    def __init__(self, page: "Tag") -> None:
        self.builder = TextBuilder()
        self._around_blocks = _around_blocks(page)
        self._mark = ""  # of the list item that begins
        self._depth = 0

    def walk(self, tag: "Tag") -> None:
        """Inline runs become paragraphs; blocks are entered, down to a depth."""
        self._depth += 1
        if self._depth > _DEEPEST:
            self._paragraph(tag.get_text(" "))
        else:
            self._children(tag)
        self._depth -= 1

    def _children(self, tag: "Tag") -> None:
        from bs4 import Tag

        run: list[str] = []
        for child in tag.children:
            if isinstance(child, Tag) and self._holds_blocks(child):
                self._paragraph("".join(run))
                run.clear()
                self._block(child)
            else:
                run.append(_text(child))
        self._paragraph("".join(run))

    def _paragraph(self, text: str) -> None:
        if text := _one_line(text):
            self.builder.paragraph(self._mark + text)
            self._mark = ""

    def _block(self, tag: "Tag") -> None:
        if tag.name in _HEADINGS and not tag.find("table"):
            self.builder.heading(_text(tag), _HEADINGS[tag.name])
        elif tag.name in _AS_WRITTEN:
            self.builder.paragraph(tag.get_text())
        elif tag.name == "table" and _is_grid(tag):
            if tag.caption:
                self._paragraph(_text(tag.caption))
            add_table(self.builder, [_cells(row) for row in tag("tr")])
        elif tag.name == "tr" and (texts := _short_texts(tag)):
            self._paragraph(" | ".join(texts))
        elif tag.name == "dl":
            self._definitions(tag)
        elif tag.name in _LISTS:
            self._list(tag)
        else:
            self.walk(tag)

    def _holds_blocks(self, tag: "Tag") -> bool:
        return tag.name in _BLOCKS or id(tag) in self._around_blocks

    def _list(self, tag: "Tag") -> None:
        number = _number(tag, "start")
        for child in tag.children:
            if getattr(child, "name", None) == "li":
                self._mark = f"{number}. " if tag.name == "ol" else "- "
                number += 1
                self.walk(child)  # type: ignore[arg-type]
                self._mark = ""
            elif getattr(child, "name", None):
                self._block(child)  # type: ignore[arg-type]
            else:
                self._paragraph(_text(child))

    def _definitions(self, tag: "Tag") -> None:
        """A term and what it means in one paragraph, where that is no more than a line."""
        terms: list[str] = []
        for part in tag(["dt", "dd"]):
            if part.find_parent("dl") is not tag:
                continue
            if part.name == "dt":
                terms.append(_one_line("".join(map(_text, _without(part, "dt")))))
            elif any(self._holds_blocks(child) for child in part(True, recursive=False)):
                self._paragraph(", ".join(terms))
                self.walk(part)
                terms = []
            else:
                self._paragraph(": ".join(filter(None, (", ".join(terms), _text(part)))))
                terms = []
        self._paragraph(", ".join(terms))


def _around_blocks(page: "Tag") -> set[int]:
    """The ids of all tags that blocks lie in, at whatever depth."""
    around: set[int] = set()
    for tag in page(True):
        if tag.name in _BLOCKS:
            for above in tag.parents:
                if id(above) in around:
                    break
                around.add(id(above))
    return around


def _is_grid(table: "Tag") -> bool:
    """Whether it is a table of values, not one that lays out a page."""
    if table.find("table") or table.get("role") == "presentation":
        return False
    return bool(table.find("th")) or not any(
        cell.find(_TOO_LARGE) or len(cell("p")) > 1 for cell in table("td")
    )


def _short_texts(row: "Tag") -> list[str]:
    """The cells of a row of a layout, none if they are more than a few words side by side."""
    cells = row(["th", "td"], recursive=False)
    texts = [text for cell in cells if (text := _one_line(_text(cell)))]
    if any(cell.find(["table", *_TOO_LARGE]) for cell in cells):
        return []
    return texts if all(len(text) <= _SHORT for text in texts) else []


def _cells(row: "Tag") -> list[Cell]:
    in_head = row.find_parent("thead") is not None
    return [
        Cell(
            _one_line(_text(cell)),
            in_head or cell.name == "th",
            _number(cell, "colspan"),
            _number(cell, "rowspan"),
        )
        for cell in row(["th", "td"])
    ]


def _without(tag: "Tag", name: str) -> "list[PageElement]":
    """What stands in it beside tags of a name, which come to lie inside where none is closed."""
    return [child for child in tag.children if getattr(child, "name", None) != name]


def _number(tag: "Tag", name: str) -> int:
    return counted(str(tag.get(name, ""))) or 1


def _text(node: "PageElement", depth: int = 0) -> str:
    """All text inside; blocks stand apart."""
    from bs4 import Tag
    from bs4.element import NavigableString, PreformattedString

    if isinstance(node, Tag):
        if depth > _DEEPEST:
            return node.get_text(" ")
        inner = "".join(_text(child, depth + 1) for child in node.children)
        if node.name == "li":
            return f"{_NEXT_ITEM}{inner}"
        return f" {inner} " if node.name in _BLOCKS else inner
    seen = isinstance(node, NavigableString) and not isinstance(node, PreformattedString)
    return str(node) if seen else ""


def _one_line(text: str) -> str:
    """The text in one line, the items of lists in it parted by commas."""
    items = (" ".join(item.split()) for item in text.split(_NEXT_ITEM))
    return ", ".join(filter(None, items))
