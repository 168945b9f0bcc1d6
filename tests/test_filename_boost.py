"""What counts as calling a document by its name."""

from collections.abc import Iterable

import pytest

from rag_app.retrieval.filename_boost import filename_boost

REPORTS = {name: f"/reports/{name}.pdf" for name in ("BESTBUY_2017_10K", "BESTBUY_2023_10K")}


def even(stems: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(stems, 1.0)


def test_a_name_written_together_is_said_in_two_words() -> None:
    bonus = filename_boost("What did Best Buy earn in FY2023?", REPORTS, even)
    assert bonus["BESTBUY_2023_10K"] > bonus["BESTBUY_2017_10K"] > 0


@pytest.mark.parametrize("question", ["What did they earn in 2023?", "How long is a 10K?", "?"])
def test_numbers_alone_call_nothing_by_its_name(question: str) -> None:
    assert filename_boost(question, REPORTS, even) == {}


def test_a_word_in_passing_weighs_less_than_a_question_about_the_name() -> None:
    sources = {"set": "commands/set.md"}
    about = filename_boost("What does SET do?", sources, even)["set"]
    passing = filename_boost("How can I set expiry, memory and port of a replica?", sources, even)[
        "set"
    ]
    assert about > 1.5 * passing


def test_function_words_in_names_do_not_count() -> None:
    assert filename_boost("What is it about?", {"a": "what-is-it.md"}, even) == {}


def test_the_bonus_is_at_most_a_half() -> None:
    assert filename_boost("berths", {"a": "berths.md"}, even) == {"a": 0.5}
    assert filename_boost(
        "berths", {"a": "berths.md"}, lambda stems: dict.fromkeys(stems, 0.0)
    ) == {"a": 0}
