"""One answer: read or written, cited or refused, and streamed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.answerer import NO_ANSWER, READ, Answerer
from rag_app.commands.rendering import answer_text
from rag_app.errors import ConfigError, ModelError
from rag_app.index.index import Index
from rag_app.protocols import Message
from rag_app.rag import Rag
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Answer, Delta, Done, Found, Passage, Quoted, Reading, Span
from tests.fakes import FixedReader, HashEmbedder, ScriptedGenerator

TEXT = "A berth costs £120 a year."


@pytest.fixture
def retriever(tmp_path: Path) -> Iterator[Retriever]:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "berths.txt").write_text(TEXT, encoding="utf-8")
    for number in range(12):
        (folder / f"{number}.txt").write_text(f"Buoy number {number} is red.", encoding="utf-8")
    embedder = HashEmbedder()
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([folder], index, embedder=embedder)
    yield Retriever(index, embedder)
    index.close()


def ask(retriever: Retriever, reader: FixedReader, written: str = "", **options: int) -> Answer:
    generator = ScriptedGenerator(written, **options) if written else None
    return Answerer(retriever, reader, generator=generator).ask("What does a berth cost?")


def test_a_read_answer_is_a_quote_with_its_number(retriever: Retriever) -> None:
    answer = ask(retriever, FixedReader(0, len(TEXT)))
    assert (answer.mode, answer.text) == ("read", f"{TEXT} [1]")


def test_low_confidence_is_no_answer(retriever: Retriever) -> None:
    answer = ask(retriever, FixedReader(confidence=0.05))
    assert (answer.mode, answer.text, answer.citations) == ("abstain", NO_ANSWER, ())
    assert answer.hits


def test_a_written_answer_is_cited_afterwards(retriever: Retriever) -> None:
    answer = ask(retriever, FixedReader(), "The berth costs £120 a year [4].")
    assert (answer.mode, answer.text) == ("generate", "The berth costs £120 a year. [1]")
    assert answer.citations[0].quote == TEXT


def test_what_nothing_supports_is_replaced_by_a_quote(retriever: Retriever) -> None:
    answer = ask(retriever, FixedReader(0, len(TEXT)), "Elephants live in Africa.")
    assert (answer.mode, answer.text) == ("read", f"{TEXT} [1]")
    assert "do not support" in answer.note


def test_a_sentence_that_nothing_supports_is_told_or_left_out(retriever: Retriever) -> None:
    generator = ScriptedGenerator("A berth costs £120 a year. Elephants live in Africa.")
    answerer = Answerer(retriever, FixedReader(), generator=generator)
    answer = answerer.ask("What does a berth cost?")
    ((start, end),) = answer.unsupported
    assert answer.text[start:end] == "Elephants live in Africa."
    assert "not supported by the documents: “Elephants" in answer_text(answer)
    strict = answerer.ask("What does a berth cost?", strict=True)
    assert (strict.text, strict.unsupported) == ("A berth costs £120 a year. [1]", ())


def test_an_answerer_can_be_strict_unless_told_otherwise(retriever: Retriever) -> None:
    generator = ScriptedGenerator("A berth costs £120 a year. Elephants live in Africa.")
    answerer = Answerer(retriever, FixedReader(), generator=generator, strict=True)
    assert answerer.ask("What does a berth cost?").unsupported == ()
    assert answerer.ask("What does a berth cost?", strict=False).unsupported


def test_closing_the_stream_stops_the_model(retriever: Retriever) -> None:
    ended = []

    class EndlessGenerator(ScriptedGenerator):
        def stream(self, messages: Sequence[Message]) -> Iterator[str]:
            try:
                while True:
                    yield "word "
            finally:
                ended.append(True)

    stream = Answerer(retriever, FixedReader(), generator=EndlessGenerator("")).stream("Berth?")
    assert any(isinstance(event, Delta) for event in stream)
    assert not ended
    stream.close()
    assert ended


def test_the_model_is_not_asked_where_the_documents_do_not_answer(retriever: Retriever) -> None:
    generator = ScriptedGenerator("The berth costs £120 a year.")
    reader = FixedReader(confidence=0.05)
    Answerer(retriever, reader, generator=generator).ask("Who is the king?")
    assert generator.asked == []


def test_evidence_that_did_not_fit_the_model_is_told(retriever: Retriever) -> None:
    answer = ask(retriever, FixedReader(), "A berth costs £120 a year.", prompt_tokens=150)
    assert "did not fit" in answer.note


def test_a_stream_brings_hits_then_words_then_the_answer(retriever: Retriever) -> None:
    generator = ScriptedGenerator("A berth costs £120 a year.")
    answerer = Answerer(retriever, FixedReader(), generator=generator)
    events = list(answerer.stream("What does a berth cost?"))
    found, quoted, *words, done = events
    assert isinstance(found, Found)
    assert isinstance(quoted, Quoted)
    assert quoted.answer.mode == "read"
    assert words
    assert all(isinstance(event, Delta) for event in words)
    assert isinstance(done, Done)


def test_a_model_that_fails_leaves_the_quotes(retriever: Retriever) -> None:
    class Failing(ScriptedGenerator):
        def stream(self, messages: Sequence[Message]) -> Iterator[str]:
            yield "A berth "
            raise ModelError("the model ran out of memory")

    answerer = Answerer(retriever, FixedReader(0, len(TEXT)), generator=Failing(""))
    answer = answerer.ask("What does a berth cost?")
    assert (answer.mode, answer.text) == ("read", f"{TEXT} [1]")
    assert answer.note == "the model ran out of memory: quoting instead."


class DeepReader:
    """Quotes the last passages, the very last one first."""

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        last = range(len(passages))[:-4:-1]
        return Reading(tuple(Span(n, 0, len(passages[n].text), 0.9) for n in last), 0.9)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_an_answer_has_k_hits_although_more_are_read(retriever: Retriever, k: int) -> None:
    answer = Answerer(retriever, DeepReader()).ask("What does a berth cost?", k=k)
    searched = [hit.chunk.id for hit in retriever.search("What does a berth cost?", k=READ)]
    found = [hit.chunk.id for hit in answer.hits]
    assert [hit.rank for hit in answer.hits] == list(range(1, k + 1))
    assert found == sorted(found, key=searched.index)
    assert {citation.chunk_id for citation in answer.citations} <= {*found}
    assert answer.citations[0].chunk_id == searched[-1]


def test_a_refusal_has_the_first_k_hits(retriever: Retriever) -> None:
    reader = FixedReader(confidence=0.05)
    answer = Answerer(retriever, reader).ask("What does a berth cost?", k=3)
    assert answer.hits == tuple(retriever.search("What does a berth cost?", k=3))


def test_a_follow_up_is_searched_for_with_its_topic(retriever: Retriever) -> None:
    answer = Answerer(retriever, FixedReader()).ask(
        "And per month?", history=["What does a berth cost?"]
    )
    assert "berth" in answer.searched


def test_an_empty_index_answers_nothing(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "index", embedder=HashEmbedder())
    answer = Answerer(Retriever(index, HashEmbedder()), FixedReader()).ask("Anything?")
    assert (answer.mode, answer.hits) == ("abstain", ())
    index.close()


def test_a_citation_leads_to_its_document(samples: Rag) -> None:
    (citation, *_) = samples.ask("How much does a full membership cost per year?").citations
    assert samples.document(citation).text[citation.start : citation.end] == citation.quote
    with pytest.raises(ConfigError, match="no longer in the index"):
        samples.document(replace(citation, source="gone.md"))
