"""A claim passes where the evidence says it, and fails where that says otherwise."""

import pytest

from rag_app.text.claim_support import support

EVIDENCE = "In 1990 the harbour master Alice Brown did not renew the three ropes of the hoist."
BEFORE = ("Alice Brown runs the harbour.", "She came in 1985.")


@pytest.mark.parametrize(
    "claim",
    [
        EVIDENCE,
        "The harbour master Alice Brown did not renew the three ropes of the hoist in 1990.",
        "Alice Brown didn't renew the 3 ropes of the hoist.",
        "According to the documents, Alice Brown did not renew three ropes of the hoist.",
        "Overall, the ropes of the hoist were not renewed in 1990.",
    ],
)
def test_what_the_evidence_says_is_supported(claim: str) -> None:
    assert support(claim, EVIDENCE) >= 0.6


@pytest.mark.parametrize(
    "claim",
    [
        "In 1991 the harbour master Alice Brown did not renew the three ropes of the hoist.",
        "In 1990 the harbour master Alice Brown did not renew the four ropes of the hoist.",
        "In 1990 the harbour master Alice Green did not renew the three ropes of the hoist.",
        "In 1990 the harbour master Alice Brown did renew the three ropes of the hoist.",
        "In 1990 the harbour master Alice Brown never sold the three ropes of the hoist.",
        "Bob Brown did not renew the three ropes of the hoist.",
        "Between 1990 and 1990 the harbour master did not renew the ropes of the hoist.",
        "The harbour has a crane, a slip and a café.",
        "",
        "...",
    ],
)
def test_what_it_says_otherwise_or_not_at_all_is_not(claim: str) -> None:
    assert support(claim, EVIDENCE) == 0


def test_a_name_may_stand_before_a_pronoun() -> None:
    claim = "Alice Brown renewed the ropes of the hoist."
    assert support(claim, "She renewed the ropes of the hoist.", BEFORE) == 1
    assert support(claim, "Somebody renewed the ropes of the hoist.", BEFORE) == 0
    assert support("Carol renewed the ropes.", "She renewed the ropes.", BEFORE) == 0


def test_what_stands_before_supports_no_more_than_names() -> None:
    assert support("Alice Brown runs the harbour.", "She came in 1985.", BEFORE[:1]) == 0


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert support("A berth costs £1,200.", "A berth costs £1200.") == 1
    assert support("Twelve boats came.", "12 boats came.") >= 0.6
