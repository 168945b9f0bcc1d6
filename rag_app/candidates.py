"""The sentences of a passage that could be an answer, and the words they stand among.

Headings and questions are never the answer: they are what the sentences below are read with.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag_app.sentences import sentence_spans

_HEADING = re.compile(r"#{1,6} |[^.!;:|]{1,80}$")
_LONGEST_CONTEXT = 120  # characters of a heading that are read with a sentence
_WINDOW = 2  # sentences before, which may name what "it" is


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


def candidates(passage: int, text: str) -> Iterator[Candidate]:
    """The candidates of one passage, in order."""
    context, label = "", None
    before: list[str] = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        under_label = label is not None and _is_directly_below(text, label, start)
        if sentence.endswith("?") or _HEADING.match(sentence):
            if under_label and label is not None and not sentence.endswith("?"):
                yield Candidate(passage, label[0], end, sentence, context, " ".join(before))
            context = sentence.lstrip("# ")[:_LONGEST_CONTEXT]
            label = None if sentence.endswith("?") else (start, end)
        elif not sentence.endswith(":") and any(character.isalnum() for character in sentence):
            yield Candidate(passage, start, end, sentence, context, " ".join(before))
            label = None
        before = [*before, sentence][-_WINDOW:]


def _is_directly_below(text: str, label: tuple[int, int], start: int) -> bool:
    """A value on the line below its label, as PDFs show a table's row."""
    begin, end = label
    return text[end:start].strip(" ") == "\n" and not text.startswith("#", begin)
