"""Quantization: vectors shortened so that a question can be compared with every one of them.

What a first look at the codes finds is compared once more, by the whole vectors. float32 is
the vectors themselves; int8 has a byte a dimension, on a scale of each vector's own, as the
ranges of what is yet to come are not known; binary has the signs alone, a bit a dimension
(sentence-transformers' `quantize_embeddings` makes the same).
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag_app.index.search.row_file import Rows
from rag_app.protocols import Vectors

_SCALE = 4  # bytes behind the int8 code of each vector


class QuantizedVectors(Protocol):
    """One way of shortening vectors.

    Attributes:
        looks: How many times as many as are wanted the first look has to bring.
        least: How many it brings in any case.
    """

    looks: int
    least: int

    def width(self, dimensions: int) -> int:
        """Bytes a vector."""

    def encode(self, vectors: Vectors) -> Rows:
        """(n, width) codes of (n, d) unit vectors."""

    def scores(self, asked: Rows, codes: Rows) -> Vectors:
        """(n,) float32, growing with the cosine, of (n, width) codes with a (1, width) one."""


class _Whole:
    looks, least = 1, 1

    def width(self, dimensions: int) -> int:
        return 4 * dimensions

    def encode(self, vectors: Vectors) -> Rows:
        return np.ascontiguousarray(vectors, dtype="<f4").view(np.uint8)

    def scores(self, asked: Rows, codes: Rows) -> Vectors:
        return decode(codes) @ decode(asked)[0]  # type: ignore[no-any-return]


class _Bytes:
    looks, least = 2, 100

    def width(self, dimensions: int) -> int:
        return dimensions + _SCALE

    def encode(self, vectors: Vectors) -> Rows:
        largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
        scales = np.where(largest > 0, largest / 127, 1).astype("<f4")
        codes = np.rint(vectors / scales).astype(np.int8)
        return np.hstack([codes.view(np.uint8), scales.view(np.uint8)])

    def scores(self, asked: Rows, codes: Rows) -> Vectors:
        signed = (asked[:, :-_SCALE].view(np.int8), codes[:, :-_SCALE].view(np.int8))
        scales: Vectors = codes[:, -_SCALE:].view("<f4")[:, 0]
        return _compared(*signed, metric="dot") * scales


class _Signs:
    looks, least = 40, 4_000

    def width(self, dimensions: int) -> int:
        return -(-dimensions // 8)

    def encode(self, vectors: Vectors) -> Rows:
        return np.packbits(vectors > 0, axis=1)

    def scores(self, asked: Rows, codes: Rows) -> Vectors:
        return -_compared(asked, codes, metric="hamming", dtype="uint1")


CODES: dict[str, QuantizedVectors] = {"float32": _Whole(), "int8": _Bytes(), "binary": _Signs()}


def decode(rows: Rows) -> Vectors:
    """(n, d) vectors of their bytes, little-endian float32."""
    return rows.view("<f4")


def _compared(asked: NDArray[Any], codes: NDArray[Any], **options: Any) -> Vectors:
    """(n,) of one row with n others, by the processor's own instructions for short integers."""
    import numkong

    made = numkong.cdist(asked, codes, out_dtype="float32", **options)
    compared: Vectors = np.asarray(made)[0]
    return compared
