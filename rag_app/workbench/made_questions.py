"""Questions made from the documents themselves.

Without a language model, a sentence with a date, a sum, a number or a name becomes a
question for it: what is asked for is taken out, and some of the other words are left away,
as people leave them. A language model is asked for the question that a passage answers
(Bonifacio et al., 2022, "InPars").
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag_app.generation.prompts import question_messages
from rag_app.index.index import Index
from rag_app.protocols import Generator
from rag_app.schema import Chunk
from rag_app.text.sentences import sentence_spans
from rag_app.text.terms import STOP_WORDS

_ASKED = (
    (re.compile(r"[£$€] ?\d[\d.,]*\d|\b\d[\d.,]* (?:pounds|euros?|dollars)\b"), "How much"),
    (re.compile(r"\b(?:1[0-9]|20)\d\d\b"), "In which year"),
    (re.compile(r"\b\d[\d.,]*(?= (?P<unit>[a-z]{3,}s)\b)"), "How many {unit}"),
    (re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)+"), "Who or what"),
)
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_FEWEST, _MOST = 8, 40  # words of a sentence that is asked about
_LONGEST_ASKED = 40  # words of a question that a language model writes
_LEFT_AWAY = 0.3  # of its content words
_LEAST_LEFT = 3


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question that one document answers.

    Attributes:
        text: What is asked.
        source: Of the document.
        answer: The words that were taken out.
        start: Where the sentence begins in the document's text.
        end: Where it ends.
    """

    text: str
    source: str
    answer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence turned into a question, and what was taken out of it."""

    question: str
    answer: str


def made_questions(chunks: Iterable[Chunk], dice: random.Random) -> Iterator[MadeQuestion]:
    """At most one question from each chunk."""
    for chunk in chunks:
        spans = sentence_spans(chunk.text)
        dice.shuffle(spans)
        for start, end in spans:
            if gap := question_on(chunk.text[start:end], dice):
                place = chunk.start + start, chunk.start + end
                yield MadeQuestion(gap.question, chunk.source, gap.answer, *place)
                break


def made_of_index(index: Index, count: int, *, seed: int = 0) -> list[MadeQuestion]:
    """At most so many questions from passages anywhere in the index, the same every time."""
    dice = random.Random(seed)
    ids = sorted(index.catalog.chunk_ids())
    dice.shuffle(ids)
    made: list[MadeQuestion] = []
    # Most chunks give a question; of large collections only as many are read as needed.
    for begin in range(0, len(ids), count):
        chunks = index.catalog.chunks(ids[begin : begin + count])
        made += made_questions(chunks.values(), dice)
        if len(made) >= count:
            break
    return made[:count]


def written_question(chunk: Chunk, generator: Generator) -> str | None:
    """The question that a language model writes for the chunk, or None where it is none.

    Raises:
        ModelError: The model cannot be reached, or fails.
    """
    messages = question_messages(chunk.text)
    if generator.count(messages) > generator.prompt_tokens:
        return None
    written = "".join(generator.stream(messages)).strip().split("\n")[0].strip(" \"'*“”")
    return written if written.endswith("?") and len(written.split()) <= _LONGEST_ASKED else None


def question_on(sentence: str, dice: random.Random) -> Gap | None:
    """A question that the sentence answers, or None where it is not fit for one."""
    if not _FEWEST <= len(sentence.split()) <= _MOST or sentence.endswith("?"):
        return None
    for pattern, ask in _ASKED:
        match = pattern.search(sentence)
        if match is None:
            continue
        rest = sentence[: match.start()] + sentence[match.end() :]
        said = [w for w in _WORD.findall(rest) if w.lower() not in STOP_WORDS]
        kept = [word for word in said if dice.random() >= _LEFT_AWAY]
        if len(kept) >= _LEAST_LEFT:
            return Gap(f"{ask.format(**match.groupdict())} {' '.join(kept)}?", match[0])
    return None
