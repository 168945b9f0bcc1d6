"""The formats that are read: by which module, and which suffixes mean which kind of text."""

from collections.abc import Callable

from ingest.loading import (
    html,
    legacy_workbook,
    markdown,
    opendocument,
    pdf,
    sheet,
    slides,
    text,
    word,
    workbook,
)
from ingest.loading.extracted import Extracted

Extract = Callable[[bytes], Extracted]

FORMATS: dict[str, Extract] = {
    "md": markdown.extract,
    "txt": text.extract,
    "html": html.extract,
    "docx": word.extract,
    "pptx": slides.extract,
    "xlsx": workbook.extract,
    "xls": legacy_workbook.extract,
    "odt": opendocument.extract,
    "ods": opendocument.extract,
    "odp": opendocument.extract,
    "csv": sheet.extract_csv,
    "pdf": pdf.extract,
}
# Bytes cannot tell Markdown from a list of notes; between kinds of text the suffix decides.
TEXT_SUFFIXES = {
    "csv": "csv",
    "htm": "html",
    "html": "html",
    "log": "txt",
    "markdown": "md",
    "md": "md",
    "text": "txt",
    "tsv": "csv",
    "txt": "txt",
    "xhtml": "html",
}
