"""What models have to do to be compared, whether they keep one vector of a text or many."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from rag_app.models.late_interaction import LateInteraction, maxsim
from rag_app.models.model_files import find_model, loading
from rag_app.models.modules import is_late
from rag_app.opening import open_embedder, open_late_model
from rag_app.protocols import Embedder, TextKind, Vectors
from rag_app.providers.language_model import is_served
from rag_app.settings.provenance import Settings
from rag_app.workbench.geometry import Geometry
from rag_app.workbench.training_data import HeldOut
from rag_app.workbench.verdict import DEPTH, gains, grade

_BYTES, _BYTES_OF_MANY = 4, 2  # of a number: float32, and float16 as `LateIndex` keeps it


class ComparedModel(Protocol):
    """A model among others."""

    @property
    def dimensions(self) -> int:
        """Of its vectors, once it has taken the corpus."""

    @property
    def bytes_per_text(self) -> float:
        """What the vectors of a text of the corpus take; the mean."""

    def encode(self, texts: Sequence[str], kind: TextKind) -> None:
        """Compute vectors, and forget them."""

    def take(self, texts: Sequence[str]) -> None:
        """Compute and keep the vectors of the corpus."""

    def result(self, held: HeldOut) -> tuple[tuple[float, ...], Geometry | None]:
        """nDCG@10 of each question over the corpus, 0…1, and how the vectors lie."""


def open_compared_model(name: str, settings: Settings) -> ComparedModel:
    """The model of that name, as in the setting `embedder` or `reranker`.

    Raises:
        ModelError: It cannot be opened.
    """
    if not is_served(name):
        folder = find_model(name)
        with loading(folder):
            late = is_late(folder)
        if late:
            return _ManyVectors(open_late_model(name, settings))
    return _OneVector(open_embedder(replace(settings, embedder=name)))


class _OneVector:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._corpus: Vectors = np.empty((0, 0), np.float32)

    def encode(self, texts: Sequence[str], kind: TextKind) -> None:
        self._embedder.embed(texts, kind=kind)

    def take(self, texts: Sequence[str]) -> None:
        self._corpus = self._embedder.embed(texts)

    @property
    def dimensions(self) -> int:
        return int(self._corpus.shape[1])

    @property
    def bytes_per_text(self) -> float:
        return _BYTES * self.dimensions

    def result(self, held: HeldOut) -> tuple[tuple[float, ...], Geometry | None]:
        asked = self._embedder.embed([*held.questions.values()], kind="query")
        measured = grade(held, asked, self._corpus)
        return measured.ndcg, measured.geometry


class _ManyVectors:
    def __init__(self, model: LateInteraction) -> None:
        self._model = model
        self._lengths: list[int] = []
        self._corpus: Vectors = np.empty((0, 0), np.float32)

    def encode(self, texts: Sequence[str], kind: TextKind) -> None:
        self._model.encode(texts, kind=kind)

    def take(self, texts: Sequence[str]) -> None:
        encoded = self._model.encode(texts)
        self._lengths = [len(vectors) for vectors in encoded]
        self._corpus = np.concatenate(encoded)

    @property
    def dimensions(self) -> int:
        return int(self._corpus.shape[1])

    @property
    def bytes_per_text(self) -> float:
        return _BYTES_OF_MANY * self._corpus.size / len(self._lengths)

    def result(self, held: HeldOut) -> tuple[tuple[float, ...], Geometry | None]:
        ids = np.array([*held.corpus])
        found = []
        for asked in self._model.encode([*held.questions.values()], kind="query"):
            scores = maxsim(asked, self._corpus, self._lengths)
            found.append(ids[np.argsort(-scores, kind="stable")[:DEPTH]].tolist())
        return gains(held, found), None
