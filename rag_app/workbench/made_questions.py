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

from rag_app.prompts import question_messages
from rag_app.protocols import Generator
from rag_app.schema import Chunk
from rag_app.sentences import sentence_spans
from rag_app.terms import STOP_WORDS

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
    """A question that one document answers."""

    text: str
    source: str


def made_questions(chunks: Iterable[Chunk], dice: random.Random) -> Iterator[MadeQuestion]:
    """At most one question from each chunk."""
    for chunk in chunks:
        sentences = [chunk.text[start:end] for start, end in sentence_spans(chunk.text)]
        dice.shuffle(sentences)
        made = (question_on(sentence, dice) for sentence in sentences)
        if (text := next((question for question in made if question), None)) is not None:
            yield MadeQuestion(text, chunk.source)


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


def question_on(sentence: str, dice: random.Random) -> str | None:
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
            return f"{ask.format(**match.groupdict())} {' '.join(kept)}?"
    return None
