"""What could be quoted, and what a question asks for."""

from collections.abc import Iterable
from time import process_time

import pytest

from rag_app.reading.answer_type import answer_type, holds
from rag_app.reading.candidates import Candidate, candidates
from rag_app.reading.overlap import closest_sentences, overlap, with_label
from rag_app.schema import Passage
from rag_app.text.terms import stems


def found(text: str) -> list[Candidate]:
    return list(candidates(0, text))


def quoted(text: str) -> list[str]:
    return [text[candidate.start : candidate.end] for candidate in found(text)]


def span(candidate: Candidate) -> tuple[int, int]:
    return candidate.start, candidate.end


def test_headings_and_questions_are_context() -> None:
    text = "# Prices\n\nA berth costs £120 a year.\n\nMay I pay later?\n\nYes, until June."
    heading, first, second = found(text)
    assert (heading.text, heading.heading) == ("# Prices", True)
    assert (first.text, first.context, first.heading) == (
        "A berth costs £120 a year.",
        "Prices",
        False,
    )
    assert (second.text, second.context) == ("Yes, until June.", "May I pay later?")


def test_a_line_that_announces_a_list_is_no_candidate() -> None:
    assert quoted("The limits are for mean wind:\n\n- punts, 13 knots at most.") == [
        "- punts, 13 knots at most."
    ]


def test_a_rule_between_rows_is_no_candidate() -> None:
    assert quoted("| a | b |\n| --- | --- |\n| 1 | 2 |") == ["| a | b |", "| 1 | 2 |"]


FACTS = ("Wi-Fi password is harbour42", "The gate closes at nine", "Skipper is Dag Holm")


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n- ", "\n\n\n"])
def test_a_line_without_a_full_stop_is_a_candidate_alone(between: str) -> None:
    text = between.join(("", *FACTS))
    assert [line.removeprefix("- ") for line in quoted(text)] == list(FACTS)


def test_only_what_the_loader_calls_a_heading_is_one() -> None:
    text = "Keys\n\nThe attic key is with Marta\n\n# 4711 opens the gate"
    assert [(c.text, c.context, c.heading) for c in candidates(0, text, headings=((0, 4),))] == [
        ("Keys", "", True),
        ("The attic key is with Marta", "Keys", False),
        ("# 4711 opens the gate", "Keys", False),
    ]


def test_where_nobody_knows_the_headings_those_of_markdown_are_seen() -> None:
    text = "# Keys\n\nThe attic key is with Marta"
    assert [c.heading for c in candidates(0, text)] == [True, False]
    assert [c.heading for c in candidates(0, text, headings=())] == [False, False]


def test_a_short_line_above_others_is_what_they_are_read_with() -> None:
    covered, theft, hail = found("Not covered\n- theft\n- hail\n")
    assert (covered.context, theft.context, hail.context) == ("", "Not covered", "Not covered")


def test_a_value_is_quoted_with_the_label_above_it_where_that_holds_the_question() -> None:
    text = "Fuel tank\n70 litres\nHydraulic oil\ngrade 46"
    (tank,) = [c for c in found(text) if c.text == "70 litres"]
    asked = dict.fromkeys(stems("How large is the fuel tank?"), 1.0)
    other = dict.fromkeys(stems("How many litres are there?"), 1.0)
    assert text[slice(*span(with_label(asked, tank, text)))] == "Fuel tank\n70 litres"
    assert text[slice(*span(with_label(other, tank, text)))] == "70 litres"


def test_a_fact_is_no_label_of_the_next() -> None:
    text = "\n".join(("- The attic key is with Marta", "- The cellar key is with Ian", *FACTS))
    assert all(candidate.label == candidate.start for candidate in found(text))


def test_a_value_under_a_markdown_heading_is_quoted_alone() -> None:
    _, value = found("# Fuel\n70 litres")
    assert (value.text, value.context, value.label) == ("70 litres", "Fuel", value.start)


def test_a_sentence_knows_the_two_before_it() -> None:
    assert found("One is here. Two is here. Three is here. Four is here.")[3].before == (
        "Two is here. Three is here."
    )


@pytest.mark.parametrize("line", ["a" * 1_100 + ";a", "a " * 550 + ";a", "Aa\n7" * 300, "# " * 500])
def test_candidates_of_odd_lines_are_found_in_no_time(line: str) -> None:
    begun = process_time()
    assert len(found(f"{line}\n7 litres\n" * 20)) >= 20
    assert process_time() - begun < 2


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much does a berth cost?", "money"),
        ("What's the price of a locker?", "money"),
        ("How long may I keep it?", "duration"),
        ("Which number should I ring at night?", "phone"),
        ("What time is lunch?", "time"),
        ("In which year was she built?", "year"),
        ("When does the season end?", "date"),
        ("How many people came?", "number"),
        ("Who wrote it?", "person"),
        ("Why is the sky blue?", None),
    ],
)
def test_a_question_tells_what_it_asks_for(question: str, kind: str | None) -> None:
    assert answer_type(question) == kind


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("How much does it cost?", "It is £25.", "It is large."),
        ("What does it cost?", "hourly_gbp: 13", "seats: 13"),
        ("How long is it good for?", "It is valid for three years.", "It covers the saw."),
        ("Which number do I call?", "Ring 01632 960488.", "Ring the bell in 1 minute."),
        ("What time is the break?", "It is at 11:20.", "It includes a bun."),
        ("When do bookings open?", "They open on 15 January.", "They open online."),
        ("How many came?", "Twelve came.", "Many came."),
        ("Who is the chair?", "The chair is Idris Penhale.", "The chair is elected."),
    ],
)
def test_a_sentence_holds_what_is_asked_for_or_not(question: str, yes: str, no: str) -> None:
    kind = answer_type(question)
    assert holds(kind, yes)
    assert not holds(kind, no)


# The sentence that holds most of the question


def alike(stems: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(stems, 1.0)


BERTHS = "# Berths\n\nSkiffs lie at  berth seven. Punts lie ashore, in winter.\n"


@pytest.mark.parametrize(
    ("question", "closest"),
    [
        ("Where do punts lie?", "Punts lie ashore, in winter."),
        ("Where do skiffs lie?", "Skiffs lie at  berth seven."),
        ("Who is the treasurer?", ""),
    ],
)
def test_the_closest_sentence_is_quoted_as_it_stands(question: str, closest: str) -> None:
    assert closest_sentences(question, [Passage(BERTHS)], alike) == [closest]


def test_a_text_that_holds_little_of_the_question_is_not_quoted() -> None:
    texts = ["Punts lie ashore in winter.", "Winter is cold.", "# Only a heading"]
    found = closest_sentences("Do punts lie ashore in winter?", [*map(Passage, texts)], alike)
    assert found == [texts[0], "", ""]
    assert closest_sentences("Where?", [], alike) == []


def test_a_rare_word_outweighs_common_ones() -> None:
    weights = {"boat": 1.0, "sail": 1.0, "bowsprit": 5.0}
    assert overlap(weights, "A bowsprit.") > overlap(weights, "The boat sails.") > 0
    assert overlap({}, "A bowsprit.") == 0.0
