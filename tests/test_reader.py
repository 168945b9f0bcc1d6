"""The built-in reader: which sentence answers, and whether any does."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.reading.calibration import Calibration
from rag_app.reading.reader import SIGNALS, SentenceReader
from rag_app.reading.span_scorer import SpanScorer, encode_pairs, open_tokenizer
from rag_app.schema import Passage
from tests.fakes import HashEmbedder, OverlapPointer

BERTHS = "# Berths\n\nA berth costs £120 a year. It must be paid by June."
KEYS = "# Keys\n\nThe spare key hangs in the office. Ask the harbour master for it."
PASSAGES = (Passage(BERTHS, prior=0.9), Passage(KEYS, prior=0.4))


def equal_weights(stems: Iterable[str]) -> Mapping[str, float]:
    return dict.fromkeys(stems, 1.0)


@pytest.fixture
def reader() -> SentenceReader:
    return SentenceReader(HashEmbedder(), OverlapPointer(), equal_weights)


def test_the_text_is_cut_and_not_the_question() -> None:
    tokenizer = open_tokenizer(find_model(BUNDLED_EMBEDDER))
    question, text = "What does a berth on the pontoon cost? " * 30, "It costs £120. " * 200
    (encoding,) = encode_pairs(tokenizer, question, [text])
    asked = [n for n, kind in enumerate(encoding.sequence_ids) if kind == 0]
    read = [n for n, kind in enumerate(encoding.sequence_ids) if kind == 1]
    assert encoding.offsets[asked[-1]][1] == len(question.rstrip())
    assert len(read) >= 128


@pytest.mark.parametrize("question", ["why " * 2_000, "?", ""])
def test_every_question_leaves_room_for_the_text(scorer: SpanScorer, question: str) -> None:
    (pointed,) = scorer.point(question, ["It costs £120. " * 200])
    assert len(pointed.spans) >= 128


@pytest.fixture(scope="module")
def scorer() -> SpanScorer:
    return SpanScorer.open()


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


def test_a_heading_is_quoted_only_where_no_line_says_as_much(reader: SentenceReader) -> None:
    heading, line = "The gate closes at nine", "The gate is closed at nine"
    passage = Passage(f"{heading}\n\n{line}", headings=((0, len(heading)),))
    question = "When is the gate closed?"
    assert best(reader, question, passage) == line
    assert best(reader, question, Passage(heading, headings=((0, len(heading)),))) == heading


def test_questions_alone_answer_nothing(reader: SentenceReader) -> None:
    assert reader.read("berths", [Passage("What do berths cost?")]).spans == ()


def test_a_judgement_has_a_row_for_each_candidate(reader: SentenceReader) -> None:
    judgement = reader.judge("What does a berth cost?", PASSAGES)
    assert judgement.signals.shape == (len(judgement.found), len(SIGNALS))
    assert len(judgement.words) == len(judgement.found)


def test_a_question_of_no_content_words_is_read_too(reader: SentenceReader) -> None:
    assert reader.read("???", PASSAGES).spans


def test_a_long_passage_is_read_to_its_end(reader: SentenceReader) -> None:
    passage = Passage("The tide comes in. " * 300 + "The spare key hangs in the office.")
    found = best(reader, "Where does the spare key hang?", passage)
    assert found == "The spare key hangs in the office."


def test_the_words_that_answer_lie_in_their_sentence(reader: SentenceReader) -> None:
    for span in reader.read("Where does the spare key hang?", PASSAGES).spans:
        assert span.words
        assert span.start <= span.words[0] < span.words[1] <= span.end


def test_a_calibration_moves_the_confidence_and_not_the_order() -> None:
    said = Calibration("", scale=0.5, shift=1.0)
    plain = SentenceReader(HashEmbedder(), OverlapPointer(), equal_weights)
    moved = SentenceReader(
        HashEmbedder(), OverlapPointer(), equal_weights, calibration=lambda: said
    )
    before, after = (each.read("What does a berth cost?", PASSAGES) for each in (plain, moved))
    assert before.spans == after.spans
    assert after.confidence == pytest.approx(said(before.confidence))


def test_the_real_reader_is_surer_where_the_words_answer(
    minilm: SentenceEmbedder, scorer: SpanScorer
) -> None:
    reader = SentenceReader(minilm, scorer, equal_weights)
    answered = reader.read("How much does a berth cost?", PASSAGES)
    unanswered = reader.read("Who invented the telephone?", PASSAGES)
    assert answered.confidence > unanswered.confidence
    assert answered.spans[0].passage == 0


def test_the_scorer_points_at_the_words_that_answer(scorer: SpanScorer) -> None:
    text = "The bridge was painted red. It opened to traffic in 1932. The toll is £2."
    (pointed,) = scorer.point("When was the bridge opened?", [text])
    _, (start, end) = pointed.within(0, len(text))
    assert text[start:end] == "1932"


def test_what_is_said_of_a_text_does_not_depend_on_the_others(scorer: SpanScorer) -> None:
    texts = ["The bridge opened in 1932.", "A much longer sentence about nothing. " * 8]
    (alone,) = scorer.point("When did it open?", texts[:1])
    together = scorer.point("When did it open?", texts)[0]
    assert together.starts == pytest.approx(alone.starts, abs=0.3)


def test_a_question_longer_than_the_model_reads_is_answered_too(scorer: SpanScorer) -> None:
    question = "Tell me about the boats, the berths and all the rest of the harbour. " * 30
    pointed = scorer.point(question, ["Yes.", "The boats lie at the berths. " * 30])
    assert all(np.isfinite(each.starts).all() for each in pointed)


def test_no_texts_are_pointed_at(scorer: SpanScorer) -> None:
    assert scorer.point("When?", []) == []


def test_outside_of_all_tokens_nothing_answers(scorer: SpanScorer) -> None:
    (pointed,) = scorer.point("When?", ["In 1932."])
    assert pointed.within(50, 60) == (-np.inf, (50, 60))
