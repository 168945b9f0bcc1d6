"""Where sentences begin and end; the unit of quoting, and a boundary for chunks.

A blank line, a heading, a list item and a table row each end a sentence, and so does a
line much shorter than the others of its block, as the last line of a paragraph or a row of
a table in a PDF is; another line break inside a paragraph does not. Spans are exact and
keep no outer white space. The time grows with the length of the text, whatever it holds.
"""

import re
from collections.abc import Iterator, Sequence

# A new block: blank line(s), or a line break before a list item, heading, table row
# or a "key: value" row, or after a heading.
_BLOCK = re.compile(
    r"\n[ \t]*\n+"
    r"|\n(?=[ \t]*(?:[-*+•–●▪◦‣·\x7f] |\d{1,3}[.)] |#{1,6} |\||>|```))"
    r"|(?<=\|)[ \t]*\n"
    r"|\f"
)
_HEADING_LINE = re.compile(r"^[ \t]*#{1,6} .*$")
# An end mark, closing quotes or brackets, then white space before a plausible start.
_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s+[\"'“‘(\[*_`]*[A-Z0-9À-ÞΑ-ΩА-Я])|[。！？]|[.!?]$")
_MARK = re.compile(r"[.!?…。！？]")  # what every end has
_ABBREVIATION = re.compile(
    r"\b(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|vs|etc|al|Inc|Ltd|Co|Corp|No|Nos|Fig|Figs"
    r"|Eq|Sec|Vol|pp|p|approx|ca|cf|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K|Jan|Feb|Mar|Apr|Jun|Jul|Aug"
    r"|Sep|Sept|Oct|Nov|Dec|Mt|Gen|Col|Lt|Capt|Rev|Hon|Gov|Sen|Rep)\.$"
)
_NOTE = re.compile(r"[\"'“‘(\[£$€]*[A-Z0-9À-ÞΑ-ΩА-Я](?:.*[^\s.,;:!?…&(/-])?$")
_NARROW = 60  # characters; lines of running text are longer
_LONGEST_ABBREVIATION = len("approx.")
_NUMBER = re.compile(r"\d{1,3}\.")  # of an item, where a sentence begins with it
_SHORT_LINE = 0.7  # of the longest line of the block
_LONGEST = 1200  # characters; text without end marks is cut at line breaks or words


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences, in order, without outer white space."""
    return list(each_sentence(text))


def each_sentence(text: str) -> Iterator[tuple[int, int]]:
    """The same, one after the other."""
    for block in _blocks(text):
        for start, end in _sentences(text, *block) if _MARK.search(text, *block) else (block,):
            short = end - start <= _LONGEST
            for begin, stop in ((start, end),) if short else _shorten(text, start, end):
                if text[begin].isspace() or text[stop - 1].isspace():
                    begin, stop = _strip(text, begin, stop)
                if begin < stop:
                    yield begin, stop


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _BLOCK.finditer(text):
        if start < match.start():
            yield from _split_lines(text, start, match.start())
        start = match.end()
    if start < len(text):
        yield from _split_lines(text, start, len(text))


def _split_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if text.find("\n", start, end) < 0:
        yield start, end
        return
    lines = text[start:end].split("\n")
    short = _SHORT_LINE * max(map(len, lines))
    notes = _are_notes(lines)
    begin = line_start = start
    for line in lines:
        line_end = line_start + len(line)
        if notes or len(line) < short or _HEADING_LINE.match(line):
            if begin < line_end:
                yield begin, line_end
            begin = line_end
        line_start = line_end + 1
    if begin < end:
        yield begin, end


def _are_notes(lines: Sequence[str]) -> bool:
    """Whether each line says something of its own, as on a slide, and none goes on in the next.

    All begin as sentences do and none ends as one, not even the last. Two of running text
    may by chance; they are wide, and break where the next word had no room.
    """
    bare = [line.strip() for line in lines if line.strip()]
    if not all(map(_NOTE.match, bare)):
        return False
    if len(bare) != 2:
        return True
    above, below = bare
    return max(map(len, bare)) < _NARROW or len(above) + len(below.split()[0]) < len(below)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    block = text[start:end]
    begin = first = 0  # first: where the sentence's first letter may be
    for match in _END.finditer(block):
        if match[0].startswith("."):
            while block[first].isspace():
                first += 1
            if _goes_on(block, first, match.start() + 1):
                continue
        yield start + begin, start + match.end()
        begin = first = match.end()
    if start + begin < end:
        yield start + begin, end


def _goes_on(block: str, first: int, stop: int) -> bool:
    """Whether the sentence whose first letter is there goes on after the full stop."""
    # Only what could be the abbreviation is looked at: a sentence may have many of them.
    near = max(first, stop - _LONGEST_ABBREVIATION)
    return bool(_ABBREVIATION.search(block, near, stop) or _NUMBER.fullmatch(block, first, stop))


def _shorten(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        cut = text.rfind("\n", start + 1, start + _LONGEST)
        if cut <= start:
            cut = text.rfind(" ", start + 1, start + _LONGEST)
        if cut <= start:
            cut = start + _LONGEST
        yield start, cut
        start = cut
    yield start, end


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    stop = end - len(piece) + len(piece.rstrip())
    return min(stop, start + len(piece) - len(piece.lstrip())), stop
