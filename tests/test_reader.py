"""The built-in reader: which sentence answers, and whether any does."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.reader import SIGNALS, SentenceReader
from rag_app.models.reranker import CrossEncoderReranker
from rag_app.schema import Passage
from tests.fakes import HashEmbedder, OverlapReranker

BERTHS = "# Berths\n\nA berth costs £120 a year. It must be paid by June."
KEYS = "# Keys\n\nThe spare key hangs in the office. Ask the harbour master for it."
PASSAGES = (Passage(BERTHS, prior=0.9), Passage(KEYS, prior=0.4))


def equal_weights(stems: Iterable[str]) -> Mapping[str, float]:
    return dict.fromkeys(stems, 1.0)


@pytest.fixture
def reader() -> SentenceReader:
    return SentenceReader(HashEmbedder(), OverlapReranker(), equal_weights)


@pytest.fixture(scope="module")
def reranker() -> CrossEncoderReranker:
    return CrossEncoderReranker.open()


def best(reader: SentenceReader, question: str, *passages: Passage) -> str:
    span = reader.read(question, passages).spans[0]
    return passages[span.passage].text[span.start : span.end]


def test_the_sentence_that_answers_comes_first(reader: SentenceReader) -> None:
    found = best(reader, "Where does the spare key hang?", *PASSAGES)
    assert found == "The spare key hangs in the office."


def test_scores_do_not_rise_and_are_chances(reader: SentenceReader) -> None:
    scores = [span.score for span in reader.read("berth", PASSAGES).spans]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_nothing_to_read_is_nothing_answered(reader: SentenceReader) -> None:
    reading = reader.read("Where is the key?", [])
    assert (reading.spans, reading.confidence) == ((), 0.0)


def test_headings_alone_answer_nothing(reader: SentenceReader) -> None:
    assert reader.read("berths", [Passage("# Berths\n\n## Prices")]).spans == ()


def test_a_judgement_has_a_row_for_each_candidate(reader: SentenceReader) -> None:
    found, signals = reader.judge("What does a berth cost?", PASSAGES)
    assert signals.shape == (len(found), len(SIGNALS))


def test_a_question_of_no_content_words_is_read_too(reader: SentenceReader) -> None:
    assert reader.read("???", PASSAGES).spans


def test_a_long_passage_is_read_to_its_end(reader: SentenceReader) -> None:
    passage = Passage("The tide comes in. " * 300 + "The spare key hangs in the office.")
    found = best(reader, "Where does the spare key hang?", passage)
    assert found == "The spare key hangs in the office."


def test_the_real_reader_is_surer_where_the_words_answer(
    minilm: SentenceEmbedder, reranker: CrossEncoderReranker
) -> None:
    reader = SentenceReader(minilm, reranker, equal_weights)
    answered = reader.read("How much does a berth cost?", PASSAGES)
    unanswered = reader.read("Who invented the telephone?", PASSAGES)
    assert answered.confidence > unanswered.confidence
    assert answered.spans[0].passage == 0


def test_the_reranker_prefers_the_sentence_that_answers(reranker: CrossEncoderReranker) -> None:
    scores = reranker.score(
        "When was the bridge opened?",
        ["The bridge was painted red.", "The bridge opened to traffic in 1932.", "Toll is £2."],
    )
    assert int(np.argmax(scores)) == 1


def test_a_score_does_not_depend_on_the_other_texts(reranker: CrossEncoderReranker) -> None:
    texts = ["The bridge opened in 1932.", "A much longer sentence about nothing. " * 8]
    alone = reranker.score("When did it open?", texts[:1])
    together = reranker.score("When did it open?", texts)
    assert together[0] == pytest.approx(alone[0], abs=0.1)


def test_a_question_longer_than_the_model_reads_is_judged_too(
    reranker: CrossEncoderReranker,
) -> None:
    question = "Tell me about the boats, the berths and all the rest of the harbour. " * 30
    short, long = reranker.score(question, ["Yes.", "The boats lie at the berths. " * 30])
    assert np.isfinite([short, long]).all()


def test_no_texts_have_no_scores(reranker: CrossEncoderReranker) -> None:
    assert reranker.score("When?", []).shape == (0,)
