"""Stretches of passages that are read in one piece: some sentences that follow each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.reading.candidates import Candidate
from rag_app.schema import Passage
from rag_app.text.sentences import sentence_spans

_WORDS = 120  # most of one window, unless a single sentence has more
_LEAD_WORDS = 16  # of what stands before it, shown so that "it" has a meaning


@dataclass(frozen=True, slots=True)
class Window:
    """`passages[passage].text[start:end]`, read after the words of `lead`.

    `members` are the numbers of the candidates that lie in it.
    """

    passage: int
    start: int
    end: int
    lead: str
    members: tuple[int, ...]


def windows(passages: Sequence[Passage], found: Sequence[Candidate]) -> list[Window]:
    """Windows that hold every candidate; those are in the order of the passages."""
    cut: list[Window] = []
    for number, passage in enumerate(passages):
        own = [i for i, candidate in enumerate(found) if candidate.passage == number]
        for start, end in _stretches(passage.text):
            members = tuple(i for i in own if start <= found[i].start < end)
            if members:
                last = max(end, *(found[i].end for i in members))
                # A heading begins with what is under it.
                first = next((i for i in members if not found[i].heading), members[0])
                lead = _lead(passage, found[first], start)
                cut.append(Window(number, start, last, lead, members))
    return cut


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    begin, end, words = 0, 0, 0
    for start, stop in sentence_spans(text):
        own = text.count(" ", start, stop) + 1
        if words and words + own > _WORDS:
            yield begin, end
            words = 0
        if not words:
            begin = start
        end, words = stop, words + own
    if words:
        yield begin, end


def _lead(passage: Passage, first: Candidate, start: int) -> str:
    """Name and heading, and the last words before the window."""
    before = " ".join(passage.text[:start].split()[-_LEAD_WORDS:])
    named = [passage.name, first.context if first.context not in before else ""]
    lead = ". ".join(part for part in (*named, before) if part)
    return f"{lead}\n" if lead else ""
