"""Markup that is kept as it is written: reStructuredText, AsciiDoc, Org and LaTeX.

As with Markdown, the source is what people know and search for; headings are found in it.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from ingest.loading.extracted import Extracted
from ingest.loading.markup.text import decode

_ADORNMENT = re.compile(r"^([!-/:-@\[-`{-~])\1{2,}[ \t]*$")
_ASCIIDOC = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_ASCIIDOC_FENCE = re.compile(r"^(-{4,}|\.{4,}|\+{4,}|/{4,}|```+)[ \t]*\w*$")
_ORG = re.compile(r"^(\*+)[ \t]+(.+?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*$")
_ORG_TITLE = re.compile(r"^#\+title:[ \t]*(.+?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_ORG_FENCE = re.compile(r"^[ \t]*#\+(begin|end)_", re.IGNORECASE)
_LATEX_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_LATEX = re.compile(
    rf"^[ \t]*\\({'|'.join(_LATEX_LEVELS)})\*?(?:\[[^\]]*\])?\{{((?:[^{{}}]|\{{[^{{}}]*\}})+)\}}",
    re.MULTILINE,
)
_LATEX_TITLE = re.compile(r"^[ \t]*\\title(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})+)\}", re.MULTILINE)
_LATEX_COMMAND = re.compile(r"\\[a-zA-Z]+\*?[ \t]*|[{}]|(?<!\\)~")
_MARKS = re.compile(r"``?|\*\*?|(?<!\w)[_=~/+](?=\w)|(?<=\w)[_=~/+](?!\w)")

Heading = tuple[int, int, str]


def extract_rst(data: bytes) -> Extracted:
    """The source; titles are underlined, and rank in the order their lines first appear."""
    return _kept(decode(data), _rst_headings)


def extract_asciidoc(data: bytes) -> Extracted:
    """The source; titles begin with `=`."""
    return _kept(decode(data), _asciidoc_headings)


def extract_org(data: bytes) -> Extracted:
    """The source; titles begin with `*`."""
    text = decode(data)
    named = _ORG_TITLE.search(text)
    return _kept(text, _org_headings, named[1] if named else "")


def extract_latex(data: bytes) -> Extracted:
    """The source; titles are the arguments of `\\section` and its like."""
    text = decode(data)
    named = _LATEX_TITLE.search(text)
    return _kept(text, _latex_headings, _without_commands(named[1]) if named else "")


def _kept(text: str, find: Callable[[str], Iterator[Heading]], title: str = "") -> Extracted:
    headings = tuple(heading for heading in find(text) if heading[2])
    return Extracted(text, title=title or (headings[0][2] if headings else ""), headings=headings)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    offset = 0
    for line in text.split("\n"):
        yield offset, line
        offset += len(line) + 1


def _rst_headings(text: str) -> Iterator[Heading]:
    levels: list[str] = []
    above = ""
    for (at, line), (_, under) in pairwise(_lines(text)):
        adorned = _ADORNMENT.match(under)
        if adorned and line.strip() and not _ADORNMENT.match(line) and _is_as_long(under, line):
            over = above.rstrip() == under.rstrip()
            if over or not above.strip():
                style = adorned[1] * (2 if over else 1)
                if style not in levels:
                    levels.append(style)
                yield at, min(levels.index(style) + 1, 6), _plain(line)
        above = line


def _is_as_long(under: str, line: str) -> bool:
    return len(under.rstrip()) >= len(line.rstrip())


def _asciidoc_headings(text: str) -> Iterator[Heading]:
    fence = ""
    for at, line in _lines(text):
        if mark := _ASCIIDOC_FENCE.match(line):
            fence = mark[1] if not fence else "" if mark[1] == fence else fence
        elif not fence and (title := _ASCIIDOC.match(line)):
            yield at, len(title[1]), _plain(title[2])


def _org_headings(text: str) -> Iterator[Heading]:
    fenced = False
    for at, line in _lines(text):
        if mark := _ORG_FENCE.match(line):
            fenced = mark[1].lower() == "begin"
        elif not fenced and (title := _ORG.match(line)):
            yield at, min(len(title[1]), 6), _plain(title[2])


def _latex_headings(text: str) -> Iterator[Heading]:
    for found in _LATEX.finditer(text):
        yield found.start(), _LATEX_LEVELS.index(found[1]) + 1, _without_commands(found[2])


def _without_commands(title: str) -> str:
    return " ".join(_LATEX_COMMAND.sub(" ", title).split())


def _plain(title: str) -> str:
    return _MARKS.sub("", title).strip()
