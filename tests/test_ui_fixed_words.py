"""Sentences that are kept in English and shown in the visitor's language."""

from dataclasses import replace
from typing import get_args

import pytest

from rag_app import answerer
from rag_app.schema import Status
from tests.fakes import a_hit
from tests.test_ui_components import an_answer, shown
from ui.components.conversation import answer_html
from ui.languages import language
from ui.languages.fixed_words import (
    STOPPED,
    UNADDED,
    UNANSWERED,
    UNWATCHED,
    in_words,
    sentences,
    statuses,
)
from ui.resources.filters import called


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor reads German."""
    monkeypatch.setattr(language, "language", lambda: "de")


def test_all_that_is_fixed_is_translated_and_the_same_in_english() -> None:
    fixed = (answerer.NO_ANSWER, *answerer.NOTES, STOPPED, UNANSWERED, UNADDED, UNWATCHED)
    assert sentences() == {sentence: sentence for sentence in fixed}
    assert statuses() == {status: status for status in get_args(Status)}


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("The documents do not answer this.", "Die Dokumente beantworten das nicht."),
        ("Stopped: quoting instead.", "Angehalten, daher nur Zitate."),
        (
            "Watching failed unexpectedly; the log says more.",
            "Beim Beobachten ist ein unerwarteter Fehler aufgetreten; das Protokoll sagt mehr.",
        ),
        ("x{0} is\nslow: quoting instead.", "x{0} is\nslow, daher nur Zitate."),
        (
            "No source fits the context of a.b: quoting instead.",
            "Keine Quelle passt in den Kontext von a.b, daher nur Zitate.",
        ),
        (
            "2 of 5 sources did not fit the model.",
            "Für das Modell zu viel: 2 von 5 Quellen.",
        ),
        ("Berths cost £120 a year.", "Berths cost £120 a year."),
        ("", ""),
    ],
)
def test_a_fixed_sentence_is_shown_in_the_visitors_language(kept: str, said: str) -> None:
    assert in_words(kept) == said


@pytest.mark.usefixtures("german")
def test_what_is_the_visitors_own_is_not_translated() -> None:
    assert called("Uploaded files · md") == "Hochgeladene Dateien · md"
    assert called("Uploaded files") == "Hochgeladene Dateien"
    assert called("reports · md") == "reports · md"
    assert called("") == ""


@pytest.mark.usefixtures("german")
def test_an_answer_is_shown_in_german_around_its_quote() -> None:
    answer = an_answer(a_hit("A berth costs £120.", source="berths.pdf"), score=0.4)
    html = answer_html(replace(answer, note="Stopped: quoting instead."), turn=1)
    assert 'aria-label="Quelle 1: berths.pdf"' in html
    assert "berths.pdf: „A berth costs £120.“" in html
    assert shown(html).startswith("A berth costs £120.1Angehalten, daher nur Zitate.Wahrscheinlich")
    assert "40\xa0%" in html


@pytest.mark.parametrize("note", answerer.NOTES)
def test_in_english_a_note_stays_as_it_is(note: str) -> None:
    said = note.format(name="a model", error="it failed", left_out=2, sources=5)
    assert in_words(said) == said
