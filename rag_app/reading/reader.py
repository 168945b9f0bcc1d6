"""The built-in reader: picks the sentences that answer, with no language model.

A funnel, as each judge is slower than the one before: all sentences of the passages are
judged by their words, the best of them by their cosine with the question too, and the best
stretches of text are read by a network that points at the words which answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Embedder, Pointer
from rag_app.reading.answer_type import answer_type, holds
from rag_app.reading.calibration import Calibration, logistic
from rag_app.reading.candidates import Candidate, candidates
from rag_app.reading.overlap import Idf, overlap, with_label
from rag_app.reading.windows import Window, windows
from rag_app.schema import Passage, Reading, Span
from rag_app.text.claim_support import statement
from rag_app.text.terms import stems

Scores = NDArray[np.float64]
Words = tuple[int, int]

READER = "sentences 2"  # changes whenever its confidence could mean something else
# Columns of a judgement; each is higher for a better sentence.
SIGNALS = (
    "overlap",  # share of the question's idf weight in the sentence, 0…1
    "overlap around it",  # the same with file name, heading, and the sentences before it
    "prior",  # what retrieval thought of its passage, 0…1
    "type",  # whether it holds the kind of thing that is asked for, 0 or 1
    "cosine",  # of the question and the sentence under its heading, −1…1
    "answers",  # log-odds of the network that words of it answer, cut to −12…12
)
_COSINE, _ANSWERS = 4, 5
_MOST_READ = 12  # windows
_MOST_EMBEDDED = 48  # sentences of them
_SUREST = 12.0
# Who is shown to the next judge.
_BY_WORDS = np.array([0.30, 0.25, 0.60, 0.15])
# How much each signal counts in the end. A fit finds less use for the cosine on Wikipedia's
# questions, whose words stand in their paragraphs; people's often do not.
WEIGHTS, BIAS = np.array([1.0, 2.5, 3.5, 0.5, 6.0, 0.25]), -8.0
# Off the log-odds of a heading: it is quoted only where nothing else says as much.
_HEADING = 2.0
# What tells whether anything answers, as `benchmarks/fit_reader.py` fits it.
CERTAINTY, CERTAINTY_BIAS = np.array([0.333, -0.130, 0.040, 2.506, -1.919]), -1.566


@dataclass(frozen=True, slots=True)
class Judgement:
    """The most promising candidates of a question.

    Attributes:
        question: As it was read.
        found: The n candidates.
        signals: (n, 6) `SIGNALS`.
        words: Of each, where in its passage the words stand that answer most likely.
    """

    question: str
    found: Sequence[Candidate]
    signals: Scores
    words: Sequence[Words]

    @property
    def scores(self) -> Scores:
        """(n,) log-odds that each is the one that answers."""
        headings = np.array([candidate.heading for candidate in self.found], np.float64)
        scores: Scores = self.signals @ WEIGHTS + BIAS - _HEADING * headings
        return scores

    @property
    def certainty(self) -> Scores:
        """(5,) what tells whether the question is answered at all.

        The best sentence's score, its lead over the mean of all (where nothing answers, many
        sentences are about as good as each other), what the network thinks of it, the highest
        cosine of all, and 1 where the question denies what the best sentence does not.
        """
        scores = self.scores
        best = int(scores.argmax())
        denied = statement(self.question).negated - statement(self.found[best].text).negated
        return np.array(
            [
                scores[best],
                scores[best] - scores.mean(),
                self.signals[best, _ANSWERS],
                self.signals[:, _COSINE].max(),
                bool(denied),
            ]
        )


class SentenceReader:
    """Reads with the embedder and a network that points, behind the `Reader` protocol."""

    def __init__(
        self,
        embedder: Embedder,
        pointer: Pointer,
        idf: Idf,
        *,
        calibration: Callable[[], Calibration] = Calibration,
    ) -> None:
        self._embedder = embedder
        self._pointer = pointer
        self._idf = idf
        self._calibration = calibration

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Sentences by how well they answer, and the chance that they answer at all.

        Args:
            question: A standalone question.
            passages: Best first.
        """
        judgement = self.judge(question, passages)
        if not judgement.found:
            return Reading((), 0.0)
        scores = judgement.scores
        spans = tuple(
            Span(c.passage, c.start, c.end, logistic(scores[i]), judgement.words[i])
            for i in np.argsort(-scores, kind="stable")
            for c in [judgement.found[i]]
        )
        sure = logistic(float(judgement.certainty @ CERTAINTY + CERTAINTY_BIAS))
        return Reading(spans, self._calibration()(sure))

    def judge(self, question: str, passages: Sequence[Passage]) -> Judgement:
        """What each signal says of the candidates in the most promising windows."""
        weights = self._idf(dict.fromkeys(stems(question)))
        found = [
            with_label(weights, candidate, passage.text)
            for number, passage in enumerate(passages)
            for candidate in candidates(number, passage.text, passage.headings)
        ]
        if not found:
            return Judgement(question, [], np.empty((0, len(SIGNALS))), [])
        words = _by_words(question, weights, found, passages)  # (n, 4)
        promise = words @ _BY_WORDS
        cut = windows(passages, found)
        cut.sort(key=lambda window: -promise[list(window.members)].max())
        cut = cut[:_MOST_READ]
        members = [i for window in cut for i in window.members]
        odds, pointed = self._pointed(question, passages, found, cut)
        members = sorted(members, key=lambda i: -promise[i])[:_MOST_EMBEDDED]
        cosines = self._cosines(question, [found[i] for i in members])
        answers = np.array([odds[i] for i in members])
        return Judgement(
            question,
            [found[i] for i in members],
            np.column_stack([words[members], cosines, answers]),
            [pointed[i] for i in members],
        )

    def _pointed(
        self,
        question: str,
        passages: Sequence[Passage],
        found: Sequence[Candidate],
        cut: Sequence[Window],
    ) -> tuple[dict[int, float], dict[int, Words]]:
        """By candidate: the log-odds that it answers, and the words in its passage that do."""
        texts = [w.lead + passages[w.passage].text[w.start : w.end] for w in cut]
        odds: dict[int, float] = {}
        words: dict[int, Words] = {}
        for window, read in zip(cut, self._pointer.point(question, texts), strict=True):
            moved = len(window.lead) - window.start
            for i in window.members:
                sure, (start, end) = read.within(found[i].start + moved, found[i].end + moved)
                odds[i] = min(max(sure, -_SUREST), _SUREST)
                words[i] = start - moved, end - moved
        return odds, words

    def _cosines(self, question: str, found: Sequence[Candidate]) -> Scores:
        """(n,) cosines of the question with each sentence read under its heading."""
        vector = self._embedder.embed([question], kind="query")[0]
        texts = [f"{c.context} {c.text}".strip() for c in found]
        cosines: Scores = (self._embedder.embed(texts) @ vector).astype(np.float64)
        return cosines


def _by_words(
    question: str,
    weights: Mapping[str, float],
    found: Sequence[Candidate],
    passages: Sequence[Passage],
) -> Scores:
    kind = answer_type(question)
    return np.array(
        [
            (
                overlap(weights, c.text),
                overlap(weights, f"{passages[c.passage].name} {c.context} {c.before} {c.text}"),
                passages[c.passage].prior,
                kind is not None and holds(kind, c.text),
            )
            for c in found
        ],
        dtype=np.float64,
    )
