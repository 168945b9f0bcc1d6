"""Everything that decides what a file's chunks and their vectors are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Embedder
from rag_app.schema import identify

# Changes when loading or chunking changes what a file gives, so that files read by an
# earlier version are read again.
_VERSION = "3"
_MARGIN = 8  # tokens
CHARACTERS = 16  # that are taken for each token, at most; English has four


@dataclass(frozen=True, slots=True)
class Recipe:
    """The model, the length of chunks, and what their vectors see besides.

    Attributes:
        embedder: Makes the vectors.
        tokens: Longest chunk, special tokens included.
        context: Tokens on each side of a chunk that its vector sees besides.
    """

    embedder: Embedder
    tokens: int
    context: int = 0

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same file could give something else."""
        return self.with_model(self.embedder.fingerprint)

    def with_model(self, fingerprint: str) -> str:
        """The fingerprint with another model, which sees texts of the same length."""
        return identify(_VERSION, fingerprint, str(self.longest), str(self.surroundings))

    @property
    def longest(self) -> int:
        """Tokens of the longest chunk, special ones included."""
        return min(self.tokens, self.embedder.max_tokens)

    @property
    def surroundings(self) -> int:
        """Tokens on each side that a vector sees besides, as far as the model sees them."""
        # Cut out of its text, a stretch may have a few tokens more.
        room = self.embedder.max_tokens - self.longest - _MARGIN
        return max(0, min(self.context, room // 2))


def surrounded(text: str, spans: NDArray[np.int64], start: int, end: int, context: int) -> str:
    """The stretch of the text with so many tokens on each side.

    Args:
        text: Of the whole document.
        spans: (n, 2) half-open character spans of its tokens.
        start: Where the stretch begins.
        end: Where it ends.
        context: Tokens on each side.
    """
    first = max(int(np.searchsorted(spans[:, 0], start)) - context, 0)
    last = min(int(np.searchsorted(spans[:, 0], end)) + context, len(spans)) - 1
    begin = min(start, int(spans[min(first, last), 0]))
    stop = max(end, int(spans[last, 1]))
    around = context * CHARACTERS
    return text[max(begin, start - around) : min(stop, end + around)]
