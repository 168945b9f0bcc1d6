"""Questions on running text, from public data, to train the reader on.

Read from gzipped JSON lines in one folder:

| file | rows | licence |
|---|---|---|
| `squad_13_articles.jsonl.gz` | `question`, `context`, `start`, `end` | CC BY-SA 4.0 |
| `question_sentence_pairs.jsonl.gz` | `question`, `passage`, in reading order | CC BY-SA 4.0 |
| `qamr.jsonl.gz` | `question`, `context` (a sentence), `start`, `end` | MIT |
| `policyqa.jsonl.gz` | `question`, `context`, `start`, `end` | MIT |
| `covidqa.jsonl.gz` | `question`, `context` (a paper), `start`, `end` | Apache-2.0 |

Each file becomes one long text, so that a question can be shown with more or less of what
stands around its answer.
"""

import gzip
import json
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_app.errors import DataError
from rag_app.text.sentences import sentence_spans
from rag_app.text.terms import stems
from rag_app.training.unanswerable import unanswerable

ARTICLES = "squad_13_articles"
_HELD_OUT = 120  # paragraphs of the articles that are not trained on
_NEAR, _LOOKED_AT = 40, 6  # sentences away, and how many of them, to find one that misleads
_SUBJECT = 30  # questions on either side that are about the same


@dataclass(frozen=True, slots=True)
class Kind:
    """How the questions of one file are used.

    Attributes:
        name: Of the file.
        share: Of its questions in one pass.
        words: Fewest and most words that are shown around an answer.
        changed: Share of questions that are changed so that nothing answers them.
        missing: Share of questions shown with a text that has no answer.
    """

    name: str
    share: float
    words: tuple[int, int]
    changed: float = 0.0
    missing: float = 0.0


KINDS = (
    Kind(ARTICLES, 1.0, (60, 170), changed=0.2, missing=0.15),
    Kind("question_sentence_pairs", 1.0, (50, 150), changed=0.2, missing=0.15),
    Kind("qamr", 0.3, (5, 60), changed=0.05, missing=0.1),
    Kind("policyqa", 0.25, (40, 120)),
    Kind("covidqa", 1.0, (60, 150)),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a text, and (start, end) of the answer in it; None where it has none.

    `exact` is False where the answer is known to lie inside the span, and not which words.
    """

    question: str
    text: str
    answer: tuple[int, int] | None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and where in the long text its answer lies."""

    question: str
    start: int
    end: int


class RunningText:
    """One long text, its sentences, and the questions on it in the order of the text."""

    def __init__(self, kind: Kind, *, exact: bool) -> None:
        self.kind = kind
        self.asked: list[Asked] = []
        self._exact = exact
        self._text = ""
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def append(self, text: str) -> int:
        """Add a text; returns where it begins."""
        begin = self._length
        for start, end in sentence_spans(text):
            self._starts.append(begin + start)
            self._ends.append(begin + end)
        self._parts.append(text + " ")
        self._length += len(text) + 1
        return begin

    def close(self) -> None:
        """Nothing more is appended."""
        self._text = "".join(self._parts)

    def examples(self, dice: random.Random) -> Iterator[Example]:
        """A part of the questions, each with some of what stands around its answer."""
        count = round(self.kind.share * len(self.asked))
        for number in sorted(dice.sample(range(len(self.asked)), count)):
            yield self._example(number, dice)

    def _example(self, number: int, dice: random.Random) -> Example:
        asked = self.asked[number]
        chance = dice.random()
        first, last = self._sentence(asked.start), self._sentence(asked.end - 1)
        if chance < self.kind.changed:
            subject = self.asked[max(0, number - _SUBJECT) : number + _SUBJECT]
            others = [other.question for other in subject if other != asked]
            question = unanswerable(asked.question, others, dice)
            if question is not None:
                start, end = self._around(first, last, dice)
                return Example(question, self._text[start:end], None)
        elif chance < self.kind.changed + self.kind.missing:
            return Example(asked.question, self._without(asked, first, last, dice), None)
        start, end = self._around(first, last, dice)
        span = asked.start - start, asked.end - start
        return Example(asked.question, self._text[start:end], span, self._exact)

    def _without(self, asked: Asked, first: int, last: int, dice: random.Random) -> str:
        """The surroundings without the answer, or the most tempting of some near texts."""
        if dice.random() < 0.5:
            start, end = self._around(first, last, dice)
            rest = self._text[start : self._starts[first]] + self._text[self._ends[last] : end]
            if rest.strip():
                return rest
        wanted = set(stems(asked.question))
        texts = []
        for _ in range(_LOOKED_AT):
            other = first + dice.choice((-1, 1)) * dice.randint(3, _NEAR)
            other = min(max(other, 0), len(self._starts) - 1)
            start, end = self._around(other, other, dice)
            texts.append(self._cut_out(start, end, self._starts[first], self._ends[last]))
        return max(texts, key=lambda text: len(wanted & set(stems(text))))

    def _cut_out(self, start: int, end: int, hole_start: int, hole_end: int) -> str:
        if hole_end <= start or end <= hole_start:
            return self._text[start:end]
        return self._text[start : max(start, hole_start)] + self._text[min(end, hole_end) : end]

    def _around(self, first: int, last: int, dice: random.Random) -> tuple[int, int]:
        """(start, end) of the sentences and as many around them as there is room for."""
        room = dice.randint(*self.kind.words) - self._words(first, last)
        left = room * dice.random()
        right = room - left
        while first and (left := left - self._words(first - 1, first - 1)) >= 0:
            first -= 1
        while (
            last + 1 < len(self._ends) and (right := right - self._words(last + 1, last + 1)) >= 0
        ):
            last += 1
        return self._starts[first], self._ends[last]

    def _words(self, first: int, last: int) -> int:
        return self._text.count(" ", self._starts[first], self._ends[last]) + 1

    def _sentence(self, offset: int) -> int:
        return max(0, bisect_right(self._starts, offset) - 1)


def read(folder: Path) -> list[RunningText]:
    """The training part of everything in the folder's files.

    Raises:
        DataError: A file is missing.
    """
    texts = []
    for kind in KINDS:
        found = list(_rows(folder / f"{kind.name}.jsonl.gz"))
        if "passage" in found[0]:
            texts.append(_of_pairs(kind, found))
            continue
        if kind.name == ARTICLES:
            kept = set(_paragraphs(found)[:-_HELD_OUT])
            found = [row for row in found if row["context"] in kept]
        texts.append(_of_spans(kind, found))
    return texts


def held_out(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of the articles that are not trained on, and the paragraphs of all articles."""
    found = list(_rows(folder / f"{ARTICLES}.jsonl.gz"))
    paragraphs = _paragraphs(found)
    kept = set(paragraphs[:-_HELD_OUT])
    return [row for row in found if row["context"] not in kept], paragraphs


def _of_spans(kind: Kind, rows: Sequence[dict[str, Any]]) -> RunningText:
    text = RunningText(kind, exact=True)
    begins: dict[str, int] = {}
    for row in rows:
        if row["context"] not in begins:
            begins[row["context"]] = text.append(row["context"])
        begin = begins[row["context"]]
        # QAMR's rows carry the answer behind a run of spaces.
        question = row["question"].split("   ")[0].strip()
        text.asked.append(Asked(question, begin + row["start"], begin + row["end"]))
    text.close()
    return text


def _of_pairs(kind: Kind, rows: Sequence[dict[str, Any]]) -> RunningText:
    text = RunningText(kind, exact=False)
    begins: dict[str, int] = {}
    for row in rows:
        passage = _untokenised(row["passage"])
        if passage not in begins:
            begins[passage] = text.append(passage)
        begin = begins[passage]
        text.asked.append(Asked(_untokenised(row["question"]), begin, begin + len(passage)))
    text.close()
    return text


def _untokenised(text: str) -> str:
    """Lower-cased words as the model cuts them; the makers' tokens for brackets undone."""
    text = text.replace("-lrb-", "(").replace("-rrb-", ")").replace("``", '"').replace("''", '"')
    return text.strip()


def _paragraphs(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["context"] for row in rows))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except OSError as error:
        raise DataError(f"{path}: {error}; name the folder that holds it") from error
