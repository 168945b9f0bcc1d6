"""The figures of a question set, each with the number of questions behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rag_app.evaluation.metrics import mean, percentiles
from rag_app.evaluation.question_runner import Asked, Miss
from rag_app.settings.provenance import Settings
from rag_app.settings.variants import ANSWERING

Name = Literal[
    "right",
    "contains_gold",
    "recall",
    "passage_recall",
    "mrr",
    "refused_unanswerable",
    "false_refusals",
    "repeated_wrong",
]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is told of a question set.

    Attributes:
        name: In JSON.
        of: Its value for one question, 0…1, or None where it says nothing of the question.
        higher: Whether more is better.
    """

    name: Name
    of: Callable[[Asked], float | None]
    higher: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean, 0…1, over so many questions; None over none."""

    value: float | None
    questions: int


def _reciprocal_rank(asked: Asked) -> float | None:
    if not asked.ranks:
        return None
    return 1 / asked.rank if asked.rank else 0.0


def _refused(asked: Asked, *, answerable: bool) -> float | None:
    return float(asked.refused) if asked.question.answerable is answerable else None


def _right(asked: Asked) -> float | None:
    return None if asked.question.answerable is None else float(asked.miss is None)


MEASURES = (
    Measure("right", _right),
    Measure("contains_gold", lambda asked: asked.contains),
    Measure("recall", lambda asked: asked.found),
    Measure("passage_recall", lambda asked: asked.passage_found),
    Measure("mrr", _reciprocal_rank),
    Measure("refused_unanswerable", lambda asked: _refused(asked, answerable=False)),
    Measure("false_refusals", lambda asked: _refused(asked, answerable=True), higher=False),
    Measure("repeated_wrong", lambda asked: asked.repeated, higher=False),
)


@dataclass(frozen=True, slots=True)
class QuestionReport:
    """A question set under one configuration.

    Attributes:
        rows: Every question and what came of it.
        settings: Those of `ANSWERING`, by name.
        left_out: Questions that were not asked, as their documents are not in the index.
    """

    rows: tuple[Asked, ...]
    settings: Mapping[str, Any]
    left_out: int = 0

    @classmethod
    def of(
        cls, rows: Sequence[Asked], settings: Settings, *, left_out: int = 0
    ) -> "QuestionReport":
        """The report of the rows."""
        used = {name: getattr(settings, name) for name in ANSWERING}
        return cls(tuple(rows), used, left_out)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of questions that the set tells apart, in its order."""
        return tuple(dict.fromkeys(row.question.kind for row in self.rows if row.question.kind))

    @property
    def seconds(self) -> dict[str, float]:
        """Median and 95th percentile of the time to an answer."""
        return percentiles([row.seconds for row in self.rows])

    def totals(self, kind: str | None = None) -> dict[Name, Figure]:
        """All figures, of the questions of one kind or of all."""
        rows = [row for row in self.rows if kind in {None, row.question.kind}]
        return {measure.name: _figure(measure, rows) for measure in MEASURES}

    def misses(self, kind: Miss | None = None) -> list[Asked]:
        """The questions where something is wrong, or wrong in this way."""
        return [row for row in self.rows if row.miss and kind in {None, row.miss}]

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "settings": dict(self.settings),
            "questions": len(self.rows),
            "left_out": self.left_out,
            "totals": _as_dict(self.totals()),
            "seconds": {**self.seconds, "questions": len(self.rows)},
            "kinds": {kind: _as_dict(self.totals(kind)) for kind in self.kinds},
            "rows": [_row(row) for row in self.rows],
        }


def _figure(measure: Measure, rows: Sequence[Asked]) -> Figure:
    values = [value for row in rows if (value := measure.of(row)) is not None]
    return Figure(mean(values) if values else None, len(values))


def _as_dict(totals: Mapping[Name, Figure]) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in totals.items() if figure.questions}


def _row(row: Asked) -> dict[str, Any]:
    question, answer = row.question, row.answer
    return {
        "id": question.id,
        "kind": question.kind,
        "question": question.text,
        "answer": answer.text,
        "mode": answer.mode,
        "confidence": answer.confidence,
        "seconds": row.seconds,
        "answerable": question.answerable,
        "expected": list(question.expected),
        "contains_gold": row.contains,
        "found": row.found,
        "ranks": [asdict(ranks) for ranks in row.ranks],
        "repeated_wrong": row.repeated,
        "miss": row.miss,
    }
