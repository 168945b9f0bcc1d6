"""One answer: search, read or write, cite, or say that the documents do not answer."""

import logging
from collections.abc import Generator as Iterating
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from time import perf_counter
from typing import TypedDict, Unpack

from rag_app.errors import ModelError, first_line
from rag_app.generation.citations import Draft, cite, quote
from rag_app.generation.prompts import fit
from rag_app.protocols import Generator, Reader
from rag_app.retrieval.query_rewriting import rewrite_query
from rag_app.retrieval.question_length import check_question
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import (
    Answer,
    Citation,
    Delta,
    Done,
    Event,
    Found,
    Hit,
    Mode,
    Passage,
    Quoted,
    Span,
)
from rag_app.text.terms import stems

_logger = logging.getLogger(__name__)
NO_ANSWER = "The documents do not answer this."
NO_ROOM = "No source fits the context of {name}: quoting instead."
NO_SUPPORT = "The documents do not support what {name} wrote: quoting instead."
LEFT_OUT = "{left_out} of {sources} sources did not fit the model."
FAILED = "{error}: quoting instead."
NOTES = (NO_ROOM, NO_SUPPORT, LEFT_OUT, FAILED)
READ = 10  # hits that are read at least; an answer may stand a little below those returned
_MOST_QUOTES = 3
_SAME = 0.6  # of two sentences' words in common, and the second says nothing new
_NEXT_QUOTE = 0.1  # of the best sentence's odds, to be quoted beside it


class AskOptions(TypedDict, total=False):
    """How a question is answered.

    Attributes:
        k: Hits that the answer has, at most; the configured number if None. Ten are read at
            least, and those that are quoted take the place of the last ones.
        where: Only documents with these values; see `Retriever.search`.
        history: The user's earlier questions, oldest first, for follow-ups.
        strict: Leave out what a language model wrote without support, instead of telling; as
            it is configured if None.
    """

    k: int | None
    where: Mapping[str, str] | None
    history: Sequence[str]
    strict: bool | None


class Answerer:
    """Answers from what the retriever finds, and from nothing else."""

    def __init__(
        self,
        retriever: Retriever,
        reader: Reader,
        *,
        generator: Generator | None = None,
        min_confidence: float = 0.1,
        strict: bool = False,
    ) -> None:
        self._retriever = retriever
        self._reader = reader
        self._generator = generator
        self._min_confidence = min_confidence
        self._strict = strict

    def ask(self, question: str, **how: Unpack[AskOptions]) -> Answer:
        """The checked answer of `stream`."""
        for event in self.stream(question, **how):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(self, question: str, **how: Unpack[AskOptions]) -> Iterating[Event, None, None]:
        """The evidence, then the words as they come, then the checked answer.

        Closing the iterator stops the language model.
        """
        history = how.get("history", ())
        check_question(question, *history)
        searched = rewrite_query(question, history)
        k, strict = how.get("k"), how.get("strict")
        k = self._retriever.k if k is None else k
        strict = self._strict if strict is None else strict
        most = max(k, READ) if k > 0 else k
        retrieval = self._retriever.retrieve(searched, k=most, where=how.get("where"))
        hits, seconds = retrieval.hits, dict(retrieval.seconds)
        yield Found(hits[:k], searched)
        begun = perf_counter()
        reading = self._reader.read(searched, [passage_of(hit) for hit in hits])
        seconds["read"] = perf_counter() - begun

        def answer(mode: Mode, draft: Draft, note: str = "") -> Answer:
            return Answer(
                question=question,
                text=draft.text,
                mode=mode,
                confidence=reading.confidence,
                citations=draft.citations,
                hits=_shown(hits, draft.citations, k),
                seconds=dict(seconds),
                searched=searched,
                note=note,
                unsupported=draft.unsupported,
            )

        if not reading.spans or reading.confidence < self._min_confidence:
            yield Done(answer("abstain", Draft(NO_ANSWER, ())))
            return
        quoted = quote(_quoted(reading.spans, hits, k), hits)
        if self._generator is None:
            yield Done(answer("read", quoted))
            return
        yield Quoted(answer("read", quoted))
        begun = perf_counter()
        written, note = yield from _write(self._generator, searched, hits[:k], strict=strict)
        seconds["generate"] = perf_counter() - begun
        supported = bool(written.citations)
        yield Done(answer("generate", written, note) if supported else answer("read", quoted, note))


def passage_of(hit: Hit) -> Passage:
    """What the reader gets to know of a hit."""
    chunk = hit.chunk
    headings = chunk.headings
    if headings is not None:
        headings = tuple((start - chunk.start, end - chunk.start) for start, end in headings)
    return Passage(chunk.text, PurePath(chunk.source).stem, hit.score, headings)


def _write(
    generator: Generator, question: str, hits: Sequence[Hit], *, strict: bool
) -> Iterating[Event, None, tuple[Draft, str]]:
    """Streams the generator's words; returns them cited, and what a person should know."""
    written = ""
    try:
        messages, kept = fit(question, hits, count=generator.count, budget=generator.prompt_tokens)
        if not kept:
            return Draft("", ()), NO_ROOM.format(name=generator.name)
        for piece in generator.stream(messages):
            written += piece
            yield Delta(piece)
        if not written.strip():
            raise ModelError(f"{generator.name} wrote nothing")
    except ModelError as error:
        # What the documents say is known without the model.
        return Draft("", ()), FAILED.format(error=error)
    except Exception as error:
        # Of one that was plugged in; any way in which it fails leaves what the documents say.
        _logger.exception("%s failed while writing", generator.name)
        told = f"{generator.name} failed while writing: {first_line(error)}"
        return Draft("", ()), FAILED.format(error=told)
    draft = cite(written, hits[:kept], strict=strict)
    if not draft.citations:
        return draft, NO_SUPPORT.format(name=generator.name)
    left_out = len(hits) - kept
    return draft, LEFT_OUT.format(left_out=left_out, sources=len(hits)) if left_out else ""


def _shown(hits: Sequence[Hit], citations: Sequence[Citation], k: int) -> tuple[Hit, ...]:
    """The k first hits, those that are cited before all others, ranked from 1 again."""
    cited = {citation.chunk_id for citation in citations}
    others = [hit.chunk.id for hit in hits if hit.chunk.id not in cited]
    kept = cited.union(others[: k - len(cited)])
    shown = [hit for hit in hits if hit.chunk.id in kept]
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(shown, start=1))


def _quoted(spans: Sequence[Span], hits: Sequence[Hit], k: int) -> list[Span]:
    """The best sentence, and the next ones that are nearly as good and say something else.

    They stand in k hits at most.
    """
    chosen: list[Span] = []
    said: list[set[str]] = []
    for span in spans:
        if len(chosen) == _MOST_QUOTES or _odds(span) < _NEXT_QUOTE * _odds(spans[0]):
            break
        if len({span.passage, *(each.passage for each in chosen)}) > k:
            continue
        words = set(stems(hits[span.passage].chunk.text[span.start : span.end]))
        if not any(len(words & other) > _SAME * len(words | other) for other in said):
            chosen.append(span)
            said.append(words)
    return chosen


def _odds(span: Span) -> float:
    return span.score / max(1 - span.score, 1e-9)
