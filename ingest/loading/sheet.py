"""Tables as text: values separated by commas, semicolons or tabs (.csv, .tsv)."""

import csv
from io import StringIO

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.grid import add_grid
from ingest.loading.text import decode

_SNIFFED = 16_384  # characters


def extract_csv(data: bytes) -> Extracted:
    """Row by row; the separator is recognised from the first lines."""
    text = decode(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SNIFFED], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    builder = TextBuilder()
    rows = csv.reader(StringIO(text, newline=""), dialect)
    add_grid(builder, ((number, dict(enumerate(row))) for number, row in enumerate(rows)))
    return builder.build()
