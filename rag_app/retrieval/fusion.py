"""Score fusion of the hybrid search: a dense and a lexical ranking into one."""

import numpy as np

from rag_app.protocols import Vectors

_FIRST, _SHARE = 3, 0.1
_JUDGED = 0.5


def fuse(dense: Vectors, lexical: Vectors, *, dense_weight: float) -> Vectors:
    """(n,) fused scores, 0…1.

    Each side is min-max normalised over the candidates, then the two are mixed: a
    convex combination, which keeps what the scores know and ranks throw away (Bruch,
    Gai, Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").

    Args:
        dense: (n,) cosines.
        lexical: (n,) BM25 scores of the same candidates.
        dense_weight: Share of the first, 0…1.
    """
    return dense_weight * _normalised(dense) + (1 - dense_weight) * _normalised(lexical)


def feedback(dense: Vectors, vectors: Vectors, scores: Vectors) -> Vectors:
    """(n,) cosines with a question moved towards what it found first, for a second fusion.

    Pseudo-relevance feedback (Rocchio, 1971): a tenth of the mean of the first three
    candidates, weighed by their scores, is added to the question. Twice as much gains more
    on abstracts, but loses what hard questions found in the first five.

    Args:
        dense: (n,) cosines with the question.
        vectors: (n, d) unit vectors; zeros where there is none.
        scores: (n,) of the first fusion, 0 or more.
    """
    first = np.argsort(-scores, kind="stable")[:_FIRST]
    if not (total := float(scores[first].sum())):
        return dense
    centre = (scores[first] / total) @ vectors[first]
    return np.asarray(dense + _SHARE * (vectors @ centre), dense.dtype)


def rejudge(scores: Vectors, judged: Vectors) -> Vectors:
    """(n,) scores of candidates that a reranker has judged, half by it and half as before.

    They lie between the lowest and the highest of the scores before, so that none falls
    behind a candidate that was not judged.

    Args:
        scores: (n,) of the fusion, n at least 1.
        judged: (n,) of the reranker.
    """
    mixed = fuse(judged, scores, dense_weight=_JUDGED)
    low, high = scores.min(), scores.max()
    return np.clip(low + (high - low) * mixed, low, high)  # type: ignore[no-any-return]


def _normalised(scores: Vectors) -> Vectors:
    """(n,) scores moved to 0…1; where they do not differ, 1 if they say anything for it."""
    if not len(scores) or (width := scores.max() - scores.min()) <= 0:
        return (scores > 0).astype(scores.dtype)
    return (scores - scores.min()) / width  # type: ignore[no-any-return]
