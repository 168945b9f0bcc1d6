"""Ties the claims of an answer to exact spans of the documents.

Nothing a model says about its sources is believed: each sentence is aligned with the
evidence after it was written, and a number that points nowhere is removed.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from rag_app.schema import Chunk, Citation, Hit, Span
from rag_app.text.claim_support import support
from rag_app.text.sentences import sentence_spans

NO_SUPPORT = "not supported by the documents"
_MARK = re.compile(r"[ \t]*\[(\d+(?:\s*,\s*\d+)*)\]")
# What reasoning models say to themselves.
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_BEFORE = 2  # sentences that may name what one is about
_SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer's text with its citations, and (start, end) of what nothing supports."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: tuple[tuple[int, int], ...] = ()


def quote(spans: Sequence[Span], hits: Sequence[Hit]) -> Draft:
    """An answer that is nothing but quotes of the hits, each followed by its number."""
    text = ""
    citations = []
    for number, span in enumerate(spans, start=1):
        hit = hits[span.passage]
        text += _SEPARATOR if text else ""
        begin = len(text)
        text += hit.chunk.text[span.start : span.end]
        cited = _citation(number, hit, span.start, span.end, begin, len(text), span.score)
        if span.words is not None:
            first, last = span.words
            cited = replace(cited, words=(hit.chunk.start + first, hit.chunk.start + last))
        citations.append(cited)
        text += f" [{number}]"
    return Draft(text, tuple(citations))


def cite(written: str, hits: Sequence[Hit], *, strict: bool = False) -> Draft:
    """A written answer with a number after each sentence that the hits support.

    The sentence's own numbers say where to look first; where they are wrong or missing,
    all hits are searched. Sentences without support are told, or left out if it is strict.
    """
    evidence = [found for hit in hits for found in _evidence(hit)]
    text = ""
    citations: list[Citation] = []
    unsupported: list[tuple[int, int]] = []
    numbers: dict[tuple[str, int], int] = {}
    for gap, claim, marked in _claims(written):
        first = {hits[n - 1].chunk.id for n in marked if 1 <= n <= len(hits)}
        found = _best(claim, evidence, first)
        if found is None and strict:
            continue
        text += gap if text else ""
        begin = len(text)
        text += claim
        if found is None:
            unsupported.append((begin, len(text)))
            continue
        share, best = found
        number = numbers.setdefault((best.hit.chunk.id, best.start), len(numbers) + 1)
        citations.append(_citation(number, best.hit, best.start, best.end, begin, len(text), share))
        text += f" [{number}]"
    return Draft(text, tuple(citations), tuple(unsupported))


@dataclass(frozen=True, slots=True)
class _Evidence:
    hit: Hit
    start: int
    end: int
    before: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.hit.chunk.text[self.start : self.end]


def _evidence(hit: Hit) -> Iterator[_Evidence]:
    before: tuple[str, ...] = ()
    for start, end in sentence_spans(hit.chunk.text):
        yield _Evidence(hit, start, end, before)
        before = (*before, hit.chunk.text[start:end])[-_BEFORE:]


def _claims(written: str) -> Iterator[tuple[str, str, list[int]]]:
    """(white space before, sentence without marks, its marked numbers), in order."""
    marks: list[tuple[int, list[int]]] = []  # where a mark stood in the bare text
    bare = ""
    last = 0
    written = _THOUGHTS.sub("", written).strip()
    for match in _MARK.finditer(written):
        bare += written[last : match.start()]
        marks.append((len(bare), [int(number) for number in re.findall(r"\d+", match[1])]))
        last = match.end()
    bare += written[last:]
    previous = 0
    spans = sentence_spans(bare)
    for index, (start, end) in enumerate(spans):
        until = spans[index + 1][0] if index + 1 < len(spans) else len(bare)
        marked = [n for at, numbers in marks if start < at <= until for n in numbers]
        yield bare[previous:start], bare[start:end], marked
        previous = end


def _best(
    claim: str, evidence: Sequence[_Evidence], first: Set[str]
) -> tuple[float, _Evidence] | None:
    """The strongest sentence that supports the claim, if any does; of the first chunks if one is.

    Each is judged once.
    """
    judged = [(support(claim, found.text, found.before), found) for found in evidence]
    supporting = [pair for pair in judged if pair[0] > 0]
    return max(supporting, key=lambda pair: (pair[1].hit.chunk.id in first, pair[0]), default=None)


def _citation(
    number: int, hit: Hit, start: int, end: int, begin: int, stop: int, score: float
) -> Citation:
    chunk = hit.chunk
    return Citation(
        number=number,
        chunk_id=chunk.id,
        source=chunk.source,
        page=_page(chunk, start),
        start=chunk.start + start,
        end=chunk.start + end,
        quote=chunk.text[start:end],
        answer_start=begin,
        answer_end=stop,
        score=score,
    )


def _page(chunk: Chunk, start: int) -> int | None:
    """The page of a place in the chunk, which may begin on an earlier one."""
    if chunk.page is None:
        return None
    first_word = len(chunk.text) - len(chunk.text.lstrip())
    return chunk.page + chunk.text.count("\f", first_word, start)  # between pages of a PDF
