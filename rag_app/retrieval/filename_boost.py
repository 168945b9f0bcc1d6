"""Does a question call a document by its name?

People ask "What was Best Buy's revenue in FY2023?" of a folder with `BESTBUY_2023_10K.pdf`.
Most of its pages do not say whose they are.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from pathlib import PurePath

from rag_app.text.terms import STOP_WORDS, stem_words, words

_WEIGHT = 0.5
_PART = re.compile(r"\d+|\D+")
_LEAST_LETTERS = 3  # of at least one part, as numbers alone call nothing by its name


def filename_boost(
    question: str,
    sources: Mapping[str, str],
    idf: Callable[[Iterable[str]], Mapping[str, float]],
) -> dict[str, float]:
    """What to add to the score of chunks whose document the question calls by its name.

    It grows with the share of the name that is said, and with the share of the question that
    says it (each part weighs its idf), so that a file called "set" gains little from a word
    in passing. "Best Buy" says "BESTBUY".

    Args:
        question: As it is searched for.
        sources: Paths of documents, by any key.
        idf: How rare stems are, 0 or more.

    Returns:
        0…0.5 by the keys of what is named.
    """
    said = [part for word in words(question) for part in _PART.findall(word)]
    joined = {one + other for one, other in pairwise(said)}
    possible = {*said, *joined} - STOP_WORDS
    shared = {source: _parts(source) & possible for source in set(sources.values())}
    matched = {source: found for source, found in shared.items() if any(map(_is_a_word, found))}
    if not matched:
        return {}
    content = set(said) - STOP_WORDS
    weights = _weights({*content, *(part for source in matched for part in _parts(source))}, idf)
    whole = sum(weights[part] for part in content) or 1.0
    bonus = {}
    for source, found in matched.items():
        weight = sum(weights[part] for part in found)
        coverage = weight / (sum(weights[part] for part in _parts(source)) or 1.0)
        bonus[source] = _WEIGHT * coverage * sqrt(min(1.0, weight / whole))
    return {key: bonus[source] for key, source in sources.items() if source in bonus}


def _weights(
    parts: Iterable[str], idf: Callable[[Iterable[str]], Mapping[str, float]]
) -> dict[str, float]:
    listed = list(parts)
    stems = stem_words(listed)
    found = idf(dict.fromkeys(stems))
    return {part: found[stem] for part, stem in zip(listed, stems, strict=True)}


def _is_a_word(part: str) -> bool:
    return part.isalpha() and len(part) >= _LEAST_LETTERS


@lru_cache(maxsize=10_000)
def _parts(source: str) -> frozenset[str]:
    """The file name's runs of letters and of digits."""
    name = words(PurePath(source).stem)
    return frozenset(part for word in name for part in _PART.findall(word)) - STOP_WORDS
