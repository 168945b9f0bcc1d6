"""Asks a question set of an index, and says of each answer what is right about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from rag_app.answerer import READ
from rag_app.evaluation.metrics import contains
from rag_app.evaluation.questions import Names, Place, Question, sources_by_name
from rag_app.rag import Rag
from rag_app.schema import Answer, Hit, Passage

Miss = Literal["not found", "not quoted", "refused", "answered", "repeated"]
DEPTH = 50  # hits among which a right document is looked for


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where a place was found: ranks from 1, None where it is not among the first `DEPTH`.

    Attributes:
        place: As the question set has it.
        document: Of the first hit from the document.
        passage: Of the first hit that shares words with the span; None where there is no span.
    """

    place: Place
    document: int | None
    passage: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it.

    Attributes:
        question: As the set has it.
        answer: What was said.
        seconds: From the question to the whole answer.
        k: Hits that a search gives.
        ranks: Of each place of the question.
        contains: Whether what was said holds an expected answer; None where none is known.
        repeated: Whether all that was judged wrong is cited again; None where nothing was.
    """

    question: Question
    answer: Answer
    seconds: float
    k: int
    ranks: tuple[Ranks, ...]
    contains: bool | None
    repeated: bool | None

    @property
    def refused(self) -> bool:
        """Whether the documents were said not to answer."""
        return self.answer.mode == "abstain"

    @property
    def found(self) -> bool | None:
        """Whether all right documents are among the k hits; None where none is known."""
        return self._within([rank.document for rank in self.ranks])

    @property
    def passage_found(self) -> bool | None:
        """The same of the right passages."""
        return self._within([rank.passage for rank in self.ranks if rank.place.has_span])

    @property
    def rank(self) -> int | None:
        """Of the first hit from a right document, from 1."""
        return min((rank.document for rank in self.ranks if rank.document), default=None)

    @property
    def miss(self) -> Miss | None:
        """What is wrong with the answer; None where nothing is known to be."""
        answerable = self.question.answerable
        if answerable is False:
            return None if self.refused else "answered"
        if answerable and self.refused:
            return "refused"
        if self.repeated:
            return "repeated"
        if self.contains:
            return None
        if self.found is False:
            return "not found"
        return "not quoted" if self.contains is False else None

    def _within(self, ranks: Sequence[int | None]) -> bool | None:
        return all(rank is not None and rank <= self.k for rank in ranks) if ranks else None


def ask_questions(rag: Rag, questions: Sequence[Question]) -> Iterator[Asked]:
    """Each question, asked in turn under the settings of the `Rag`.

    Raises:
        RagError: As `Rag.ask`.
    """
    names = sources_by_name(rag.index.catalog)
    rag.retriever.search("warm up", k=1)
    rag.reader.read("warm up", [Passage("Warm up.")])
    for question in questions:
        begun = perf_counter()
        answer = rag.ask(question.text, where=question.where, history=question.history)
        seconds = perf_counter() - begun
        quotes = " ".join(citation.quote for citation in answer.citations)
        yield Asked(
            question,
            answer,
            seconds,
            rag.retriever.k,
            _ranks(rag, question, answer, names),
            _contains(question, answer, quotes),
            all(contains(quotes, [wrong]) for wrong in question.wrong) if question.wrong else None,
        )


def _contains(question: Question, answer: Answer, quotes: str) -> bool | None:
    if not question.expected:
        return None
    said = answer.text if answer.mode == "generate" else quotes
    return bool(contains(said, question.answers) or contains(quotes, question.quotes))


def _ranks(rag: Rag, question: Question, answer: Answer, names: Names) -> tuple[Ranks, ...]:
    """Of each place; more than the k hits are looked at only where one is not among them."""
    k = rag.retriever.k
    # As it was searched for the answer, whose own hits begin with what is quoted: remembered.
    shown = rag.retriever.search(answer.searched, k=max(k, READ), where=question.where)[:k]
    ranks = tuple(_rank(place, shown, names) for place in question.places)
    if all(rank.passage if rank.place.has_span else rank.document for rank in ranks):
        return ranks
    known = {hit.chunk.id for hit in shown}
    found = rag.retriever.search(answer.searched, k=max(DEPTH, len(shown)), where=question.where)
    deeper = [*shown, *(hit for hit in found if hit.chunk.id not in known)]
    return tuple(_rank(place, deeper, names) for place in question.places)


def _rank(place: Place, hits: Sequence[Hit], names: Names) -> Ranks:
    sources = names.get(place.source, frozenset())
    document = passage = None
    for rank, hit in enumerate(hits, start=1):
        chunk = hit.chunk
        if chunk.source not in sources and sources.isdisjoint(hit.also):
            continue
        document = document or rank
        if chunk.source in sources and chunk.start < place.end and place.start < chunk.end:
            passage = passage or rank
    return Ranks(place, document, passage)
