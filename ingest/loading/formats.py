"""The formats that are read: by which module, and which suffixes mean which kind of text."""

from collections.abc import Callable

from ingest.loading import html, markdown, pdf, sheet, text, word
from ingest.loading.extracted import Extracted

Extract = Callable[[bytes], Extracted]

FORMATS: dict[str, Extract] = {
    "md": markdown.extract,
    "txt": text.extract,
    "html": html.extract,
    "docx": word.extract,
    "xlsx": sheet.extract_workbook,
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
