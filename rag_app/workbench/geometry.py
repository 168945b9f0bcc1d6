"""How vectors lie on the sphere: alignment and uniformity (Wang & Isola, 2020).

Good embeddings put texts that belong together close to each other (alignment), and all
others far apart (uniformity). Each comes in two forms: as a mean cosine, which is easily
read, and as the loss of the paper, which is what other work reports.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Vectors

_SHARPNESS = 2.0  # t of the paper
_BLOCK = 2_048  # rows compared at a time


@dataclass(frozen=True, slots=True)
class Geometry:
    """Of a set of vectors and of pairs that belong together.

    Attributes:
        alignment: Mean cosine of the pairs, −1…1, higher is better.
        alignment_loss: Mean squared distance of the pairs, 0…4, lower is better.
        uniformity: Mean cosine of all different texts, −1…1, lower is better.
        uniformity_loss: ln of the mean of exp(−2 d²) over the same, −8…0, lower is better.
    """

    alignment: float
    alignment_loss: float
    uniformity: float
    uniformity_loss: float


def geometry(left: Vectors, right: Vectors, texts: Vectors) -> Geometry:
    """All four figures.

    Args:
        left: (p, d) unit vectors; row i belongs together with row i of `right`.
        right: (p, d) unit vectors.
        texts: (n, d) unit vectors of different texts, at least two.
    """
    cosines = pair_cosines(left, right)
    return Geometry(
        alignment=float(cosines.mean()),
        alignment_loss=float((2 - 2 * cosines).mean()),
        uniformity=uniformity(texts),
        uniformity_loss=uniformity_loss(texts),
    )


def pair_cosines(left: Vectors, right: Vectors) -> NDArray[np.float64]:
    """(p,) cosines of the rows of one with the same rows of the other.

    Raises:
        ValueError: There are no pairs, or not as many on both sides.
    """
    if not len(left) or left.shape != right.shape:
        raise ValueError(f"pairs of {left.shape} and {right.shape}")
    cosines: NDArray[np.float64] = np.einsum("pd,pd->p", left, right, dtype=np.float64)
    return cosines


def uniformity(texts: Vectors) -> float:
    """Mean cosine of all pairs of different rows of (n, d) unit vectors."""
    count = _count(texts)
    # The sum over all pairs is the squared length of the sum.
    total = texts.sum(axis=0, dtype=np.float64)
    own = np.einsum("nd,nd->", texts, texts, dtype=np.float64)
    return float((total @ total - own) / (count * (count - 1)))


def uniformity_loss(texts: Vectors) -> float:
    """ln of the mean of exp(−2 d²) over all pairs of different rows of (n, d) unit vectors."""
    count = _count(texts)
    rows = texts.astype(np.float64)
    total = 0.0
    for begin in range(0, count, _BLOCK):
        # Of unit vectors, d² = 2 − 2 cos.
        cosines = rows[begin : begin + _BLOCK] @ rows.T  # (≤2048, n)
        total += np.exp(-_SHARPNESS * (2 - 2 * cosines)).sum()
    return float(np.log((total - count) / (count * (count - 1))))


def _count(texts: Vectors) -> int:
    if len(texts) < 2:
        raise ValueError(f"uniformity of {len(texts)} text(s); two are needed")
    return len(texts)
