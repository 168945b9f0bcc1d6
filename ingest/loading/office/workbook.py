"""Excel workbooks (.xlsx, .xlsm): every sheet row by row, values as they are shown.

Read from the XML itself: of files of any size, in either dialect, with merged cells,
number formats, comments, charts and text boxes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.loading.archives.zipped_xml import Element, Parts, whole
from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.office.number_format import BUILT_IN, GENERAL, shown
from ingest.loading.office.ooxml import (
    RELATION_ID,
    Relation,
    add_linked,
    drawing_text,
    main_part,
    related,
    relations,
    seen,
    title_of,
)
from ingest.loading.tables.grid import Span, add_grid

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]+\d+):([A-Z]+\d+)[\"']")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_THREADED = "[Threaded comment]"


@dataclass(slots=True)
class _Shared:
    """What the sheets of a workbook share; `empty` counts formulas without a value."""

    strings: Sequence[str]
    formats: Sequence[str]
    from_1904: bool
    empty: int = 0


def extract(data: bytes) -> Extracted:
    """Every sheet under its name, hidden ones too, formulas as the values last computed."""
    parts = Parts(data)
    main, book = main_part(parts, "xl/workbook.xml")
    links = relations(parts, main)
    kinds = {relation.kind: relation.part for relation in links.values()}
    settings = book.find(f"{_SHEET}workbookPr")
    shared = _Shared(
        strings=[
            _rich(item)
            for item in parts.each(
                kinds.get("sharedStrings", "xl/sharedStrings.xml"), f"{_SHEET}si"
            )
        ],
        formats=_formats(parts.xml(kinds.get("styles", "xl/styles.xml"))),
        from_1904=settings is not None and settings.get("date1904") in {"1", "true"},
    )
    builder = TextBuilder()
    for sheet in book.iter(f"{_SHEET}sheet"):
        if link := links.get(sheet.get(f"{RELATION_ID}id", "")):
            content = TextBuilder()
            _add_sheet(content, parts, link, shared)
            if (part := content.build()).text:
                builder.section(sheet.get("name", ""), replace(part, title=""))
    cure = "open it in a spreadsheet program and save it"
    title = title_of(parts)
    missing = [f"{shared.empty} formulas without values; {cure}"] if shared.empty else []
    missing += filter(None, [parts.missing])
    return replace(builder.build(), title=title, missing="; ".join(missing))


def _add_sheet(builder: TextBuilder, parts: Parts, link: Relation, shared: _Shared) -> None:
    """Add a sheet with what lies on it."""
    if link.kind == "worksheet":
        merged = _MERGED.findall(parts.read(link.part))
        spans = [_span(top.decode(), bottom.decode()) for top, bottom in merged]
        add_grid(builder, _rows(parts.each(link.part, f"{_SHEET}row"), shared), spans)
    _add_comments(builder, parts, link.part)
    for name, drawing in related(parts, link.part, "drawing"):
        _add_drawing(builder, parts, name, drawing)


def _rows(rows: Iterator[Element], shared: _Shared) -> Iterator[tuple[int, dict[int, str]]]:
    number = -1
    for row in rows:
        number = whole(row.get("r"), number + 2) - 1
        cells: dict[int, str] = {}
        column = -1
        for cell in row.iterchildren(f"{_SHEET}c"):
            place = _REFERENCE.match(cell.get("r") or "")
            column = _column(place[1]) if place else column + 1
            if text := _text(cell, shared):
                cells[column] = text
        yield number, cells


def _text(cell: Element, shared: _Shared) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return _rich(cell.find(f"{_SHEET}is"))
    value = cell.findtext(f"{_SHEET}v")
    if not value:
        shared.empty += kind != "str" and cell.find(f"{_SHEET}f") is not None
        return ""
    if kind == "s":
        return shared.strings[at] if (at := whole(value)) < len(shared.strings) else ""
    if kind == "b":
        return "TRUE" if value.strip() == "1" else "FALSE"
    if kind in {"str", "e"}:
        return _unescaped(value)
    if kind == "d":
        return str(value).replace("T00:00:00", "").replace("T", " ").removesuffix("Z")
    style = whole(cell.get("s"))
    code = shared.formats[style] if style < len(shared.formats) else GENERAL
    try:
        return shown(float(value), code, from_1904=shared.from_1904)
    except ValueError:  # words where a number should be
        return str(value)


def _rich(item: Element | None) -> str:
    """Text in runs, without the readings that stand above it."""
    if item is None:
        return ""
    runs = (t for t in item.iter(f"{_SHEET}t") if t.getparent().tag != f"{_SHEET}rPh")
    return _unescaped("".join(run.text or "" for run in runs))


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return " " if code < 32 or 0xD800 <= code < 0xE000 else chr(code)

    return _ESCAPED.sub(character, text) if "_x" in text else text


def _formats(styles: Element | None) -> list[str]:
    """The number format of each cell style."""
    if styles is None:
        return []
    codes = dict(BUILT_IN)
    for own in styles.iter(f"{_SHEET}numFmt"):
        codes[whole(own.get("numFmtId"))] = own.get("formatCode") or GENERAL
    cells = styles.find(f"{_SHEET}cellXfs")
    used = () if cells is None else cells.iterchildren(f"{_SHEET}xf")
    return [codes.get(whole(style.get("numFmtId")), GENERAL) for style in used]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _span(first: str, last: str) -> Span:
    (left, top), (right, bottom) = (
        (_column(match[1]), int(match[2]))
        for corner in (first, last)
        if (match := _REFERENCE.fullmatch(corner))
    )
    return Span(top - 1, left, bottom, right + 1)


def _add_comments(builder: TextBuilder, parts: Parts, part: str) -> None:
    for _, root in related(parts, part, "threadedComment"):
        for comment in root.iterchildren("{*}threadedComment"):
            text = comment.findtext("{*}text") or ""
            builder.paragraph(f"Comment on {comment.get('ref')}: {text}")
    for _, root in related(parts, part, "comments"):
        for comment in root.iter(f"{_SHEET}comment"):
            text = _rich(comment.find(f"{_SHEET}text")).strip()
            if text and not text.startswith(_THREADED):
                builder.paragraph(f"Comment on {comment.get('ref')}: {text}")


def _add_drawing(builder: TextBuilder, parts: Parts, part: str, root: Element) -> None:
    """Add the text boxes, diagrams and charts that lie on a sheet."""
    for element in seen(root):
        for anchored in seen(element):
            for shape in anchored.iter("{*}txBody"):
                builder.paragraph(drawing_text(shape))
            add_linked(builder, parts, part, anchored)
