"""How much of a text can be read by a person: the measure that two readings are compared by.

Fonts in PDFs often do not say which characters their shapes are. What comes out then is
control characters, private-use characters, names of glyphs (`/g23/g45`), letters shifted in
the alphabet, or words torn into letters. Each lowers the share below 1.
"""

import re
from collections import Counter
from unicodedata import category, normalize

_UNREADABLE = {"Cc", "Cn", "Co", "Cs"}
_GLYPHS = re.compile(r"(?:/[A-Za-z]{0,7}\d{1,5}){3,}|(?:\(cid:\d+\))+")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_VOWEL = re.compile(r"[aeiouyæœøı]", re.IGNORECASE)
_ENOUGH = 12  # words from which a share of them says something
_CODED = 0.5  # share of words without a vowel; lists of abbreviations stay below
_LONGEST = 30  # letters of a word; German ones reach it, words run together pass it


def legibility(text: str) -> float:
    """The share of what can be read, 0…1; 0 for a blank text."""
    return readable_share(text) * _wording(text)


def readable_share(text: str) -> float:
    """The share of characters that are some, 0…1, whether they make words or not."""
    counts = Counter(text)
    total = sum(count for char, count in counts.items() if not char.isspace())
    bad = sum(
        count
        for char, count in counts.items()
        if not char.isspace() and (category(char) in _UNREADABLE or char == "\ufffd")
    )
    bad += sum(len(match[0]) for match in _GLYPHS.finditer(text))
    return max(0.0, 1 - bad / total) if total else 0.0


def worth(text: str) -> float:
    """What a reading is worth: its characters, by how legible they are."""
    return sum(not char.isspace() for char in text) * legibility(text) ** 2


def is_coded(text: str) -> bool:
    """Whether most words lack vowels: letters of a font that counts them its own way."""
    return _strangeness(_latin_words(text)) > _CODED


def _wording(text: str) -> float:
    """1 for words as they are in languages with Latin letters, less for torn or odd ones."""
    words = _latin_words(text)
    if len(words) < _ENOUGH:
        return 1.0
    letters = sum(map(len, words))
    single = sum(len(word) == 1 for word in words) / len(words)
    endless = sum(len(word) for word in words if len(word) > _LONGEST) / letters
    return 1 - max(0.0, single - 0.3, endless - 0.1, _strangeness(words) - 0.2)


def _latin_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if _LATIN.fullmatch(word)]


def _strangeness(words: list[str]) -> float:
    """The share of words without a vowel, among those that should have one."""
    longer = [word for word in words if len(word) > 3]
    odd = sum(not _VOWEL.search(normalize("NFD", word)) for word in longer)
    return odd / len(longer) if len(longer) >= _ENOUGH else 0.0
