"""Word documents (.docx): paragraphs, headings and tables in reading order."""

import re
from io import BytesIO

from ingest.loading.extracted import Extracted, TextBuilder

_HEADING_STYLE = re.compile(r"heading (\d)")


def extract(data: bytes) -> Extracted:
    """The body's text; headings by their style."""
    import docx
    from docx.table import Table

    document = docx.Document(BytesIO(data))
    builder = TextBuilder()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            builder.table([[cell.text for cell in row.cells] for row in block.rows])
            continue
        style = (block.style.name if block.style is not None else "").lower()
        if style == "title":
            builder.heading(block.text, 1)
        elif heading := _HEADING_STYLE.match(style):
            builder.heading(block.text, int(heading[1]))
        else:
            builder.paragraph(f"- {block.text}" if style.startswith("list") else block.text)
    return builder.build(document.core_properties.title or "")
