"""Two rankings into one, by score."""

from collections.abc import Mapping, Sequence

import numpy as np

from rag_app.protocols import Vectors

_FIRST, _SHARE = 3, 0.1


def fuse(
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
    *,
    dense_weight: float,
    bonus: Mapping[str, float] | None = None,
) -> list[tuple[str, float]]:
    """(id, fused score) by descending score, 0…1, ties broken by id.

    Each side is min-max normalised over the candidates, then the two are mixed: a
    convex combination, which keeps what the scores know and ranks throw away (Bruch,
    Gai, Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").
    Both mappings hold the same ids; a bonus is added to the mix, which stays within 1.
    """
    ids = sorted(dense)
    sides = (
        dense_weight * _normalised(np.array([dense[i] for i in ids])),
        (1 - dense_weight) * _normalised(np.array([lexical[i] for i in ids])),
    )
    extra = np.array([(bonus or {}).get(i, 0.0) for i in ids])
    scores = sides[0] + sides[1] + extra
    order = np.argsort(-scores, kind="stable")
    within = np.clip(scores[order], 0, 1).tolist()
    return [(ids[i], score) for i, score in zip(order, within, strict=True)]


def feedback(
    dense: Mapping[str, float],
    vectors: Mapping[str, Vectors],
    fused: Sequence[tuple[str, float]],
) -> dict[str, float]:
    """Cosines with a question moved towards what it found first, for a second fusion.

    Pseudo-relevance feedback (Rocchio, 1971): a tenth of the mean of the first three
    candidates, weighed by their scores, is added to the question. Twice as much gains more
    on abstracts, but loses what hard questions found in the first five.

    Args:
        dense: Cosines with the question, by id.
        vectors: (d,) unit vectors by id; what has none keeps its cosine.
        fused: (id, score), best first.
    """
    first = [(id_, score) for id_, score in fused[:_FIRST] if id_ in vectors]
    total = sum(score for _, score in first)
    if not total:
        return dict(dense)
    centre = np.sum([score / total * vectors[id_] for id_, score in first], axis=0)
    ids = list(vectors)
    gains = np.stack([vectors[id_] for id_ in ids]) @ centre
    gained = dict(zip(ids, gains.tolist(), strict=True))
    return {id_: cosine + _SHARE * gained.get(id_, 0.0) for id_, cosine in dense.items()}


def _normalised(scores: np.ndarray) -> np.ndarray:
    """(n,) scores moved to 0…1; all 0 where they do not differ."""
    if not len(scores) or (width := scores.max() - scores.min()) <= 0:
        return np.zeros(len(scores))
    return (scores - scores.min()) / width  # type: ignore[no-any-return]
