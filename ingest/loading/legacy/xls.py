"""Excel workbooks from before 2007 (.xls), as far back as Excel 2, through xlrd."""

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.office.number_format import GENERAL, shown
from ingest.loading.tables.grid import Span, add_grid
from rag_app.errors import LoadError

if TYPE_CHECKING:
    from xlrd import Book
    from xlrd.sheet import Cell, Sheet


def extract(data: bytes) -> Extracted:
    """Every sheet under its name, hidden ones too, formulas as the values last computed."""
    book = _open(data)
    builder = TextBuilder()
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        content = TextBuilder()
        spans = [Span(top, left, end, right) for top, end, left, right in sheet.merged_cells]
        add_grid(content, _rows(book, sheet), spans)
        for (row, column), note in sorted(sheet.cell_note_map.items()):
            content.paragraph(f"Comment on {_named(row, column)}: {note.text}")
        if (part := content.build()).text:
            builder.section(sheet.name, part)
        book.unload_sheet(index)
    return replace(builder.build(), title="")


def _open(data: bytes) -> "Book":
    from xlrd import XLRDError, open_workbook

    try:
        return open_workbook(
            file_contents=data, formatting_info=True, on_demand=True, logfile=StringIO()
        )
    except XLRDError as error:
        if "encrypted" in str(error).lower():
            raise LoadError("protected by a password; save a copy without one") from error
        raise


def _rows(book: "Book", sheet: "Sheet") -> Iterator[tuple[int, dict[int, str]]]:
    for number in range(sheet.nrows):
        yield number, {at: _text(book, cell) for at, cell in enumerate(sheet.row(number))}


def _text(book: "Book", cell: "Cell") -> str:
    from xlrd import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_NUMBER
    from xlrd.biffh import error_text_from_code

    if cell.ctype in {XL_CELL_NUMBER, XL_CELL_DATE}:
        style = book.xf_list[cell.xf_index] if cell.xf_index is not None else None
        form = book.format_map.get(style.format_key) if style else None
        code = form.format_str if form else GENERAL
        return shown(cell.value, code, from_1904=book.datemode == 1)
    if cell.ctype == XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == XL_CELL_ERROR:
        return str(error_text_from_code.get(cell.value, ""))
    return str(cell.value)


def _named(row: int, column: int) -> str:
    from xlrd import colname

    return f"{colname(column)}{row + 1}"
