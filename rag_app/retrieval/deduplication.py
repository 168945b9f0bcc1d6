"""Which candidates to show: near copies once, and variety (MMR) where it is wanted."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rag_app.protocols import Vectors
from rag_app.schema import Hit
from rag_app.text.terms import words

_NUMBER = re.compile(r"\d+")
_SHINGLE = 3  # words
_SAME = 0.9  # share of the shingles
# Texts that are nearly the same are nearly as close to a question; others need no look.
_COSINE, _BM25 = 0.03, 0.15


def without_copies(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The k first hits that are no near copy of one before; copies are named in its `also`.

    Ranks run from 1 again.
    """
    kept: list[Hit] = []
    also: list[list[str]] = []
    for hit in hits:
        place = next((n for n, other in enumerate(kept) if is_copy(hit, other)), None)
        if place is not None:
            also[place].append(hit.chunk.source)
        elif len(kept) < k:
            kept.append(hit)
            also.append([])
    return [
        Hit(hit.chunk, hit.score, rank, hit.signals, tuple(dict.fromkeys(copies)))
        for rank, (hit, copies) in enumerate(zip(kept, also, strict=True), start=1)
    ]


def is_copy(one: Hit, other: Hit) -> bool:
    """Whether two hits of different documents say the same.

    Their three-word shingles are nearly the same (Broder, 1997, "On the resemblance and
    containment of documents") and their numbers are, one by one: two rows of a table, or two
    editions of a price list, are no copies.
    """
    if one.chunk.document_id == other.chunk.document_id or not _sound_alike(one, other):
        return False
    if _NUMBER.findall(one.chunk.text) != _NUMBER.findall(other.chunk.text):
        return False
    first, second = _shingles(one.chunk.text), _shingles(other.chunk.text)
    return len(first & second) >= _SAME * len(first | second)


def maximal_marginal_relevance(scores: Vectors, vectors: Vectors, *, diversity: float) -> list[int]:
    """Which to show one after the other: maximal marginal relevance (Carbonell, Goldstein 1998).

    Args:
        scores: (n,) 0…1, best first.
        vectors: (n, d) unit vectors; zeros where there is none.
        diversity: 0 changes nothing; towards 1, being unlike those before counts all.
    """
    if not diversity:
        return list(range(len(scores)))
    nearest = np.zeros(len(scores))  # cosine with the closest of those chosen
    left, chosen = list(range(len(scores))), []
    while left:
        gains = (1 - diversity) * scores[left] - diversity * nearest[left]
        best = left.pop(int(np.argmax(gains)))
        chosen.append(best)
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen


def _sound_alike(one: Hit, other: Hit) -> bool:
    first, second = one.signals, other.signals
    near = abs((first.dense or 0) - (second.dense or 0)) <= _COSINE
    highest = max(first.lexical or 0, second.lexical or 0)
    return near and abs((first.lexical or 0) - (second.lexical or 0)) <= _BM25 * highest


@lru_cache(maxsize=256)  # as what is kept is compared with all that follows
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    found = words(text)
    count = max(1, len(found) - _SHINGLE + 1)
    return frozenset(tuple(found[n : n + _SHINGLE]) for n in range(count))
