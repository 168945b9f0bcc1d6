"""How well a reader in training points, on articles it was not trained on."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_app.evaluation.metrics import auroc, f1, mean
from rag_app.reading.span_scores import stretches
from rag_app.text.sentences import sentence_spans
from rag_app.training.reading_data import Example, held_out
from rag_app.training.unanswerable import unanswerable

if TYPE_CHECKING:
    from tokenizers import Encoding

_TOGETHER = 16  # questions
_SUBJECT = 30  # questions on either side that are about the same

Point = Callable[[Sequence[Example]], tuple[Sequence["Encoding"], Any]]


def questions(folder: Path) -> Iterator[Example]:
    """The questions held out, each followed by itself changed so that nothing answers."""
    rows, _ = held_out(folder)
    dice = random.Random(5)
    for number, row in enumerate(rows):
        yield Example(row["question"], row["context"], (row["start"], row["end"]))
        near = rows[max(0, number - _SUBJECT) : number + _SUBJECT]
        others = [other["question"] for other in near if other is not row]
        changed = unanswerable(row["question"], others, dice)
        if changed:
            yield Example(changed, row["context"], None)


def grade(asked: Sequence[Example], point: Point) -> dict[str, float]:
    """Share of right sentences, F1 of the words, and AUROC of being answered at all.

    Args:
        asked: Questions, with and without an answer in their text.
        point: Encodings of some of them, and their (n, 2, t) logits of start and end.
    """
    inside, overlap, sure = [], [], []
    for begin in range(0, len(asked), _TOGETHER):
        some = asked[begin : begin + _TOGETHER]
        for one, encoding, (starts, ends) in zip(some, *point(some), strict=True):
            start, end, margin = _best(encoding, starts, ends)
            sure.append(margin)
            if one.answer:
                inside.append(_same_sentence(one.text, start, one.answer[0]))
                overlap.append(f1(one.text[start:end], [one.text[slice(*one.answer)]]))
    answered = [one.answer is not None for one in asked]
    figures = {"sentence": mean(inside), "f1": mean(overlap), "auroc": auroc(sure, answered)}
    return {name: round(value, 3) for name, value in figures.items()}


def _best(encoding: "Encoding", starts: Any, ends: Any) -> tuple[int, int, float]:
    """(start, end) of the likeliest span, and how much likelier it is than none, as a log."""
    odds = stretches(starts[1:], ends[1:])
    first, last = np.unravel_index(int(odds.argmax()), odds.shape)
    margin = odds[first, last] - starts[0] - ends[0]
    offsets = encoding.offsets
    return offsets[int(first) + 1][0], offsets[int(last) + 1][1], float(margin)


def _same_sentence(text: str, one: int, other: int) -> float:
    return float(any(a <= one < b and a <= other < b for a, b in sentence_spans(text)))
