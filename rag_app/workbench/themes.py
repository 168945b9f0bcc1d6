"""What a collection is about: groups of chunks that are close, named by their words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors
from rag_app.text.terms import STOP_WORDS, words

_FEWEST, _MOST = 2, 12  # themes
_NAMED_BY = 3  # words
_SHORTEST = 3  # letters of such a word


@dataclass(frozen=True, slots=True)
class Themes:
    """Groups of n texts.

    Attributes:
        of: (n,) the theme of each text.
        names: Of each theme, the words that tell it from the others.
    """

    of: NDArray[np.int64]
    names: tuple[str, ...]


def themes(vectors: Vectors, texts: Sequence[str], *, seed: int = 0) -> Themes:
    """Group texts by their (n, d) unit vectors with k-means, and name the groups."""
    from sklearn.cluster import KMeans

    if len(texts) <= _FEWEST:
        names = _names([texts]) if texts else ()
        return Themes(np.zeros(len(texts), np.int64), names)
    count = min(max(_FEWEST, round(sqrt(len(texts) / 2))), _MOST)
    found = KMeans(count, n_init=4, random_state=seed).fit_predict(vectors).astype(np.int64)
    groups = [
        [text for text, own in zip(texts, found, strict=True) if own == theme]
        for theme in range(count)
    ]
    return Themes(found, _names(groups))


def _names(groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Class-based tf-idf (Grootendorst, 2022): each group counts as one text."""
    counts = [Counter(_content(" ".join(group))) for group in groups]
    everywhere: Counter[str] = sum(counts, Counter())
    usual = everywhere.total() / max(1, len(groups))
    names = []
    for count in counts:
        size = max(1, count.total())
        weights = {w: n / size * log(1 + usual / everywhere[w]) for w, n in count.items()}
        best = sorted(weights, key=lambda word: (-weights[word], word))[:_NAMED_BY]
        names.append(", ".join(best) or "no words")
    return tuple(names)


def _content(text: str) -> list[str]:
    return [
        word
        for word in words(text)
        if len(word) >= _SHORTEST and word not in STOP_WORDS and not word.isdigit()
    ]
