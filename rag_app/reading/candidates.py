"""The sentences of a passage that could be an answer, and the words they stand among.

Every line may be the answer, with or without a full stop. Questions never are: they are what
the sentences below are read with, as headings are, which are the last to be quoted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.text.sentences import sentence_spans

_MARKDOWN = re.compile(r"#{1,6} ")
_ITEM = re.compile(r"[-*+•–●▪◦‣·\x7f] |\d{1,3}[.)] ")
# What stands above other lines as a heading does, where no letter size or mark tells.
_TITLE = re.compile(r"[^.!;:|]{1,80}$")
_BELOW = re.compile(r"[ \t]*\n[ \t]*\S")
# A value on the line below its label, as PDFs show a row of a table.
_LABEL = re.compile(r"[^\s.!?;:|\d]+(?: [^\s.!?;:|\d]+){0,4}:?$")
_VALUE = re.compile(r"[£$€(]?\d|[a-z]")
_LONGEST_VALUE = 80
_NEXT_LINE = re.compile(r" *\n *")
_LONGEST_CONTEXT = 120  # characters of a heading that are read with a sentence
_WINDOW = 2  # sentences before, which may name what "it" is


@dataclass(frozen=True, slots=True)
class Candidate:
    """`passages[passage][start:end]`, which could be quoted.

    Attributes:
        passage: Number of the passage.
        start: Where the quote begins.
        end: Where it ends.
        text: The sentence.
        context: The heading or question it stands under.
        before: The two sentences before it.
        label: Where a label right above begins; `start` where there is none.
        heading: Whether it is one.
    """

    passage: int
    start: int
    end: int
    text: str
    context: str
    before: str
    label: int
    heading: bool = False


def candidates(
    passage: int, text: str, headings: Sequence[tuple[int, int]] | None = None
) -> Iterator[Candidate]:
    """The candidates of one passage, in order.

    Args:
        passage: Its number.
        text: Of the passage.
        headings: (start, end) of the headings in it; None where nobody knows, and those of
            Markdown are taken for such.
    """
    context, last = "", (0, 0)
    before: list[str] = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if headings is None:
            heading = bool(_MARKDOWN.match(sentence))
        else:
            heading = any(begin <= start and end <= stop for begin, stop in headings)
        question = sentence.endswith("?")
        if not question and not sentence.endswith(":") and any(map(str.isalnum, sentence)):
            label = last[0] if _is_valued(text, last, start, sentence) else start
            above, under = " ".join(before), "" if heading else context
            yield Candidate(passage, start, end, sentence, under, above, label, heading)
        if heading or question or _is_title(text, last[1], start, end):
            context = sentence.lstrip("# ")[:_LONGEST_CONTEXT]
        last = start, end
        before = [*before, sentence][-_WINDOW:]


def _is_title(text: str, last: int, start: int, end: int) -> bool:
    """Whether a short line begins a block, which goes on in the next line.

    `last` is where the sentence before it ends.
    """
    alone = _TITLE.match(text[start:end]) and not _ITEM.match(text, start)
    begins = not last or text.count("\n", last, start) > 1
    return bool(alone and begins and _BELOW.match(text, end))


def _is_valued(text: str, label: tuple[int, int], start: int, sentence: str) -> bool:
    """Whether the sentence is a value, and the one before it the label of it."""
    said = text[slice(*label)]
    labelled = _LABEL.match(said) and not _ITEM.match(said) and not _MARKDOWN.match(said)
    value = _VALUE.match(sentence) or said.endswith(":")
    short = len(sentence) <= _LONGEST_VALUE and not _ITEM.match(sentence)
    return bool(labelled and value and short and _NEXT_LINE.fullmatch(text, label[1], start))
