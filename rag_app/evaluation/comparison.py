"""Two configurations on the same questions: what got better, what worse, and is it chance?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rag_app.evaluation.question_report import MEASURES, Figure, Measure, Name, QuestionReport
from rag_app.evaluation.question_runner import Asked
from rag_app.evaluation.significance import SURE, sign_test, sureness

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure under both configurations.

    Attributes:
        measure: What is measured.
        before: Under the first.
        after: Under the second.
        better: Questions with a better value under the second.
        worse: Questions with a worse one.
        chance: Of so uneven a split of these if neither were better, 0…1 (sign test).
        sureness: Share of bootstrap draws of the questions in which the one that is ahead
            stays ahead, 0…1.
    """

    measure: Measure
    before: Figure
    after: Figure
    better: int
    worse: int
    chance: float
    sureness: float

    @property
    def gain(self) -> float:
        """How much better the second is; below 0 where it is worse."""
        gained = (self.after.value or 0.0) - (self.before.value or 0.0)
        return gained if self.measure.higher else -gained

    @property
    def beyond_chance(self) -> bool:
        """Whether both tests take the difference for more than chance, and agree on it.

        The bootstrap alone would believe three questions; the sign test alone does not see
        by how much they differ.
        """
        agreed = (self.better > self.worse) == (self.gain > 0)
        return agreed and self.chance <= 1 - SURE and self.sureness >= SURE


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports on the same questions, in the same order."""

    before: QuestionReport
    after: QuestionReport

    @property
    def differing(self) -> Mapping[str, Any]:
        """The settings of the second that the first does not have."""
        old = self.before.settings
        return {name: value for name, value in self.after.settings.items() if value != old[name]}

    @property
    def pairs(self) -> list[tuple[Asked, Asked]]:
        """Each question under both."""
        return list(zip(self.before.rows, self.after.rows, strict=True))

    @property
    def better(self) -> list[tuple[Asked, Asked]]:
        """The questions that were a miss and are none any more."""
        return [(old, new) for old, new in self.pairs if old.miss and not new.miss]

    @property
    def worse(self) -> list[tuple[Asked, Asked]]:
        """The questions that have become a miss."""
        return [(old, new) for old, new in self.pairs if new.miss and not old.miss]

    @property
    def winner(self) -> Side | None:
        """The one whose answers are better by more than chance.

        The first figure decides: right answers, where the set knows any.
        """
        decides = next(iter(self.changes().values()), None)
        if decides is None or not decides.beyond_chance:
            return None
        return "after" if decides.gain > 0 else "before"

    def changes(self) -> dict[Name, Change]:
        """All figures that there are questions for."""
        made = (self._change(measure) for measure in MEASURES)
        return {change.measure.name: change for change in made if change}

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "differing": dict(self.differing),
            "winner": self.winner,
            "changes": {name: _as_dict(change) for name, change in self.changes().items()},
            "better": [old.question.id for old, _ in self.better],
            "worse": [old.question.id for old, _ in self.worse],
        }

    def _change(self, measure: Measure) -> Change | None:
        values = [(measure.of(old), measure.of(new)) for old, new in self.pairs]
        known = [(a, b) for a, b in values if a is not None and b is not None]
        if not known:
            return None
        old, new = zip(*known, strict=True)
        if not measure.higher:
            old, new = new, old
        better = sum(b > a for a, b in zip(old, new, strict=True))
        worse = sum(b < a for a, b in zip(old, new, strict=True))
        return Change(
            measure,
            self.before.totals()[measure.name],
            self.after.totals()[measure.name],
            better,
            worse,
            sign_test(better, worse),
            sureness(old, new) if sum(new) > sum(old) else sureness(new, old),
        )


def _as_dict(change: Change) -> dict[str, Any]:
    told = asdict(change)
    del told["measure"]
    return told | {"beyond_chance": change.beyond_chance}
