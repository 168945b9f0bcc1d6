"""Texts in XML: articles (JATS, DocBook, TEI), feeds (RSS, Atom) and flat office files.

Titles become headings as deep as they lie, and what is no running text, such as the
names of authors, stands in paragraphs that name the elements.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from ingest.loading.extracted import TextBuilder, table_row
from ingest.loading.markup import html
from ingest.loading.tables.table import Cell, add_table, counted

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADINGS = {"title", "head", "article-title", "h", "h1", "h2", "h3", "h4"}
_PARAGRAPHS = {
    "p", "para", "simpara", "paragraph", "text", "abstract", "summary", "description", "content",
    "encoded", "li", "item", "listitem", "list-item", "entry", "td", "th", "note", "caption",
    "quote", "verse-line", "l", "label", "programlisting", "preformat", "code", "term", "subtitle",
}  # fmt: skip
_TABLES = {"table", "informaltable", "tbl"}
_ROWS = {"tr", "row", "table-row"}
_CELLS = {"td", "th", "entry", "cell", "tc", "table-cell"}
_BLOCKS = {
    "p", "para", "simpara", "sec", "section", "list", "list-item", "item", "li", "fig",
    "table-wrap", "def-list", "disp-quote", *_TABLES, *_ROWS,
}  # fmt: skip
# Of these one is enough to tell a text from data.
_OF_TEXTS = {"p", "para", "simpara", "sec", "chapter", "svg", "rss", "feed", "rdf"}
_CAPTIONED = {"caption", "fig", "figure", "table-wrap", "boxed-text"}
_CITED = re.compile(r"citation|^(ref|bibl|biblstruct|biblioentry|product|related-article)$")
_OF_PEOPLE = ("surname", "given-names", "suffix")
_UNSEEN = {"binarydata", "script", "style", "styles", "automatic-styles", "instrtext", "tex-math"}
_PAGE = re.compile(r"</?[a-z][a-z0-9]*\b[^>]*>", re.IGNORECASE)
_MOST_FIELDS = 40  # of one paragraph


def is_article(root: "_Element") -> bool:
    """Whether it is a text, not data."""
    return any(_name(element) in _OF_TEXTS for element in root.iter())


def add(builder: TextBuilder, root: "_Element") -> None:
    """Add all text in it, in order."""
    _walk(root, builder, 1)


def title_of(root: "_Element") -> str:
    """The first title: of a text the first of all, of data one at the top."""
    for element in root.iter() if is_article(root) else root:
        if _name(element) in {"title", "article-title"}:
            return all_text(element)
    return ""


def _walk(element: "_Element", builder: TextBuilder, level: int) -> None:
    name = _name(element)
    if name in _UNSEEN:
        return
    if name in _TABLES and next(_rows(element), None):
        add_table(builder, _rows(element))
    elif name in _HEADINGS and not _has_blocks(element):
        _add_heading(element, builder, level)
    elif _CITED.search(name):
        fields = _fields(element)
        mixed = is_mixed(element) or any(is_mixed(child) for child in element)
        builder.paragraph(all_text(element) if mixed else _in_words(fields))
    elif not len(element) or is_mixed(element) or (name in _PARAGRAPHS and _is_run(element)):
        _add_run(element, builder, level)
    else:
        _add_parts(element, builder, level)


def _add_heading(element: "_Element", builder: TextBuilder, level: int) -> None:
    parent = element.getparent()
    if parent is not None and _name(parent) in _CAPTIONED:
        builder.paragraph(all_text(element))
    else:
        builder.heading(all_text(element), min(level, 6))


def _add_parts(element: "_Element", builder: TextBuilder, level: int) -> None:
    """Elements one by one; values in a row stand in one paragraph with their names."""
    titled = any(_name(child) in _HEADINGS for child in element)
    fields: list[tuple[str, str]] = []
    for child in element:
        name = _name(child)
        if name in _HEADINGS:
            _walk(child, builder, level)
        elif name not in _PARAGRAPHS | _TABLES and not _CITED.search(name) and _is_small(child):
            fields += _fields(child)
        else:
            builder.paragraph(_in_words(fields))
            fields = []
            _walk(child, builder, level + titled)
    builder.paragraph(_in_words(fields))


def _add_run(element: "_Element", builder: TextBuilder, level: int) -> None:
    """Running text, interrupted by the lists and tables in it."""
    run = [element.text or ""]
    for child in element:
        if _name(child) in _BLOCKS:
            builder.paragraph(spaced("".join(run)))
            run.clear()
            _walk(child, builder, level)
        else:
            run.append(_joined(child))
        run.append(child.tail or "")
    text = "".join(run)
    if not len(element) and _PAGE.search(text):
        builder.part(html.read(text), level=level)
    else:
        builder.paragraph(text if _name(element) in {"code", "programlisting"} else spaced(text))


def _rows(table: "_Element") -> Iterator[list[Cell]]:
    for row in table.iter():
        if _name(row) in _ROWS:
            head = any(
                _name(above) in {"thead", "table-header-rows"} for above in row.iterancestors()
            )
            yield [
                Cell(
                    all_text(cell),
                    head or _name(cell) == "th",
                    _number(cell, "colspan", "number-columns-spanned"),
                    _number(cell, "rowspan", "number-rows-spanned"),
                )
                for cell in row
                if _name(cell) in _CELLS
            ]


def _number(cell: "_Element", *names: str) -> int:
    found = (counted(str(v)) for k, v in cell.attrib.items() if local(str(k)) in names)
    return next(filter(None, found), 1)


def _fields(element: "_Element") -> list[tuple[str, str]]:
    """Names and values of everything inside that has no parts of its own."""
    if not len(element) or is_mixed(element) or _name(element[0]) in _OF_PEOPLE:
        value = all_text(element) or str(element.get("href") or "")
        return [(local(str(element.tag)), value)] if value else []
    parts = [child for child in element if _name(child) not in _UNSEEN | {"xref"}]
    return [field for child in parts for field in _fields(child)]


def _in_words(fields: list[tuple[str, str]]) -> str:
    """One line; a name that comes several times in a row stands once."""
    groups = [
        (name, dict.fromkeys(value for _, value in group))
        for name, group in groupby(fields, key=itemgetter(0))
    ]
    return table_row([name for name, _ in groups], [", ".join(values) for _, values in groups])


def _is_small(element: "_Element") -> bool:
    """Whether it is a few values, without titles and running text."""
    for count, inner in enumerate(element.iter()):
        if count > _MOST_FIELDS or _name(inner) in _PARAGRAPHS | _HEADINGS | _TABLES | _BLOCKS:
            return False
    return True


def is_mixed(element: "_Element") -> bool:
    """Whether text stands beside elements."""
    parts = [element.text, *(child.tail for child in element)]
    return bool(len(element)) and any(part and part.strip() for part in parts)


def _is_run(element: "_Element") -> bool:
    return not any(_name(child) in _PARAGRAPHS | _HEADINGS | _BLOCKS for child in element)


def _has_blocks(element: "_Element") -> bool:
    return any(_name(child) in _BLOCKS for child in element)


def all_text(element: "_Element") -> str:
    """All text inside, in one line."""
    return spaced(_joined(element))


def _joined(element: "_Element") -> str:
    name = _name(element)
    if name in _UNSEEN:
        return ""
    inner = (_joined(child) + (child.tail or "") for child in element)
    text = (element.text or "") + "".join(inner)
    # These stand apart in print without a space between them.
    return f" {text}" if name in _OF_PEOPLE else f"{text} " if name == "label" else text


def spaced(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def _name(element: "_Element") -> str:
    return local(str(element.tag)).lower()


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2].rpartition(":")[2]
