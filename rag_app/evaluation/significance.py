"""Is a difference on the same questions more than chance?"""

from collections.abc import Sequence
from math import comb

import numpy as np

SURE = 0.95  # share of the draws in which the better one must be ahead
_DRAWS = 2_000  # of the bootstrap


def sureness(before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> float:
    """Share of draws of the questions in which the mean rises, 0…1.

    Paired bootstrap (Efron, 1979; for retrieval Sakai, 2006).
    """
    gained = np.array(after, dtype=float) - np.array(before, dtype=float)  # (q,)
    draws = np.random.default_rng(seed).integers(0, len(gained), (_DRAWS, len(gained)))
    return float((gained[draws].mean(axis=1) > 0).mean())


def sign_test(better: int, worse: int) -> float:
    """Chance, 0…1, of so uneven a split or a more uneven one where both are as likely.

    The exact sign test, two-sided (Dixon & Mood, 1946); questions without a difference do
    not count. 1 where there is none with one.
    """
    differing = better + worse
    tail = sum(comb(differing, n) for n in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / (1 << differing))
