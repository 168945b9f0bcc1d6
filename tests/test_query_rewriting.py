"""Follow-ups are made to stand alone; questions that do are left alone, word for word."""

import json
from time import process_time

import pytest

from rag_app.retrieval.query_rewriting import needs_history, rewrite_query
from rag_app.retrieval.question_length import LONGEST_QUESTION
from tests.conftest import SHARED

MEMBERSHIP = ["How much does a full membership cost per year?"]
PEOPLE = SHARED / "people"
needs_people = pytest.mark.skipif(
    not PEOPLE.is_dir(), reason=f"no files in {PEOPLE}; set RAG_APP_SHARED_DATA"
)
# Written apart from those that the rules were made with.
ALONE = (
    "Who is the president of France?",
    "Where is parking?",
    "When is the sauna heated?",
    "Who is the treasurer?",
    "Who staffs IT?",
    "What happens in May?",
    "Which fuel does the travelling hoist run on?",
    "Is there a shower at the clubhouse?",
    "Is there anyone who can repair a torn mainsail?",
    "Is it true that dogs are allowed on the jetty?",
    "What does it mean when the pump alarm beeps twice?",
    "Who is it that keeps the keys of the paint locker?",
    "Does one have to wear a life jacket on the pontoon?",
    "If a canoe capsizes, who brings it back to the shed?",
    "Can the crane lift a keelboat, or is that only for the winch?",
    "Which of the two slipways is closed this winter?",
    "lost swipe card?",
    "boat trailer insurance, who pays?",
    "Wer leitet die Jugendgruppe?",
    "Gibt es einen Parkplatz am Bootshaus?",
    "Was kostet ein Liegeplatz für Gäste?",
    "Können Sie mir bitte sagen, wann die Werkstatt öffnet?",
    "thanks a lot!",
    "Danke!",
)
LEANING = (
    "And for a student?",
    "What about the student one?",
    "what about juniors",
    "And in winter?",
    "and why?",
    "How long does it take?",
    "who pays for that?",
    "is it cheaper for pensioners?",
    "Can they bring guests?",
    "when was that?",
    "the smaller one?",
    "for two people?",
    "on Sundays?",
    "in the evening too?",
    "How many?",
    "how many days?",
    "What if I am late?",
    "sorry, I meant the old one",
    "what's her phone number?",
    "Who else?",
    "is there a discount?",
    "since when?",
    "Und für Studenten?",
    "Wie lange dauert das?",
    "Gilt das auch im Winter?",
    "Was kostet er für Kinder?",
    "Wie hoch ist sie?",
)


@pytest.mark.parametrize("question", ALONE)
def test_a_question_that_stands_alone_is_searched_word_for_word(question: str) -> None:
    assert rewrite_query(question, MEMBERSHIP) == question


@pytest.mark.parametrize("question", LEANING)
def test_a_follow_up_takes_over_the_topic(question: str) -> None:
    searched = rewrite_query(question, MEMBERSHIP)
    assert searched.startswith(question)
    assert "membership" in searched


def test_without_history_nothing_is_added() -> None:
    assert rewrite_query("And for a student?", []) == "And for a student?"


def test_a_chain_of_follow_ups_keeps_its_first_topic() -> None:
    searched = rewrite_query("And in winter?", ["When does the yard open?", "And on Sundays?"])
    assert {"yard", "open", "sundays"} <= set(searched.strip("?()").replace("(", "").split())


def test_a_topic_ends_where_another_question_stands_alone() -> None:
    history = [*MEMBERSHIP, "Where is the paint locker?"]
    assert rewrite_query("and its key?", history) == "and its key? (paint locker)"


def test_thanks_between_two_questions_are_passed_over() -> None:
    assert "membership" in rewrite_query("And for a student?", [*MEMBERSHIP, "ok, thanks!"])


def test_words_of_the_question_are_not_repeated() -> None:
    assert rewrite_query("Is it membership?", MEMBERSHIP).count("membership") == 1


def test_a_possessive_leaves_no_stray_letter() -> None:
    searched = rewrite_query("Which extension is she on?", ["Who is the yard's shipwright?"])
    assert searched.endswith("(yard shipwright)")


def test_a_question_grows_no_longer_than_one_may_be() -> None:
    question = "and the " + "x" * (LONGEST_QUESTION - 10) + "?"
    assert rewrite_query(question, MEMBERSHIP) == question


@pytest.mark.parametrize("piece", ["it ", "ok ", "boat, it ", "too!", "one of that ", "?! ", "X"])
def test_the_longest_question_is_judged_at_once(piece: str) -> None:
    begun = process_time()
    needs_history((piece * LONGEST_QUESTION)[:LONGEST_QUESTION])
    assert process_time() - begun < 0.5


@needs_people
def test_shared_turns_that_stand_alone_are_searched_word_for_word() -> None:
    lines = (PEOPLE / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    turns = [json.loads(line) for line in lines]
    alone = [t for t in turns if t["kind"] in {"first", "stands_alone", "topic_switch"}]
    whole = [t for t in alone if rewrite_query(t["question"], t["history"]) == t["question"]]
    assert len(whole) >= 0.98 * len(alone)
    needy = [t for t in turns if t["kind"] == "needs_history"]
    assert sum(needs_history(t["question"]) for t in needy) >= 0.92 * len(needy)


@needs_people
def test_shared_questions_stand_alone_whatever_was_asked_before() -> None:
    for world in PEOPLE.glob("*/questions.jsonl"):
        rows = [json.loads(line) for line in world.read_text(encoding="utf-8").splitlines()]
        alone = [not needs_history(row["question"]) for row in rows if not row["history"]]
        assert sum(alone) >= 0.96 * len(alone), world
