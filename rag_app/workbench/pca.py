"""The directions in which vectors differ most (principal component analysis, Pearson 1901)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors


@dataclass(frozen=True, slots=True)
class PrincipalComponents:
    """Of a set of vectors.

    Attributes:
        centre: (d,) their mean.
        axes: (d, m) orthonormal directions, that of the largest variance first.
        shown: Share, 0…1, of the variance along these axes.
    """

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    shown: float

    @classmethod
    def of(cls, vectors: Vectors, dimensions: int) -> Self:
        """Of (n, d) vectors, n at least 1; the same signs every time."""
        spread = np.atleast_2d(np.cov(vectors, rowvar=False, bias=True))  # (d, d)
        strengths, directions = np.linalg.eigh(spread)
        axes = directions[:, ::-1][:, :dimensions].astype(np.float32)
        # A direction has two signs; the one whose largest part is positive is taken.
        largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
        axes *= np.where(largest < 0, -1, 1).astype(np.float32)
        total = float(strengths.sum())
        shown = float(strengths[-dimensions:].sum()) / total if total > 0 else 1.0
        return cls(vectors.mean(axis=0), axes, shown)

    def place(self, vectors: Vectors) -> NDArray[np.float32]:
        """(…, m) coordinates of (…, d) vectors along the axes."""
        placed: NDArray[np.float32] = ((vectors - self.centre) @ self.axes).astype(np.float32)
        return placed
