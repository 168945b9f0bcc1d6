"""The built-in reader: picks the sentences that answer, with no language model.

A funnel, as each judge is slower than the one before: all sentences of the passages are
judged by their words, the best of them by their cosine with the question too, and the best
of those are read by the reranker together with the question.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rag_app.answer_type import answer_type, holds
from rag_app.candidates import Candidate, candidates
from rag_app.models.reranker import with_context
from rag_app.protocols import Embedder, Reranker
from rag_app.schema import Passage, Reading, Span
from rag_app.terms import stems

Idf = Callable[[Iterable[str]], Mapping[str, float]]
Scores = NDArray[np.float64]

# Columns of a judgement; each is higher for a better sentence.
SIGNALS = (
    "overlap",  # share of the question's idf weight in the sentence, 0…1
    "overlap around it",  # the same with file name, heading, and the sentences before it
    "prior",  # what retrieval thought of its passage, 0…1
    "type",  # whether it holds the kind of thing that is asked for, 0 or 1
    "cosine",  # of the question and the sentence under its heading, −1…1
    "answers",  # log-odds of the reranker
)
_MOST_EMBEDDED, _MOST_RERANKED = 80, 40
# Who is shown to the next judge.
_BY_WORDS = np.array([0.30, 0.25, 0.60, 0.15])
_COSINE = 0.60
# How much each signal counts in the end. `benchmarks/fit_reader.py` finds the choice flat on
# Wikipedia's questions, whose words stand in their paragraphs; people's often do not, so
# the cosine counts more here than the fit would have it.
WEIGHTS, BIAS = np.array([1.0, 2.0, 3.0, 1.5, 6.0, 0.5]), -8.0
# Logistic regression over `certainty`, made by the same script.
CERTAINTY, CERTAINTY_BIAS = np.array([0.15, 0.37]), -2.86


class SentenceReader:
    """Reads with the embedder and the reranker, behind the `Reader` protocol."""

    def __init__(self, embedder: Embedder, reranker: Reranker, idf: Idf) -> None:
        self._embedder = embedder
        self._reranker = reranker
        self._idf = idf

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Sentences by how well they answer, and the chance that they answer at all.

        Args:
            question: A standalone question.
            passages: Best first.
        """
        found, signals = self.judge(question, passages)
        if not found:
            return Reading((), 0.0)
        scores = signals @ WEIGHTS + BIAS
        order = np.argsort(-scores, kind="stable")
        spans = tuple(
            Span(found[i].passage, found[i].start, found[i].end, _logistic(scores[i]))
            for i in order
        )
        sure = certainty(signals) @ CERTAINTY + CERTAINTY_BIAS
        return Reading(spans, _logistic(sure))

    def judge(self, question: str, passages: Sequence[Passage]) -> tuple[list[Candidate], Scores]:
        """The most promising candidates and their (n, 6) `SIGNALS`."""
        found = [c for number, p in enumerate(passages) for c in candidates(number, p.text)]
        if not found:
            return [], np.empty((0, len(SIGNALS)))
        words = self._by_words(question, found, passages)  # (n, 4)
        best = np.argsort(-(words @ _BY_WORDS), kind="stable")[:_MOST_EMBEDDED]
        found, words = [found[i] for i in best], words[best]
        cosines = self._cosines(question, found)
        best = np.argsort(-(words @ _BY_WORDS + _COSINE * cosines), kind="stable")[:_MOST_RERANKED]
        found, words, cosines = [found[i] for i in best], words[best], cosines[best]
        answers = self._reranker.score(question, [_with_surroundings(c) for c in found])
        return found, np.column_stack([words, cosines, answers])

    def _by_words(
        self, question: str, found: Sequence[Candidate], passages: Sequence[Passage]
    ) -> Scores:
        weights = self._idf(dict.fromkeys(stems(question)))
        kind = answer_type(question)
        return np.array(
            [
                (
                    _overlap(weights, c.text),
                    _overlap(
                        weights, f"{passages[c.passage].name} {c.context} {c.before} {c.text}"
                    ),
                    passages[c.passage].prior,
                    kind is not None and holds(kind, c.text),
                )
                for c in found
            ],
            dtype=np.float64,
        )

    def _cosines(self, question: str, found: Sequence[Candidate]) -> Scores:
        """(n,) cosines of the question with each sentence read under its heading."""
        vector = self._embedder.embed([question], kind="query")[0]
        texts = [f"{c.context} {c.text}".strip() for c in found]
        cosines: Scores = (self._embedder.embed(texts) @ vector).astype(np.float64)
        return cosines


def certainty(signals: Scores) -> Scores:
    """(2,) what tells whether a question is answered at all, from its (n, 6) judgement.

    The best sentence's score, and its lead over the mean of all: where nothing answers, many
    sentences are about as good as each other.
    """
    scores = signals @ WEIGHTS
    return np.array([scores.max(), scores.max() - scores.mean()])


def _with_surroundings(candidate: Candidate) -> str:
    before = candidate.before
    if candidate.context not in before:
        before = f"{candidate.context} {before}"
    return with_context(candidate.text, before)


def _overlap(weights: Mapping[str, float], text: str) -> float:
    """Share, 0…1, of the question's idf weight whose stems occur in the text."""
    total = sum(weights.values())
    if not total:
        return 0.0
    found = set(stems(text))
    return sum(weight for stem, weight in weights.items() if stem in found) / total


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
