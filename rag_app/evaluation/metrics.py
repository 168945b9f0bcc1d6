"""Measures of rankings and answers, each with its source. All lie in 0…1."""

import math
import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], *, k: int) -> float:
    """Normalised discounted cumulative gain of one ranking (Järvelin & Kekäläinen 2002).

    Gains are linear and the ideal ranking is that of all judged documents, as in trec_eval.
    """
    gain = sum(relevant.get(d, 0) / math.log2(i + 2) for i, d in enumerate(ranked[:k]))
    best = sorted(relevant.values(), reverse=True)[:k]
    ideal = sum(value / math.log2(i + 2) for i, value in enumerate(best))
    return gain / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Mapping[str, int], *, k: int) -> float:
    """Share of the relevant documents among the first k."""
    wanted = {document for document, value in relevant.items() if value > 0}
    return len(wanted & set(ranked[:k])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, int], *, k: int) -> float:
    """1 / rank of the first relevant document among the first k, else 0."""
    for rank, document in enumerate(ranked[:k], start=1):
        if relevant.get(document, 0) > 0:
            return 1 / rank
    return 0.0


def exact_match(predicted: str, golds: Sequence[str]) -> float:
    """1 if the prediction is one of the gold answers after SQuAD's normalisation."""
    return float(any(normalise(predicted) == normalise(gold) for gold in golds))


def f1(predicted: str, golds: Sequence[str]) -> float:
    """Best word overlap F1 with a gold answer (Rajpurkar et al. 2016)."""
    return max(_f1(normalise(predicted).split(), normalise(gold).split()) for gold in golds)


def contains(said: str, golds: Sequence[str]) -> float:
    """1 if a gold answer stands in what was said, both normalised as SQuAD does.

    It stands there as a whole: 42 is not in 142, and is in £42.
    """
    text = normalise(said)
    wanted = filter(None, map(normalise, golds))
    return float(any(re.search(rf"(?<!\w){re.escape(gold)}(?!\w)", text) for gold in wanted))


def normalise(answer: str) -> str:
    """Lower case, without punctuation, articles and extra white space, as SQuAD scores."""
    plain = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", plain).split())


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Chance that a random positive scores above a random negative; ties count half.

    NaN where one of the two kinds is missing.
    """
    values, kinds = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    positives, negatives = int(kinds.sum()), int((~kinds).sum())
    if not positives or not negatives:
        return math.nan
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = ((ends - counts + 1 + ends) / 2)[inverse]  # (n,) average rank of ties
    wins = ranks[kinds].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * negatives))


def expected_calibration_error(chances: ArrayLike, outcomes: ArrayLike, *, bins: int = 10) -> float:
    """Mean distance of the chances said, 0…1, from how often it was so (Guo et al. 2017).

    The answers are put into bins of equal width by their chance; each bin counts by its size.
    """
    said, seen = np.asarray(chances, dtype=float), np.asarray(outcomes, dtype=float)
    where = np.minimum((said * bins).astype(int), bins - 1)
    distances = np.bincount(where, weights=said - seen, minlength=bins)  # (bins,) times its size
    return float(np.abs(distances).sum() / max(1, len(said)))


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The median and the 95th percentile, in the values' unit."""
    if not len(values):
        return {"p50": 0.0, "p95": 0.0}
    return {
        "p50": round(float(np.percentile(values, 50)), 4),
        "p95": round(float(np.percentile(values, 95)), 4),
    }


def _f1(predicted: Sequence[str], gold: Sequence[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    common = sum((Counter(predicted) & Counter(gold)).values())
    return 2 * common / (len(predicted) + len(gold))
