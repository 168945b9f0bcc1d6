"""Markdown, kept as it is written: the source is what people know and search for."""

import re

from ingest.loading.extracted import Extracted
from ingest.loading.text import decode

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t#]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`]+|\[([^\]]*)\]\([^)]*\)")


def extract(data: bytes) -> Extracted:
    """The source text, its headings, and the title from front matter or the first heading."""
    text = decode(data)
    front = _FRONT_MATTER.match(text)
    headings = _headings(text, front.end() if front else 0)
    named = _FRONT_TITLE.search(front[1]) if front else None
    title = named[1] if named else headings[0][2] if headings else ""
    return Extracted(text, title=title, headings=tuple(headings))


def _headings(text: str, start: int) -> list[tuple[int, int, str]]:
    """ATX (`# Title`) and setext (underlined) headings outside fenced code."""
    headings = []
    fence = ""
    previous = ""
    offset = start
    for line in text[start:].split("\n"):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence:
            if atx := _ATX.match(line):
                headings.append((offset, len(atx[1]), _plain(atx[2])))
            elif (under := _UNDERLINE.match(line)) and _is_title(previous):
                level = 1 if under[1].startswith("=") else 2
                headings.append((offset - len(previous) - 1, level, _plain(previous)))
        previous = line
        offset += len(line) + 1
    return headings


def _is_title(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "|", "-", "*", ">", "```"))


def _plain(title: str) -> str:
    return _MARKUP.sub(lambda match: match[1] or "", title).strip()
