"""Markdown, kept as it is written: the source is what people know and search for."""

import re
from collections.abc import Iterator

from ingest.loading.extracted import Extracted
from ingest.loading.markup.text import decode
from rag_app.schema import COLUMNS

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t#]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_TAG = re.compile(r"^ {0,3}<h([1-6])\b[^>]*>(.+?)</h\1>", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\n(.*?)\n(?:\1|\.\.\.)[ \t]*\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`]+|!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])|<[^>]+>")
# The line between the header of a table and its rows.
_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL_END = re.compile(r"(?<!\\)\|")

Heading = tuple[int, int, str]


def extract(data: bytes) -> Extracted:
    """The source text, its headings, and the title from front matter or the first heading."""
    return read(decode(data))


def read(text: str) -> Extracted:
    """The same of text that is already decoded."""
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    headings = sorted([*_headings(text, start), *_tables(text, start)], key=lambda found: found[0])
    named = _FRONT_TITLE.search(front[2]) if front else None
    first = next((title for _, level, title in headings if level < COLUMNS), "")
    return Extracted(text, title=named[1] if named else first, headings=tuple(headings))


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """The lines outside fenced code with their offsets; a fence reads as a blank line."""
    fence = ""
    offset = start
    for line in text[start:].split("\n"):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
            yield offset, ""
        elif not fence:
            yield offset, line
        offset += len(line) + 1


def _headings(text: str, start: int) -> Iterator[Heading]:
    """ATX (`# Title`), setext (underlined) and HTML headings."""
    before, previous = start, ""
    for offset, line in _lines(text, start):
        if atx := _ATX.match(line):
            yield offset, len(atx[1]), _plain(atx[2])
        elif tag := _TAG.match(line):
            yield offset, int(tag[1]), _plain(tag[2])
        elif (under := _UNDERLINE.match(line)) and _is_title(previous):
            yield before, 1 if under[1].startswith("=") else 2, _plain(previous)
        before, previous = offset, line


def _tables(text: str, start: int) -> Iterator[Heading]:
    """For every table the names of its columns, where its rows begin, and where it ends."""
    previous, columns, rows = "", "", 0
    for offset, line in [*_lines(text, start), (len(text), "")]:
        if columns and "|" not in line:
            if rows:
                yield offset, COLUMNS, ""
            columns, rows = "", 0
        elif columns:
            if not rows:
                yield offset, COLUMNS, columns
            rows += 1
        elif "|" in previous and _RULE.match(line):
            names = _cells(previous)
            if len(names) == len(_cells(line)):
                columns = " | ".join(filter(None, map(_plain, names)))
        previous = line


def _cells(line: str) -> list[str]:
    return _CELL_END.split(line.strip().strip("|"))


def _is_title(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "|", "-", "*", ">", "```"))


def _plain(title: str) -> str:
    return _MARKUP.sub(lambda match: match[1] or "", title).strip()
