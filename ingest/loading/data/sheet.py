"""Tables as text: values separated by commas, semicolons or tabs (.csv, .tsv)."""

import csv
from collections.abc import Sequence
from io import StringIO

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup.text import decode
from ingest.loading.tables.column_names import in_words
from ingest.loading.tables.grid import add_grid

_SNIFFED = 16_384  # characters
_LOOKED_AT = 20  # rows


def extract_csv(data: bytes) -> Extracted:
    """Row by row; the separator is recognised from the first lines."""
    text = decode(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SNIFFED], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    rows = list(csv.reader(StringIO(text, newline=""), dialect))
    builder = TextBuilder()
    cells = ((number, dict(enumerate(row))) for number, row in enumerate(rows))
    add_grid(builder, cells, heads=1 if _is_regular(rows[:_LOOKED_AT]) else 0)
    return builder.build()


def _is_regular(rows: Sequence[Sequence[str]]) -> bool:
    """Whether it is one table with names at the top, as most programs write it."""
    return len(rows) > 1 and len(set(map(len, rows))) == 1 and in_words(dict(enumerate(rows[0])))
