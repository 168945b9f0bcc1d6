"""Follow-ups are made to stand alone; questions that do are left alone."""

import pytest

from rag_app.followup import standalone

MEMBERSHIP = ["How much does a full membership cost per year?"]


@pytest.mark.parametrize("question", ["And for a student?", "What about the student one?"])
def test_a_follow_up_takes_over_the_topic(question: str) -> None:
    searched = standalone(question, MEMBERSHIP)
    assert searched.startswith(question)
    assert "membership" in searched


def test_a_question_that_stands_alone_is_left_alone() -> None:
    question = "Which fuel does the travelling hoist run on?"
    assert standalone(question, MEMBERSHIP) == question


def test_without_history_nothing_is_added() -> None:
    assert standalone("And for a student?", []) == "And for a student?"


def test_a_chain_of_follow_ups_keeps_its_first_topic() -> None:
    searched = standalone("And in winter?", ["When does the yard open?", "And on Sundays?"])
    assert {"yard", "open", "sundays"} <= set(searched.strip("?()").replace("(", "").split())


def test_words_of_the_question_are_not_repeated() -> None:
    assert standalone("Is it membership?", MEMBERSHIP).count("membership") == 1


def test_a_possessive_leaves_no_stray_letter() -> None:
    searched = standalone("Which extension is she on?", ["Who is the yard's shipwright?"])
    assert searched.endswith("(yard shipwright)")
