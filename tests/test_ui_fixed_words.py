"""Sentences that are kept in English and shown in the visitor's language."""

from typing import get_args

import pytest

from rag_app import answerer
from rag_app.schema import Status
from ui import language
from ui.fixed_words import STOPPED, UNANSWERED, in_words, sentences, statuses


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visitor reads German."""
    monkeypatch.setattr(language, "language", lambda: "de")


def test_all_that_is_fixed_is_translated_and_the_same_in_english() -> None:
    fixed = (answerer.NO_ANSWER, *answerer.NOTES, STOPPED, UNANSWERED)
    assert sentences() == {sentence: sentence for sentence in fixed}
    assert statuses() == {status: status for status in get_args(Status)}


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("The documents do not answer this.", "Die Dokumente beantworten das nicht."),
        ("Stopped: quoting instead.", "Angehalten, daher nur Zitate."),
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
def test_a_fixed_sentence_is_shown_in_the_visitors_language(kept: str, shown: str) -> None:
    assert in_words(kept) == shown


@pytest.mark.parametrize("note", answerer.NOTES)
def test_in_english_a_note_stays_as_it_is(note: str) -> None:
    said = note.format(name="a model", error="it failed", left_out=2, sources=5)
    assert in_words(said) == said
