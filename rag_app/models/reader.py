"""The built-in reader: picks the sentences that answer, with no language model.

A sentence is judged by its cosine with the question and by how much of the question's
rare words it holds, and shares what its heading, or the question of an FAQ above it,
says. Headings and questions themselves are never the answer.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag_app.protocols import Embedder, Vectors
from rag_app.schema import Reading, Span
from rag_app.sentences import sentence_spans
from rag_app.terms import stems

Idf = Callable[[Iterable[str]], Mapping[str, float]]

_HEADING = re.compile(r"#{1,6} |[^.!;:]{1,80}$")
_MOST_SENTENCES = 160  # read for one question; the best passages come first
_LONGEST_CONTEXT = 120  # characters of a heading that are read with a sentence

# Weights of a sentence's score, 1 in all; chosen on SQuAD training articles.
_COSINE, _OVERLAP, _CONTEXT_OVERLAP, _PRIOR = 0.38, 0.20, 0.18, 0.24
# Logistic regression over (cosine, overlap with context, overlap of the passage) of the
# best sentence: 1,000 such questions with their paragraph in the index against the same
# with it left out.
_CONFIDENCE = np.array([4.25, 1.28, 3.5])
_CONFIDENCE_BIAS = -5.61


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence of a passage with the heading or question it stands under."""

    passage: int
    start: int
    end: int
    text: str
    context: str


class SentenceReader:
    """Reads with the embedder alone, behind the `Reader` protocol."""

    def __init__(self, embedder: Embedder, idf: Idf) -> None:
        self._embedder = embedder
        self._idf = idf

    def read(self, question: str, passages: Sequence[str], priors: Sequence[float]) -> Reading:
        """Sentences by how well they answer, and the chance that they answer at all.

        Args:
            question: A standalone question.
            passages: Texts, best first.
            priors: What retrieval thought of each passage, 0…1.
        """
        candidates = [c for i, text in enumerate(passages) for c in _candidates(i, text)]
        candidates = candidates[:_MOST_SENTENCES]
        if not candidates:
            return Reading((), 0.0)
        weights = self._idf(dict.fromkeys(stems(question)))
        cosines = self._cosines(question, candidates)
        overlaps = np.array([_overlap(weights, c.text) for c in candidates])
        with_context = np.array([_overlap(weights, f"{c.context} {c.text}") for c in candidates])
        prior = np.array([priors[c.passage] for c in candidates])
        scores = (
            _COSINE * cosines
            + _OVERLAP * overlaps
            + _CONTEXT_OVERLAP * with_context
            + _PRIOR * prior
        )
        order = np.argsort(-scores, kind="stable")
        spans = tuple(
            Span(c.passage, c.start, c.end, float(np.clip(scores[i], 0, 1)))
            for i in order
            for c in (candidates[i],)
        )
        best = order[0]
        passage = _overlap(weights, passages[candidates[best].passage])
        features = np.array([cosines[best], with_context[best], passage])
        return Reading(spans, _logistic(float(features @ _CONFIDENCE) + _CONFIDENCE_BIAS))

    def _cosines(self, question: str, candidates: Sequence[_Candidate]) -> Vectors:
        """(n,) cosines of the question with each sentence read under its heading."""
        texts = [f"{c.context} {c.text}".strip() for c in candidates]
        vector = self._embedder.embed([question], kind="query")[0]
        cosines: Vectors = self._embedder.embed(texts) @ vector
        return cosines


def _candidates(passage: int, text: str) -> list[_Candidate]:
    found = []
    context = ""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if sentence.endswith("?") or _HEADING.match(sentence):
            context = sentence.lstrip("# ")[:_LONGEST_CONTEXT]
        else:
            found.append(_Candidate(passage, start, end, sentence, context))
    return found


def _overlap(weights: Mapping[str, float], text: str) -> float:
    """Share, 0…1, of the question's idf weight whose stems occur in the text."""
    total = sum(weights.values())
    if not total:
        return 0.0
    found = set(stems(text))
    return sum(weight for stem, weight in weights.items() if stem in found) / total


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
