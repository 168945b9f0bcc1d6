"""The sentences of a passage that could be an answer, and the words they stand among.

Every line may be the answer, with or without a full stop, but for headings and questions:
those are what the sentences below are read with.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.sentences import sentence_spans

_MARKED = re.compile(r"#{1,6} ")
# What may stand above others as their heading, or beside a value as its label.
_SHORT = re.compile(r"[^.!;:|]{1,80}$")
_LABEL = re.compile(r"[^.!?;:|\d]{1,60}:?$")
_LONGEST_VALUE = 80
_ITEM = re.compile(r"[-*+•–●▪◦‣·\x7f] |\d{1,3}[.)] ")
_LONGEST_CONTEXT = 120  # characters of a heading that are read with a sentence
_WINDOW = 2  # sentences before, which may name what "it" is
V = os.environ.get("VAR", "").split(",")


@dataclass(frozen=True, slots=True)
class Candidate:
    """`passages[passage][start:end]`, which could be quoted.

    Attributes:
        passage: Number of the passage.
        start: Where the quote begins; a label right above is part of it.
        end: Where it ends.
        text: The sentence.
        context: The heading or question it stands under.
        before: The two sentences before it.
    """

    passage: int
    start: int
    end: int
    text: str
    context: str
    before: str
    label: int = -1
    heading: bool = False


def candidates(
    passage: int, text: str, headings: Sequence[tuple[int, int]] | None = None
) -> Iterator[Candidate]:
    """The candidates of one passage, in order.

    Args:
        passage: Its number.
        text: Of the passage.
        headings: (start, end) of the headings in it; None where nobody knows.
    """
    context, label = "", -1
    before: list[str] = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if headings is None:
            heading = bool(_MARKED.match(sentence))
        else:
            heading = any(a <= start and end <= b for a, b in headings)
        question = sentence.endswith("?")
        item = bool(_ITEM.match(sentence))
        short = bool(_SHORT.match(sentence)) and not item
        names = any(c.isalnum() for c in sentence)
        old = question or bool(_MARKED.match(sentence) or _SHORT.match(sentence))
        under = label >= 0 and not item and len(sentence) <= _LONGEST_VALUE and text[end_of_label:start].strip(" ") == "\n"
        lab = label if under else start
        if "old" in V:
            if old:
                if under and not question:
                    yield Candidate(passage, lab, end, sentence, context, " ".join(before), lab)
            elif not sentence.endswith(":") and names:
                yield Candidate(passage, start, end, sentence, context, " ".join(before), start)
        elif names and not question and not sentence.endswith(":") and (not heading or "hc" in V):
            yield Candidate(passage, start, end, sentence, context, " ".join(before), lab, heading)
        if "known" in V:
            ctx = heading or question
        elif "mix" in V:
            ctx = heading or question or short and _begins_block(text, start, end)
        else:
            ctx = old
        if ctx:
            context = sentence.lstrip("# ")[:_LONGEST_CONTEXT]
        label = -1
        if not item and not _MARKED.match(sentence) and _LABEL.match(sentence):
            label, end_of_label = start, end
        before = [*before, sentence][-_WINDOW:]


def _begins_block(text: str, start: int, end: int) -> bool:
    above = text[:start].rstrip(" \t")
    below = text[end:].lstrip(" \t")
    return (not above or above.endswith("\n\n")) and below.startswith("\n") and not below.startswith("\n\n")
