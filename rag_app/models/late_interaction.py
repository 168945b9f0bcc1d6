"""Late interaction: a question and a text are compared token by token.

A model of this kind keeps a vector for each token instead of one for the whole text; MaxSim
gives each token of the question its best match in the text (ColBERT; Khattab & Zaharia, 2020).
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ModelError
from rag_app.models.batches import batches
from rag_app.models.embedder import WordPieces
from rag_app.models.encoders import (
    ROUNDED_TO,
    Computation,
    characters_of,
    open_with_torch,
    usual_batch,
)
from rag_app.models.model_files import find_model, fingerprint_model, loading
from rag_app.models.modules import is_late, prompt_of
from rag_app.protocols import TextKind, Vectors
from rag_app.schema import Device

_logger = logging.getLogger(__name__)
_TASKS = {"query": "query", "passage": "document"}


@dataclass(frozen=True, slots=True)
class Match:
    """A token of a question and the token of a text that it matches best.

    Attributes:
        asked: (start, end) of the one, in characters of the question.
        found: (start, end) of the other, in characters of the text.
        cosine: Of the two, −1…1.
    """

    asked: tuple[int, int]
    found: tuple[int, int]
    cosine: float


class _Tokens(NamedTuple):
    """What the model keeps of a text.

    `vectors` is (t, d), t at least 1. `spans` are the (t, 2) characters that each stands for,
    empty ones for what is no token of the text: special ones, the model's prompt, and the
    masks that some models add to a question.
    """

    vectors: Vectors
    spans: NDArray[np.int64]

    def of_the_text(self) -> "_Tokens":
        """Those that stand for some of its characters."""
        own = self.spans[:, 0] < self.spans[:, 1]
        return _Tokens(self.vectors[own], self.spans[own])


class LateInteraction:
    """A `MultiVectorEncoder` of sentence-transformers behind the `Reranker` protocol.

    Opening it is quick; the weights are loaded when something is first encoded.
    """

    def __init__(
        self, folder: Path, *, name: str, threads: int = 0, device: Device = "auto"
    ) -> None:
        self.name = name
        self._folder = folder
        self._threads = threads
        self._device = device
        self._turn = threading.Lock()
        self._model: Any = None

    @classmethod
    def open(cls, name: str, *, threads: int = 0, device: Device = "auto") -> Self:
        """The model of that name; see `find_model` for what a name can be.

        Args:
            name: Of a folder, or of a model of the hub that is here.
            threads: Of the processor; 0 leaves the choice to the libraries.
            device: That computes it; auto is a GPU where there is one.

        Raises:
            ModelError: It is not on this machine, damaged, or keeps one vector for each text.
        """
        folder = find_model(name)
        with loading(folder):
            late = is_late(folder)
        if not late:
            raise ModelError(
                f"{name} is no late-interaction model; make one of it with "
                f"`rag-app embed late FOLDER --embedder {name}`"
            )
        return cls(folder, name=name, threads=threads, device=device)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get other vectors."""
        return fingerprint_model(self._folder)

    def encode(self, texts: Sequence[str], *, kind: TextKind = "passage") -> list[Vectors]:
        """(t, d) float32 unit vectors of the tokens of each text, t at least 1.

        A passage longer than the model reads is cut into windows, which end between words
        and do not overlap; the vectors of all are kept. A question is cut at its end. What the
        model passes over, such as punctuation, has no vector; a text that is nothing else has
        a single one of zeros.
        """
        return [tokens.vectors for tokens in self._read(texts, kind)]

    def scores(self, question: str, texts: Sequence[str]) -> Vectors:
        """(n,) float32, −1…1: MaxSim divided by the number of the question's vectors."""
        (asked,) = self.encode([question], kind="query")
        found = self.encode(texts)
        joined = np.concatenate(found) if found else np.empty((0, asked.shape[1]), np.float32)
        return maxsim(asked, joined, [len(vectors) for vectors in found])

    def matches(self, question: str, text: str) -> tuple[Match, ...]:
        """For each token of the question the token of the text that it matches best.

        Only tokens with words of their own: MaxSim also counts special ones, which nobody can
        be shown. None where the model merges the tokens of a text.
        """
        asked = self._read([question], "query")[0].of_the_text()
        found = self._read([text], "passage")[0].of_the_text()
        if not len(found.vectors):
            return ()
        cosines = np.clip(asked.vectors @ found.vectors.T, -1, 1)  # (asked, found)
        best = cosines.argmax(axis=1)
        return tuple(
            Match(_pair(span), _pair(found.spans[place]), float(row[place]))
            for span, place, row in zip(asked.spans, best, cosines, strict=True)
        )

    def _read(self, texts: Sequence[str], kind: TextKind) -> list[_Tokens]:
        """The tokens of each text, those of its windows one after the other."""
        # Tokenizers cannot serve two threads at once.
        with self._turn:
            model = self._load()
            if kind == "query":
                return self._run(model, texts, kind)
            cut = [self._windows(model, text) for text in texts]
            pieces = [
                text[start:end] for text, own in zip(texts, cut, strict=True) for start, end in own
            ]
            read = iter(self._run(model, pieces, kind))
        return [_joined([(start, next(read)) for start, _ in own]) for own in cut]

    def _run(self, model: Any, texts: Sequence[str], kind: TextKind) -> list[_Tokens]:
        """The tokens of texts as far as the model reads them."""
        prompt = prompt_of(model.prompts, kind)
        options: dict[str, Any] = {"return_offsets_mapping": True}
        if kind == "passage":
            options |= {"max_length": _longest(model), "pad_to_multiple_of": ROUNDED_TO}
        read: dict[int, _Tokens] = {}
        most = characters_of(usual_batch(self._device))
        for batch in batches([len(text) for text in texts], most):
            made = model.encode(
                [texts[i] for i in batch],
                prompt=prompt,
                task=_TASKS[kind],
                batch_size=len(batch),
                output_value=None,
                processing_kwargs={"text": options},
                show_progress_bar=False,
            )
            read |= {i: _tokens(of, len(prompt)) for i, of in zip(batch, made, strict=True)}
        return [read[i] for i in range(len(texts))]

    def _windows(self, model: Any, text: str) -> list[tuple[int, int]]:
        """Spans that cover the text, none with more tokens than the model reads."""
        (prompt,) = self._pieces.counts([prompt_of(model.prompts, "passage")])
        most = _longest(model) - self._pieces.special_tokens - prompt
        ends = [*_ends(self._pieces.spans(text), max(1, most)), len(text)]
        return list(pairwise([0, *ends]))

    @cached_property
    def _pieces(self) -> WordPieces:
        return WordPieces(self._folder)

    def _load(self) -> Any:
        if self._model is None:
            from sentence_transformers import MultiVectorEncoder

            how = Computation(threads=self._threads, device=self._device)
            self._model = open_with_torch(MultiVectorEncoder, self._folder, how)
            _logger.info("loaded %s", self.name)
        return self._model


def maxsim(asked: Vectors, found: Vectors, lengths: Sequence[int]) -> Vectors:
    """(n,) float32, −1…1: how well each of n texts matches a question, token by token.

    The cosine of each token of the question with the nearest of the text's, summed up
    (Khattab & Zaharia, 2020) and divided by the number of the question's tokens, so that
    questions of any length compare.

    Args:
        asked: (q, d) unit vectors of the question, q at least 1.
        found: (t, d) unit vectors of the texts, one text after the other.
        lengths: How many of them each text has, 1 or more.
    """
    if not len(lengths):
        return np.empty(0, np.float32)
    starts = np.array([0, *lengths[:-1]], np.int64).cumsum()
    nearest = np.maximum.reduceat(found @ asked.T, starts)  # (n, q)
    return np.clip(nearest.mean(axis=1), -1, 1, dtype=np.float32)  # type: ignore[no-any-return]


def _longest(model: Any) -> int:
    """How many tokens of a passage are read together, those that are added included."""
    lengths = (model.max_seq_length, getattr(model[0], "document_length", None))
    longest: int = min(length for length in lengths if length)
    return max(longest - longest % ROUNDED_TO, ROUNDED_TO)


def _tokens(made: dict[str, Any], prompt: int) -> _Tokens:
    """What is scored of one text, of which the model saw so many characters of prompt first."""
    scored = made["attention_mask"].bool().cpu().numpy()
    states = made["token_embeddings"].float().cpu().numpy()[scored]
    if not len(states):
        return _Tokens(np.zeros((1, states.shape[1]), np.float32), np.zeros((1, 2), np.int64))
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    spans = made["offset_mapping"].cpu().numpy()
    if len(spans) != len(scored):  # tokens have been merged
        spans = np.zeros((len(scored), 2), np.int64)
    return _Tokens(states / np.maximum(lengths, 1e-12), np.maximum(spans[scored] - prompt, 0))


def _ends(spans: NDArray[np.int64], most: int) -> Iterator[int]:
    """Where windows of so many tokens end: before white space where there is any."""
    begin = 0
    while len(spans) - begin > most:
        following = slice(begin + 1, begin + most + 1)
        apart = np.flatnonzero(spans[following, 0] > spans[begin : begin + most, 1])
        begin += int(apart[-1]) + 1 if len(apart) else most
        yield int(spans[begin - 1, 1])


def _joined(windows: Sequence[tuple[int, _Tokens]]) -> _Tokens:
    """The tokens of a text, from where its windows begin and what was read of each."""
    return _Tokens(
        np.concatenate([tokens.vectors for _, tokens in windows]),
        np.concatenate([tokens.spans + start for start, tokens in windows]),
    )


def _pair(span: NDArray[np.int64]) -> tuple[int, int]:
    return int(span[0]), int(span[1])
