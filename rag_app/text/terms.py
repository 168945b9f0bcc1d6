"""Content words of a text, stemmed as the lexical index stems them (Porter, 1980)."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

_WORD = re.compile(r"[^\W_]+")
# Function words of English questions; they say how something is asked, not what.
STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any anyone anything are as at be because been
    before being below between both but by can could did do does doing done down during each
    either else ever every few for from further get gets give given go goes had has have having
    he her here hers him his how however i if in into is it its itself just let like many may me
    might mine more most much must my no nor not now of off on once one only or other our ours
    out over own per please same shall she should so some such tell than that the their theirs
    them then there these they this those through to too under until up upon us very was we were
    what whatever when where whether which while who whom whose why will with within without
    would you your yours s t d ll m re ve
    """.split()
)


def words(text: str) -> list[str]:
    """All words, lower-cased and without accents, in order."""
    plain = unicodedata.normalize("NFKD", text.lower())
    if not plain.isascii():  # looking at each character takes most of the time
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(plain)


def content_words(text: str) -> list[str]:
    """Words that are not function words, or all of them where nothing else is left."""
    found = words(text)
    return [word for word in found if word not in STOP_WORDS] or found


def stems(text: str) -> list[str]:
    """Stems of the content words, in order."""
    return stem_words(content_words(text))


def stem_words(found: Sequence[str]) -> list[str]:
    """The Porter stem of each word."""
    stemmed: list[str] = _stemmer().stemWords(list(found))
    return stemmed


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("porter")
