"""The formats that are read: by which module, and which suffixes mean which kind of text."""

from collections.abc import Callable

from ingest.loading.archives import archive
from ingest.loading.data import json_text, sheet, xml_text
from ingest.loading.extracted import Extracted
from ingest.loading.legacy import doc, ppt, rtf, xls
from ingest.loading.mail import message, outlook
from ingest.loading.markup import (
    code,
    epub,
    html,
    markdown,
    notebook,
    plain_markup,
    subtitles,
    text,
)
from ingest.loading.office import opendocument, slides, word, workbook
from ingest.loading.pdf import document
from ingest.loading.scans import picture

Extract = Callable[[bytes], Extracted]

FORMATS: dict[str, Extract] = {
    "md": markdown.extract,
    "txt": text.extract,
    "html": html.extract,
    "rst": plain_markup.extract_rst,
    "adoc": plain_markup.extract_asciidoc,
    "org": plain_markup.extract_org,
    "tex": plain_markup.extract_latex,
    "json": json_text.extract,
    "jsonl": json_text.extract_lines,
    "ipynb": notebook.extract,
    "xml": xml_text.extract,
    "vtt": subtitles.extract,
    "code": code.extract,
    "docx": word.extract,
    "pptx": slides.extract,
    "xlsx": workbook.extract,
    "xls": xls.extract,
    "odt": opendocument.extract,
    "ods": opendocument.extract,
    "odp": opendocument.extract,
    "doc": doc.extract,
    "ppt": ppt.extract,
    "rtf": rtf.extract,
    "epub": epub.extract,
    "csv": sheet.extract_csv,
    "pdf": document.extract,
    "image": picture.extract,
    "eml": message.extract,
    "mbox": message.extract_mailbox,
    "msg": outlook.extract,
    "zip": archive.extract_zip,
    "tar": archive.extract_tar,
    "gz": archive.extract_compressed,
}
# Source code and settings.
_CODE = """
    asm awk bas bash bat bib c cc cfg cjs clj cljs cls cmake cmd coffee conf cpp cs css cu cxx dart
    diff el elm erl ex exs f f90 fish fs go gradle graphql groovy h hcl hh hpp hrl hs hxx ini java
    jl js jsx kt kts less lisp lua m mjs mk ml mli mm nim nix pas patch php pl pm properties proto
    ps1 psm1 py pyi pyx r rake rb rs sass scala scm scss sh sol sql svelte swift tcl tf toml ts tsx
    v vb vbs vhd vim vue yaml yml zig zsh
"""
# Bytes cannot tell Markdown from a list of notes; between kinds of text the suffix decides.
TEXT_SUFFIXES = {
    "adoc": "adoc",
    "asciidoc": "adoc",
    "atom": "xml",
    "csv": "csv",
    "dbk": "xml",
    "eml": "eml",
    "emlx": "eml",
    "fodp": "xml",
    "fods": "xml",
    "fodt": "xml",
    "geojson": "json",
    "gpx": "xml",
    "htm": "html",
    "html": "html",
    "ipynb": "ipynb",
    "json": "json",
    "jsonl": "jsonl",
    "kml": "xml",
    "latex": "tex",
    "log": "txt",
    "ltx": "tex",
    "markdown": "md",
    "mbox": "mbox",
    "mbx": "mbox",
    "md": "md",
    "mdown": "md",
    "mht": "eml",
    "mhtml": "eml",
    "mkd": "md",
    "ndjson": "jsonl",
    "nxml": "xml",
    "opml": "xml",
    "org": "org",
    "rdf": "xml",
    "rest": "rst",
    "rss": "xml",
    "rst": "rst",
    "shtml": "html",
    "srt": "vtt",
    "tei": "xml",
    "tex": "tex",
    "text": "txt",
    "tsv": "csv",
    "txt": "txt",
    "vtt": "vtt",
    "xht": "html",
    "xhtml": "html",
    "xml": "xml",
    **dict.fromkeys(_CODE.split(), "code"),
}
# What files are mostly called whose bytes tell what they are.
_BINARY = """
    bmp bz2 doc docm docx dot dotx epub gif gz jp2 jpeg jpg msg odp ods odt ott pdf png pot pps ppsx
    ppt pptm pptx rtf tar tbz2 tgz tif tiff txz webp xls xlsm xlsx xlt xltx xz zip
"""
SUFFIXES = tuple(sorted({*TEXT_SUFFIXES, *_BINARY.split()}))
