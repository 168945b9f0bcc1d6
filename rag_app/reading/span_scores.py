"""What a network that points says of a text: where an answer may begin and end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST = 24  # tokens of the words that answer

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpanScores:
    """What the reader makes of one text.

    Attributes:
        starts: (t,) log-odds against "none" that the answer begins with the token.
        ends: (t,) the same of ending with it.
        spans: (t, 2) where the tokens stand in the text.
    """

    starts: Floats
    ends: Floats
    spans: NDArray[np.int64]

    def within(self, start: int, end: int) -> tuple[float, tuple[int, int]]:
        """Log-odds that words of `text[start:end]` answer, and (start, end) of the likeliest.

        The odds of all stretches there are summed. Minus infinity where no token stands there.
        """
        inside = np.flatnonzero((self.spans[:, 0] < end) & (self.spans[:, 1] > start))
        if not len(inside):
            return -np.inf, (start, end)
        odds = stretches(self.starts[inside], self.ends[inside])
        first, last = np.unravel_index(int(odds.argmax()), odds.shape)
        best = int(self.spans[inside[first], 0]), int(self.spans[inside[last], 1])
        return float(np.logaddexp.reduce(odds, axis=None)), best


def stretches(starts: Floats, ends: Floats) -> Floats:
    """(t, t) log-odds of the stretches from token i to token j; minus infinity of senseless ones.

    Args:
        starts: (t,) log-odds of beginning.
        ends: (t,) log-odds of ending.
    """
    sensible = np.triu(np.tri(len(starts), k=_LONGEST, dtype=bool))
    return np.where(sensible, starts[:, None] + ends[None, :], np.float32(-np.inf))
