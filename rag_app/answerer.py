"""One answer: search, read or write, cite, or say that the documents do not answer."""

from collections.abc import Generator as Iterating
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter

from rag_app.citing import Draft, cite, quote
from rag_app.followup import standalone
from rag_app.prompts import fit
from rag_app.protocols import Generator, Reader
from rag_app.retriever import Retriever
from rag_app.schema import Answer, Delta, Done, Event, Found, Hit, Mode, Span

NO_ANSWER = "The documents do not answer this."
_MOST_QUOTES = 2
_SECOND_QUOTE = 0.8  # of the best sentence's score, to be quoted beside it


class Answerer:
    """Answers from what the retriever finds, and from nothing else."""

    def __init__(
        self,
        retriever: Retriever,
        reader: Reader,
        *,
        generator: Generator | None = None,
        min_confidence: float = 0.5,
    ) -> None:
        self._retriever = retriever
        self._reader = reader
        self._generator = generator
        self._min_confidence = min_confidence

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        where: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
    ) -> Answer:
        """The checked answer; see `stream` for the arguments."""
        for event in self.stream(question, k=k, where=where, history=history):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(
        self,
        question: str,
        *,
        k: int | None = None,
        where: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
    ) -> Iterator[Event]:
        """The evidence, then the words as they come, then the checked answer.

        Args:
            question: As the user asked it.
            k: Hits to answer from.
            where: Only documents with these values; see `Retriever.search`.
            history: The user's earlier questions, oldest first, for follow-ups.
        """
        searched = standalone(question, history)
        retrieval = self._retriever.retrieve(searched, k=k, where=where)
        hits, seconds = retrieval.hits, dict(retrieval.seconds)
        yield Found(hits)
        begun = perf_counter()
        reading = self._reader.read(
            searched, [hit.chunk.text for hit in hits], [hit.score for hit in hits]
        )
        seconds["read"] = perf_counter() - begun
        mode: Mode = "abstain"
        draft, note = Draft(NO_ANSWER, ()), ""
        if reading.spans and reading.confidence >= self._min_confidence:
            mode, draft = "read", quote(_quoted(reading.spans), hits)
            if self._generator is not None:
                begun = perf_counter()
                written, note = yield from _write(self._generator, searched, hits)
                seconds["generate"] = perf_counter() - begun
                if written.citations:
                    mode, draft = "generate", written
        yield Done(
            Answer(
                question=question,
                text=draft.text,
                mode=mode,
                confidence=reading.confidence,
                citations=draft.citations,
                hits=hits,
                seconds=seconds,
                searched=searched,
                note=note,
            )
        )


def _write(
    generator: Generator, question: str, hits: Sequence[Hit]
) -> Iterating[Event, None, tuple[Draft, str]]:
    """Streams the generator's words; returns them cited, and what a person should know."""
    messages, kept = fit(question, hits, count=generator.count, budget=generator.prompt_tokens)
    if not kept:
        return Draft("", ()), f"No source fits the context of {generator.name}: quoting instead."
    written = ""
    for piece in generator.stream(messages):
        written += piece
        yield Delta(piece)
    draft = cite(written, hits[:kept])
    if not draft.citations:
        return draft, f"The documents do not support what {generator.name} wrote: quoting instead."
    left_out = len(hits) - kept
    return draft, f"{left_out} of {len(hits)} sources did not fit the model." if left_out else ""


def _quoted(spans: Sequence[Span]) -> list[Span]:
    """The best sentence, and the next where it is nearly as good."""
    best = spans[0].score
    return [span for span in spans[:_MOST_QUOTES] if span.score >= _SECOND_QUOTE * best]
