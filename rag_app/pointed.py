"""What a network that points says of a text: where an answer may begin and end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST = 24  # tokens of the words that answer

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pointed:
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
        together = self.starts[inside, None] + self.ends[None, inside]
        sensible = np.triu(np.tri(len(inside), k=_LONGEST, dtype=bool))
        together = np.where(sensible, together, -np.inf)
        first, last = np.unravel_index(int(together.argmax()), together.shape)
        best = int(self.spans[inside[first], 0]), int(self.spans[inside[last], 1])
        return float(np.logaddexp.reduce(together[sensible])), best
