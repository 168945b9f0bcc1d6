"""Tables: Excel workbooks (.xlsx) and separated values (.csv, .tsv)."""

import csv
from datetime import datetime, time
from io import BytesIO, StringIO

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.text import decode

_SNIFFED = 16_384  # characters


def extract_workbook(data: bytes) -> Extracted:
    """Every sheet under its name, row by row, formulas as the values last computed."""
    from openpyxl import load_workbook

    workbook = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    builder = TextBuilder()
    for sheet in workbook.worksheets:
        builder.heading(sheet.title, 1)
        # Some programs declare a smaller range than they fill.
        sheet.reset_dimensions()
        builder.table([[_shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)])
    return builder.build(workbook.properties.title or "")


def extract_csv(data: bytes) -> Extracted:
    """Row by row; the separator is recognised from the first lines."""
    text = decode(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SNIFFED], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    builder = TextBuilder()
    builder.table(list(csv.reader(StringIO(text, newline=""), dialect)))
    return builder.build()


def _shown(value: object) -> str:
    """A cell as a person sees it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)
