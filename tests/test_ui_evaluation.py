"""The page of the evaluation, and what it shows, without a browser."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from threading import Event
from typing import get_args

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.sync import store
from rag_app.evaluation.comparison import Comparison
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.question_runner import Ranks
from rag_app.evaluation.questions import Place, Question
from rag_app.evaluation.report_text import IN_WORDS, MISSES, Verdict
from rag_app.history.conversations import KeptTurn
from rag_app.index.index import Index
from rag_app.rag import Rag
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Passage, Reading
from rag_app.settings.provenance import Settings
from tests.fakes import FixedReader, HashEmbedder, a_document, a_hit
from tests.test_question_sets import ANSWERED, KNOWN, REFUSED, UNKNOWN, a_report, outcome
from tests.test_ui_components import HOSTILE, STRUCK, an_answer
from ui.components.evaluation_report import (
    changed_html,
    changes_html,
    differing_html,
    kinds_html,
    miss_html,
    totals_html,
)
from ui.jobs.evaluation_job import FAILED, EvaluationJob
from ui.languages import language
from ui.languages.evaluation_words import measures, misses, verdicts
from ui.resources import shared
from ui.session import keys

QUESTIONS = [Question("Where do saws hang?", answers=("north wall",), answerable=True)] * 3


# In the background


class HeldReader(FixedReader):
    """Reads nothing after the first question before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = Event()
        self.let_go = Event()

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        self.reached.set()
        assert self.let_go.wait(timeout=60)
        return super().read(question, passages)


def a_rag(index: Index, reader: FixedReader) -> Rag:
    """One document, and a reader that quotes its beginning."""
    embedder = HashEmbedder()
    saws = a_document("Saws hang on the north wall.", source="tools.md")
    store([saws], index, embedder=embedder)
    settings = Settings(index=index.folder, answer="read")
    return Rag(
        index, embedder, Retriever(index, embedder), reader, generator=None, settings=settings
    )


def test_a_run_reports_and_a_comparison_asks_only_what_is_new(index: Index) -> None:
    rag, evaluation = a_rag(index, FixedReader(0, 40)), EvaluationJob()
    assert evaluation.start(rag, QUESTIONS, name="mine", left_out=2)
    evaluation.wait()
    report = evaluation.report
    assert report is not None
    assert (evaluation.name, report.left_out, evaluation.done) == ("mine", 2, 3)
    evaluation.compare(rag, replace(rag.settings, min_confidence=0.95))
    evaluation.wait()
    assert evaluation.sides is not None
    assert evaluation.sides.before is report
    assert evaluation.sides.differing == {"min_confidence": 0.95}
    assert len(evaluation.sides.worse) == 3


def test_documents_that_have_changed_are_asked_again(index: Index) -> None:
    rag, evaluation = a_rag(index, FixedReader(0, 40)), EvaluationJob()
    evaluation.start(rag, QUESTIONS, name="mine")
    evaluation.wait()
    before = evaluation.report
    store([a_document("New.", source="new.md")], index, embedder=HashEmbedder())
    evaluation.compare(rag, replace(rag.settings, k=2))
    evaluation.wait()
    assert evaluation.sides is not None
    assert evaluation.sides.before is evaluation.report is not before


def test_a_run_can_be_stopped_and_is_one_at_a_time(index: Index) -> None:
    reader, evaluation = HeldReader(), EvaluationJob()
    rag = a_rag(index, reader)
    assert evaluation.start(rag, QUESTIONS, name="mine")
    assert reader.reached.wait(timeout=60)
    assert not evaluation.start(rag, QUESTIONS, name="other")
    evaluation.stop()
    reader.let_go.set()
    evaluation.wait()
    assert (evaluation.done, evaluation.report, evaluation.error) == (1, None, "")


def test_what_cannot_be_opened_is_told_and_the_report_stays(index: Index) -> None:
    rag, evaluation = a_rag(index, FixedReader(0, 40)), EvaluationJob()
    evaluation.start(rag, QUESTIONS, name="mine")
    evaluation.wait()
    evaluation.compare(rag, replace(rag.settings, reranker="nowhere"))
    evaluation.wait()
    assert "nowhere" in evaluation.error
    assert evaluation.report is not None
    assert evaluation.sides is None


# HTML


def hostile_report() -> QuestionReport:
    question = Question(
        HOSTILE, kind=HOSTILE, answers=(HOSTILE,), history=(HOSTILE,), answerable=True
    )
    wrong = an_answer(a_hit(HOSTILE))
    return a_report(
        outcome(question, wrong, contains=False, ranks=(Ranks(Place(HOSTILE), 7, None),))
    )


def test_words_of_questions_and_answers_are_never_interpreted() -> None:
    report = hostile_report()
    (row,) = report.rows
    for html in (miss_html(row, 1), changed_html(row, row), kinds_html(report)):
        assert not STRUCK.search(html)
        assert "alert(1)" in html


def test_a_figure_stands_with_its_questions() -> None:
    html = totals_html(a_report(outcome(KNOWN, ANSWERED, contains=True), outcome(KNOWN, REFUSED)))
    assert "Refused although the documents answer</th><td>50%</td><td>2</td>" in html
    assert "The answer holds what was expected</th><td>100%</td><td>1</td>" in html
    assert "Seconds to an answer, median</th><td>1.00</td>" in html


def test_both_sides_stand_with_their_difference() -> None:
    before = a_report(*[outcome(KNOWN, REFUSED)] * 6)
    after = a_report(*[outcome(KNOWN, ANSWERED)] * 6)
    sides = Comparison(before, replace(after, settings={**after.settings, "k": 8}))
    assert (
        "Refused although the documents answer</th><td>100%</td><td>0%</td><td>-100.0</td>"
        "<td>6</td><td>0</td><td>more than chance</td>"
    ) in changes_html(sides)
    assert "k</th><td>5</td><td>8</td>" in differing_html(sides)


def test_a_miss_says_what_was_expected_and_where_it_stands() -> None:
    question = replace(KNOWN, answers=("berth nine",))
    html = miss_html(
        outcome(question, ANSWERED, contains=False, ranks=(Ranks(Place("a.md"), 7, 9),)), 3
    )
    assert '<p class="name">3. Where?</p>' in html
    assert "<dt>Expected</dt><dd>berth nine</dd>" in html
    assert "<dd>a.md: rank 7, its passage rank 9</dd>" in html
    assert "The right document is not among the hits" in html


# The page


def evaluation_page(settings: "Settings") -> None:
    """The page among others, as the app has it."""
    import streamlit as st

    from ui.views import evaluation

    chat = st.Page(lambda: None, title="Chat", url_path="chat")
    this = st.Page(
        lambda: evaluation.render(settings, chat=chat),
        title="Evaluation",
        url_path="evaluation",
        default=True,
    )
    st.navigation([this, chat], position="hidden").run()


@pytest.fixture
def settings(samples_index: Path, tmp_path: Path) -> Iterator[Settings]:
    """Of the samples; what the pages share is theirs alone."""
    copytree(samples_index, tmp_path / "samples")
    yield Settings(index=tmp_path / "samples", answer="read")
    st.cache_resource.clear()


@pytest.fixture
def page(settings: Settings) -> AppTest:
    return AppTest.from_function(evaluation_page, args=(settings,), default_timeout=120).run()


def words(page: AppTest) -> str:
    """All that the page shows as text."""
    told = [element.value for kind in (page.html, page.caption, page.code) for element in kind]
    return "\n".join(map(str, told))


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


def compare(page: AppTest) -> AppTest:
    """Turn to the comparison."""
    return page.segmented_control(key=keys.FINDINGS).set_value("compared").run()


def finished(page: AppTest, settings: Settings) -> AppTest:
    """The page once the run has ended."""
    shared.evaluation(settings).wait()
    return page.run()


def judged_report() -> QuestionReport:
    """A question that was found too deep, one refused wrongly, one to be refused."""
    deep = replace(KNOWN, text="Where is it?", history=("What is a skiff?",))
    return a_report(
        outcome(deep, ANSWERED, contains=False, ranks=(Ranks(Place("a.md"), 7, None),)),
        outcome(replace(KNOWN, text="How much?", where={"format": "md", "after": "2020"}), REFUSED),
        outcome(UNKNOWN, REFUSED),
    )


def test_the_samples_questions_are_asked_and_compared(page: AppTest, settings: Settings) -> None:
    page.number_input(key=keys.MOST_QUESTIONS).set_value(2)
    press(page, "Ask the questions")
    finished(page, settings)
    assert not page.exception
    assert "The samples&#x27; questions: 2 questions." in words(page)
    assert "Right answers, and refusals where nothing answers" in words(page)
    compare(page)
    (k,) = [field for field in page.number_input if field.label == "Hits (k)"]
    k.set_value(8)
    press(page, "Compare")
    finished(page, settings)
    assert not page.exception
    assert '<th scope="row">k</th><td>5</td><td>8</td>' in words(page)
    assert "Neither answers better by more than chance" in words(page)


def test_settings_as_they_are_are_not_compared(page: AppTest, settings: Settings) -> None:
    shared.evaluation(settings).report = judged_report()
    press(compare(page.run()), "Compare")
    assert "These are the settings in use; change one first." in words(page)


def test_settings_that_win_are_shown_as_lines(page: AppTest, settings: Settings) -> None:
    before, after = (a_report(*[outcome(KNOWN, said)] * 6) for said in (REFUSED, ANSWERED))
    changed = replace(after, settings={**after.settings, "dense_weight": 0.4})
    evaluation = shared.evaluation(settings)
    evaluation.report, evaluation.sides = before, Comparison(before, changed)
    compare(page.run())
    assert not page.exception
    assert "The tried settings answer better, by more than chance." in words(page)
    assert [code.value for code in page.code] == ["dense_weight = 0.4"]
    assert [panel.label for panel in page.expander][-2:] == ["Got better: 6", "Got worse: 0"]


def test_misses_are_shown_by_kind(page: AppTest, settings: Settings) -> None:
    shared.evaluation(settings).report = judged_report()
    page.run()
    shown = page.selectbox(key=keys.MISS)
    assert shown.options == [
        "All: 2",
        "The right document is not among the hits: 1",
        "Refused, although the documents answer: 1",
    ]
    shown.select_index(2).run()
    assert "1. How much?" in words(page)
    assert "Where is it?" not in words(page)


def test_a_miss_is_asked_in_the_chat_with_what_explains_it(
    page: AppTest, settings: Settings
) -> None:
    shared.evaluation(settings).report = judged_report()
    press(page.run(), "Ask number 1 in the chat")
    assert not page.exception
    first, second = page.session_state[keys.TURNS]
    assert (first.question, second.question) == ("What is a skiff?", "Where is it?")
    assert page.session_state[f"{keys.WHY}-{second.id}"] is True


def test_a_miss_is_asked_of_its_documents(page: AppTest, settings: Settings) -> None:
    shared.evaluation(settings).report = judged_report()
    press(page.run(), "Ask number 2 in the chat")
    (turn,) = page.session_state[keys.TURNS]
    assert turn.filter.where == {"format": "md"}


def test_nothing_wrong_is_said_to_be_so(page: AppTest, settings: Settings) -> None:
    shared.evaluation(settings).report = a_report(outcome(UNKNOWN, REFUSED))
    assert "Nothing that is known of." in words(page.run())


def test_a_file_of_ones_own_is_asked(page: AppTest, settings: Settings) -> None:
    page.selectbox(key=keys.QUESTION_SET).set_value("A file").run()
    press(page, "Ask the questions")
    assert "choose a file with questions first" in words(page)
    lines = [
        {"question": "Until when does the yard hold its lease?", "answer": "31 December 2041"},
        {"question": "Who?", "source": "elsewhere.md"},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    upload = page.file_uploader(key=keys.QUESTIONS_FILE)
    upload.upload("mine.jsonl", data, "application/json").run()
    press(page, "Ask the questions")
    finished(page, settings)
    assert not page.exception
    assert "mine.jsonl: 1 question." in words(page)
    assert "1 question left out" in words(page)


def test_a_file_of_another_layout_is_told(page: AppTest) -> None:
    page.selectbox(key=keys.QUESTION_SET).set_value("A file").run()
    upload = page.file_uploader(key=keys.QUESTIONS_FILE)
    upload.upload("<b>mine.jsonl", b"[]", "application/json").run()
    press(page, "Ask the questions")
    assert not page.exception
    assert "&lt;b&gt;mine.jsonl, line 1: not of this layout" in words(page)


def test_thumbs_are_a_set_once_there_are_some(page: AppTest, settings: Settings) -> None:
    sets = page.selectbox(key=keys.QUESTION_SET)
    assert "Thumbs up and down" not in sets.options
    kept = KeptTurn("Where do saws hang?", answer=REFUSED, verdict="down")
    shared.conversations(settings).keep("", [kept])
    page.run().selectbox(key=keys.QUESTION_SET).set_value("Thumbs up and down").run()
    press(page, "Ask the questions")
    finished(page, settings)
    assert "Thumbs up and down: 1 question." in words(page)


def test_questions_are_made_from_the_documents(page: AppTest, settings: Settings) -> None:
    page.selectbox(key=keys.QUESTION_SET).set_value("Made from the documents").run()
    page.number_input(key=keys.MOST_QUESTIONS).set_value(1)
    press(page, "Ask the questions")
    finished(page, settings)
    assert not page.exception
    assert "Made from the documents: 1 question." in words(page)


def test_an_empty_library_has_nothing_to_ask(tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "empty", answer="read")
    page = AppTest.from_function(evaluation_page, args=(settings,), default_timeout=120).run()
    st.cache_resource.clear()
    assert "The library is empty." in words(page)
    assert not page.button


# In German


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor reads German."""
    monkeypatch.setattr(language, "language", lambda: "de")


def test_the_librarys_words_are_translated_and_the_same_in_english() -> None:
    assert measures() == IN_WORDS
    assert misses() == MISSES
    assert verdicts() == {verdict: verdict for verdict in get_args(Verdict)}


@pytest.mark.usefixtures("german")
def test_the_page_speaks_german(page: AppTest, settings: Settings) -> None:
    assert page.selectbox(key=keys.QUESTION_SET).options == [
        "Die Fragen zu den Beispielen",
        "Aus den Dokumenten erzeugt",
        "Eine Datei",
    ]
    evaluation = shared.evaluation(settings)
    evaluation.name, evaluation.report = "The samples' questions", judged_report()
    page.run()
    assert not page.exception
    assert "Die Fragen zu den Beispielen: 3 Fragen." in words(page)
    assert "unter den Treffern</th><td>0\xa0%</td>" in words(page)
    assert "eines richtigen Dokuments</th><td>0,143</td>" in words(page)
    assert "<dt>Richtiges Dokument</dt><dd>a.md: Rang 7</dd>" in words(page)
    assert page.selectbox(key=keys.MISS).options[0] == "Alle: 2"
    press(compare(page), "Vergleichen")
    assert "Das sind die Einstellungen in Gebrauch; erst eine ändern." in words(page)


@pytest.mark.usefixtures("german")
def test_an_unexpected_end_is_told_in_german(page: AppTest, settings: Settings) -> None:
    shared.evaluation(settings).error = FAILED
    assert "ist ein unerwarteter Fehler aufgetreten" in words(page.run())


@pytest.mark.parametrize(
    ("ranks", "told"),
    [
        (Ranks(Place("{a}.md"), 7, 9), "{a}.md: Rang 7, die Textstelle darin Rang 9"),
        (Ranks(Place("{a}.md"), None, None), "{a}.md: nicht unter den ersten 50"),
    ],
)
@pytest.mark.usefixtures("german")
def test_where_a_place_was_found_is_one_sentence(ranks: Ranks, told: str) -> None:
    html = miss_html(outcome(KNOWN, ANSWERED, contains=False, ranks=(ranks,)), 1)
    assert f"<dd>{told}</dd>" in html


@pytest.mark.usefixtures("german")
def test_a_difference_is_told_in_german() -> None:
    before, after = (a_report(*[outcome(KNOWN, said)] * 6) for said in (REFUSED, ANSWERED))
    assert "<td>-100,0</td><td>6</td><td>0</td><td>mehr als Zufall</td>" in changes_html(
        Comparison(before, after)
    )
