"""Fits the confidence of answers to the documents of an index.

Questions are made from the documents. Each is read twice: with all documents, which answer
it, and without the one it was made from, when most likely nothing does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag_app.answerer import READ, passage_of
from rag_app.errors import DataError
from rag_app.evaluation.metrics import expected_calibration_error
from rag_app.opening import calibration_of
from rag_app.rag import Rag
from rag_app.reading.calibration import STATE, Calibration, log_odds
from rag_app.workbench.made_questions import MadeQuestion, made_of_index

_FEWEST = 40  # questions, below which a fit would say nothing
_SEARCHED = 60  # hits, so that enough are left when a whole document is
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sure the reader was, 0…1, of a question that the documents answer or do not."""

    confidence: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and the expected calibration error without and with one.

    `after` is that of questions that the line was not fitted on, five-fold.
    """

    calibration: Calibration
    questions: int
    before: float
    after: float

    @property
    def better(self) -> bool:
        """Whether it is worth keeping."""
        return self.after < self.before


def calibrate(rag: Rag, *, questions: int = 200, seed: int = 0) -> Fitted:
    """Fit on the documents of the index, and keep it there where that is better.

    Raises:
        DataError: The documents give too few questions.
    """
    made = made_of_index(rag.index, questions, seed=seed)
    if len(made) < _FEWEST:
        raise DataError(
            f"only {len(made)} questions could be made from the documents; add more, "
            f"{_FEWEST} are needed to say how sure an answer is"
        )
    outcomes = [outcome for question in made for outcome in _ask(rag, question)]
    fitted = fit(outcomes, calibration_of(rag.index))
    if fitted.better:
        with rag.index.writing():
            rag.index.catalog.set(STATE, fitted.calibration.dumps())
    return fitted


def fit(outcomes: Sequence[Outcome], current: Calibration) -> Fitted:
    """A line over what the current calibration says."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    chances = [outcome.confidence for outcome in outcomes]
    odds = np.array([log_odds(chance) for chance in chances])[:, None]  # (n, 1)
    answered = np.array([outcome.answered for outcome in outcomes])
    model = LogisticRegression(C=10.0)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    unseen = cross_val_predict(model, odds, answered, cv=folds, method="predict_proba")[:, 1]
    model.fit(odds, answered)
    line = Calibration(current.reader, float(model.coef_[0, 0]), float(model.intercept_[0]))
    return Fitted(
        calibration=line.after(current),
        questions=len(outcomes),
        before=expected_calibration_error(chances, answered),
        after=expected_calibration_error(unseen, answered),
    )


def _ask(rag: Rag, question: MadeQuestion) -> Iterator[Outcome]:
    found = rag.retriever.search(question.text, k=_SEARCHED)
    others = [hit for hit in found if hit.chunk.source != question.source]
    for hits, answered in ((found, True), (others, False)):
        passages = [passage_of(hit) for hit in hits[:READ]]
        yield Outcome(rag.reader.read(question.text, passages).confidence, answered)
