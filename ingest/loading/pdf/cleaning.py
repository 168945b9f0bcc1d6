"""What stands on pages but is no part of the text: running heads, page numbers, hyphens.

Works on lines, before they become the text that offsets point into.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from ingest.loading.legacy.symbols import SYMBOLS
from ingest.loading.pdf.lines import Line, body_size, is_large

_FEWEST_PAGES = 4
_FEWEST = 3  # pages that a running line stands on
_SHARE = 1 / 3  # of all pages; or
_CHAPTER = 5  # pages of a chapter that a running line stands on, and
_DENSITY = 0.4  # of those from its first page to its last; every other page is one half
_EDGE = 4  # lines looked at from the top and from the bottom
_LONGEST = 150  # characters of a running line
_WORDY = 10  # letters from which a running line with a number is kept once; "Page 1 of 9" is not

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"(?=.)x{0,3}(ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}

_SOFT = "\u00ad"
_HYPHENS = ("-", "\u2010", _SOFT)
_CUT = re.compile(rf"(\S*?)(\w+){_SOFT}(\w+)")
_CUT_AT_END = re.compile(rf"(\S*?)(\w+)[-\u2010{_SOFT}]$")
_WORD = re.compile(r"\w+(?:-\w+)*")
_COMPOUND = re.compile(r"[-/@.\d]")
SPELLED: dict[int, str | None] = {
    **dict.fromkeys([*range(9), *range(10, 32), 0x7F, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF]),
    **dict(enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"), start=0xFB00)),
    **SYMBOLS,
}


def clean(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of each page without what repeats on many, and with cut words made whole."""
    legal = [[spelled(line) for line in page] for page in pages]
    filled = [[line for line in page if line.text] for page in legal]
    kept = _without_running_lines(filled)
    if not any(kept):  # pages of nothing but their numbers
        kept = filled
    known = Counter(word for page in kept for line in page for word in _uncut_words(line.text))
    return [_without_hyphens(page, known) for page in kept]


def spelled(line: Line) -> Line:
    """In characters that can be stored, searched and seen; a surrogate cannot be stored."""
    text = line.text.translate(SPELLED).encode("utf-8", "replace").decode("utf-8")
    return replace(line, text=" ".join(text.split()))


# Running lines


def _without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    if len(pages) < _FEWEST_PAGES:
        return pages
    body = body_size(pages)
    without_heads = _without_heads(pages, body)
    turned = _without_heads([page[::-1] for page in without_heads], body)
    # A page that holds nothing else keeps its words.
    return [
        kept[::-1] or [line for line in page if _is_wordy(line)]
        for kept, page in zip(turned, pages, strict=True)
    ]


def _without_heads(pages: list[list[Line]], body: float) -> list[list[Line]]:
    """The pages without the first lines that repeat; one in words is kept where it is first."""
    edges = [
        [set(_keys(line, number, body)) for line in page[:_EDGE]]
        for number, page in enumerate(pages)
    ]
    found: dict[str, list[int]] = defaultdict(list)
    for number, edge in enumerate(edges):
        for key in set[str]().union(*edge):
            found[key].append(number)
    running = {key for key, on in found.items() if _is_running(on, len(pages))}
    seen: set[str] = set()
    return [
        _without_head(page, [keys & running for keys in edge], seen)
        for page, edge in zip(pages, edges, strict=True)
    ]


def _without_head(page: list[Line], edge: list[set[str]], seen: set[str]) -> list[Line]:
    """The page without the lines that run, up to the first that does not."""
    kept: list[Line] = []
    running = list(takewhile(bool, edge))
    for line, keys in zip(page, running, strict=False):
        if _is_wordy(line) and not seen & keys:
            kept.append(line)
        seen |= keys
    return kept + page[len(running) :]


def _is_wordy(line: Line) -> bool:
    """Whether it says something, beside which page it is."""
    letters = sum(map(str.isalpha, line.text))
    numbered = _NUMBER.search(line.text) or _ROMAN.fullmatch(line.text.casefold())
    return letters >= _WORDY or (letters > 1 and not numbered)


def _is_running(on: list[int], pages: int) -> bool:
    if len(on) < _FEWEST:
        return False
    dense = len(on) >= _DENSITY * (on[-1] - on[0] + 1)
    return len(on) >= _SHARE * pages or (len(on) >= _CHAPTER and dense)


def _keys(line: Line, page: int, body: float) -> Iterator[str]:
    """What makes a line the same as another page's: its words, or those beside the page number.

    A number that grows with the pages is one; any other, a year over a column, is a word. So
    is that of a numbered heading, which is set larger.
    """
    text = line.text.casefold()
    if len(text) > _LONGEST:
        return
    if any(map(str.isalpha, text)):
        yield text
    numbers = [match for match in _NUMBER.finditer(text) if len(match[0]) < 6]
    for match in [] if is_large(line, body) else numbers[:1] + numbers[1:][-1:]:
        yield f"{text[: match.start()]}<{int(match[0]) - page}>{text[match.end() :]}"
    if _ROMAN.fullmatch(text):
        yield f"<{_roman(text) - page}>"


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


# Hyphens


def _uncut_words(text: str) -> list[str]:
    if text.endswith(_HYPHENS):
        text = _CUT_AT_END.sub("", text)
    if _SOFT in text:
        text = _CUT.sub("", text)
    return _WORD.findall(text.casefold())


def _without_hyphens(page: list[Line], known: Counter[str]) -> list[Line]:
    """Words that were cut at the end of a line stand whole on that line."""
    lines: list[Line] = []
    for line in page:
        text = line.text
        above = lines[-1].text if lines and not line.apart else ""
        ends_cut = above.endswith(_HYPHENS) and text[:1].islower()
        if ends_cut and (cut := _CUT_AT_END.search(above)):
            first, _, text = text.partition(" ")
            whole = cut[1] + _whole(cut, first, known)
            lines[-1] = replace(lines[-1], text=above[: cut.start()] + whole)
        if text:
            lines.append(replace(line, text=text))
    return [replace(line, text=_without_marks(line.text, known)) for line in lines]


def _without_marks(text: str, known: Counter[str]) -> str:
    """A soft hyphen within a line is where the reader joined a word itself, or is not seen."""
    if _SOFT not in text:
        return text
    text = _CUT.sub(lambda cut: cut[1] + _whole(cut, cut[3], known), text)
    return text.replace(_SOFT, "")


def _whole(cut: re.Match[str], rest: str, known: Counter[str]) -> str:
    """A cut word joined, or with its hyphen where it is one of its own."""
    left, right = cut[2].casefold(), _leading_word(rest)
    if known[left + right]:
        return cut[2] + rest
    pair = known[f"{left}-{right}"] or (known[left] and known[right] > 1)
    if pair or not rest[:1].islower() or not left[-1:].isalpha() or _COMPOUND.search(cut[1]):
        return f"{cut[2]}-{rest}"
    return cut[2] + rest


def _leading_word(text: str) -> str:
    match = _WORD.match(text.casefold())
    return match[0] if match else ""
