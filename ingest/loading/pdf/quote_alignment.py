"""Which characters of a page make up a quote.

What is quoted was cleaned after it was read: ligatures are spelled out, words that were cut
at the end of a line are whole, running heads are gone. So only that is compared which
cleaning leaves alone, letters, figures and signs, without case, accents, hyphens and spaces.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile
from operator import eq
from typing import NamedTuple
from unicodedata import category, normalize

from ingest.loading.pdf.cleaning import SPELLED

# Marks on letters, control and formatting characters, dashes, spaces: not compared.
_LEFT_OUT = frozenset({"Mn", "Cc", "Cf", "Cn", "Pd", "Zs", "Zl", "Zp"})
_NEIGHBOURHOOD = 400  # characters looked at on each side of a quote that stands there twice
_SHORTEST = 8  # characters in a row that are no chance
_SHARE = 0.6  # of a quote that is found again where the page says it in another order


class _Compared(NamedTuple):
    """What is compared of a text, and which of its characters each comes from."""

    text: str
    places: list[int]


def aligned(page: Sequence[str], quote: str, *, before: str = "", after: str = "") -> list[int]:
    """Indices of the page's characters that say the quote, ascending; none if it does not.

    Args:
        page: The characters of a page, as its reader numbers them.
        quote: Cleaned text of that page.
        before: Of the text, what stands before the quote; tells repeated ones apart.
        after: The same of what follows.
    """
    shown, sought = _compared(page), _compared(quote).text
    if not sought:
        return []
    starts = list(_occurrences(shown.text, sought))
    if starts:
        left = _compared(before[-_NEIGHBOURHOOD:]).text
        right = _compared(after[:_NEIGHBOURHOOD]).text
        best = max(starts, key=lambda at: _fit(shown.text, at, at + len(sought), left, right))
        found = [(best, best + len(sought))]
    else:
        found = _close(shown.text, sought)
    return sorted({shown.places[at] for start, end in found for at in range(start, end)})


def _compared(characters: Iterable[str]) -> _Compared:
    letters: list[str] = []
    places: list[int] = []
    for at, character in enumerate(characters):
        kept = _kept(character)
        letters.append(kept)
        places += [at] * len(kept)
    return _Compared("".join(letters), places)


@lru_cache(maxsize=4096)
def _kept(character: str) -> str:
    spelled = normalize("NFKD", character.translate(SPELLED).casefold())
    return "".join(letter for letter in spelled if category(letter) not in _LEFT_OUT)


def _occurrences(text: str, sought: str) -> Iterator[int]:
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + 1)


def _fit(text: str, start: int, end: int, before: str, after: str) -> int:
    """How many characters around a stretch are as they should be."""
    left = _common(text[max(start - len(before), 0) : start][::-1], before[::-1])
    return left + _common(text[end : end + len(after)], after)


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _close(text: str, sought: str) -> list[tuple[int, int]]:
    """(start, end) of the stretches that say it, in whatever order; none if they are too few."""
    matcher = SequenceMatcher(None, text, sought, autojunk=False)
    found: list[tuple[int, int]] = []
    rest = [(0, len(sought))]
    while rest:
        start, end = rest.pop()
        same = matcher.find_longest_match(blo=start, bhi=end)
        if same.size >= _SHORTEST:
            found.append((same.a, same.a + same.size))
            rest += [(start, same.b), (same.b + same.size, end)]
    enough = sum(end - start for start, end in found) >= _SHARE * len(sought)
    return found if enough else []
