"""Sentences: where they begin and end, exactly."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_app.text.sentences import sentence_spans

PIECES = st.sampled_from(
    ["A word. ", "Another! ", "- item\n", "| a | b |\n", "# Title\n", "\n\n", "\n", "Dr. X ", "\f"]
)


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_end_marks_before_a_capital_end_a_sentence() -> None:
    assert split("It rains. Does it? Yes! Good.") == ["It rains.", "Does it?", "Yes!", "Good."]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith met Mr. J. Jones.",
        "See Fig. 4 and No. 12 for more.",
        "Version 3.5 of the manual, p. 7.",
        "Tools, e.g. Allen keys, are lent.",
        "the end of it... or so it seemed.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert split(text) == [text]


def test_closing_quotes_and_brackets_belong_to_their_sentence() -> None:
    assert split("“Ask first.” (He did.) Then go.") == ["“Ask first.”", "(He did.)", "Then go."]


def test_a_line_break_inside_a_paragraph_does_not_end_a_sentence() -> None:
    text = "The hoist lifts boats of up\nto twenty tonnes out of water."
    assert split(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Launch day is 18 April\nCrane hire costs 95 euros\nSafety officer is Tilda Rank",
        "The alarm code of the boathouse is 4711\nThe gate closes at nine in the evening",
        f"Fay Munro is {'still ' * 9}in training\nBen {'never ' * 12}drives\n{'Nobody ' * 9}walks",
        f"Fay Munro is in training\nBen {'never ' * 12}drives",
    ],
)
def test_lines_that_each_say_something_of_their_own_stand_alone(text: str) -> None:
    assert split(text) == text.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "The first shed was built by the brothers of old\nPenhale in 1932.",
        "Members keep the keys of the boathouse with\nthe harbour master",
        "The shed was built for the use of our members,\nFriends and visitors",
        "七号泊位停着两条小船和一条大船\n八号泊位今年一直空着没有船",
    ],
)
def test_a_line_that_goes_on_in_the_next_does_not_stand_alone(text: str) -> None:
    assert split(text) == [text]


def test_a_blank_line_ends_a_sentence_without_an_end_mark() -> None:
    assert split("Opening hours\n\nWe open at nine.") == ["Opening hours", "We open at nine."]


def test_every_list_item_and_table_row_stands_alone() -> None:
    text = "- bring gloves\n- bring a hat\n\n| oak | 5 |\n| ash | 7 |"
    assert split(text) == ["- bring gloves", "- bring a hat", "| oak | 5 |", "| ash | 7 |"]


def test_a_heading_is_apart_from_the_text_below_it() -> None:
    assert split("# Fees\nA day costs nine pounds.") == ["# Fees", "A day costs nine pounds."]


def test_a_page_break_ends_a_sentence() -> None:
    assert split("end of page\n\f\nstart of next") == ["end of page", "start of next"]


def test_full_width_end_marks_end_a_sentence() -> None:
    assert split("これは文です。次の文。") == ["これは文です。", "次の文。"]


def test_endless_text_is_cut_between_words() -> None:
    pieces = split("word " * 1000)
    assert max(map(len, pieces)) <= 1200
    assert all(set(piece.split()) == {"word"} for piece in pieces)


def test_blank_text_has_no_sentences() -> None:
    assert split(" \n\n\t") == []


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join)))
def test_sentences_are_in_order_and_hold_every_visible_character(text: str) -> None:
    spans = sentence_spans(text)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    kept = "".join("".join(text[start:end].split()) for start, end in spans)
    assert kept == "".join(text.split())
