"""Texts to vectors that are kept: no text is embedded twice by the same model.

The index keeps the vector of every text it has ever held; a cache shared with other
machines may know more. Only what neither has goes through the model.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from rag_app.index.catalog.embedding_cache import EmbeddingCache
from rag_app.protocols import Embedder, VectorCache, Vectors

_BATCH = 128  # texts after which vectors are kept: a crash costs no more than these
_ANY = "a"  # tells how many dimensions a model has
_CHARACTERS = 1 << 15  # or after so many: what a processor reads in a second, as Ctrl-C waits


class Embedding:
    """Brings vectors into the index; `embedded` counts those that the model made."""

    def __init__(
        self, kept: EmbeddingCache, embedder: Embedder, shared: VectorCache | None = None
    ) -> None:
        self.embedded = 0
        self._kept = kept
        self._embedder = embedder
        self._model = embedder.fingerprint
        self._shared = shared
        self._dimensions = 0  # not known yet

    def ensure(self, texts: Sequence[str]) -> None:
        """Have a vector of every text kept by the index."""
        for _ in self.steps(texts):
            pass

    def steps(self, texts: Sequence[str]) -> Iterator[int]:
        """The same in steps; before each, the number of texts that still lack a vector.

        Whoever stops in between finds those of the steps before kept.
        """
        new = self._kept.without(self._model, texts)
        # Texts of like length share a batch of the model, wherever they come from.
        new.sort(key=len)
        while new:
            yield len(new)
            batch = _first_of(new)
            del new[: len(batch)]
            found = self._known(batch)
            if found:
                self._kept.keep(self._model, list(found), np.stack(list(found.values())))
            self._embed([text for text in batch if text not in found])

    def _known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """(d,) vectors that the shared cache has, by text; those of another size are none."""
        found = self._shared.known(self._model, texts) if self._shared else {}
        if found and not self._dimensions:
            kept = self._kept.size(self._model) // 4
            self._dimensions = kept or self._embedder.embed([_ANY]).shape[1]
        return {text: vector for text, vector in found.items() if len(vector) == self._dimensions}

    def _embed(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        vectors = self._embedder.embed(texts)
        self._kept.keep(self._model, texts, vectors)
        self.embedded += len(texts)
        if self._shared:
            self._shared.keep(self._model, texts, vectors)


def _first_of(texts: Sequence[str]) -> Sequence[str]:
    """As many as are embedded in one step, and at least one."""
    ends = accumulate(map(len, texts[:_BATCH]))
    return texts[: max(1, sum(end <= _CHARACTERS for end in ends))]
