"""No text twice among the hits, and variety where it is wanted."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.retrieval.deduplication import maximal_marginal_relevance, without_copies
from tests.fakes import a_hit

RULES = "Boats are hauled out by the yard. Owners stand clear of the slip while the winch runs. "
PRICES = "A berth costs £120 a year, payable in March. Visitors pay £9 a night at the office. "


def sources(*texts: str, k: int = 5) -> list[tuple[str, tuple[str, ...]]]:
    hits = [a_hit(text, source=f"{n}", rank=n + 1) for n, text in enumerate(texts)]
    return [(hit.chunk.source, hit.also) for hit in without_copies(hits, k)]


def test_a_copy_is_named_where_the_text_stands_first() -> None:
    assert sources(RULES * 3, PRICES, RULES.upper() * 3) == [("0", ("2",)), ("1", ())]


def test_a_few_other_words_make_no_other_text() -> None:
    long = " ".join(a + b for a, b in product("bcdfghkl", "aeiouy"))
    assert sources(long, f"{long} thank you") == [("0", ("1",))]


def test_other_numbers_do() -> None:
    assert len(sources(PRICES * 4, PRICES * 3 + PRICES.replace("120", "130"))) == 2


def test_pieces_of_one_document_are_no_copies() -> None:
    hits = [a_hit(RULES, start=start, rank=n + 1) for n, start in enumerate((0, 500))]
    assert without_copies(hits, 5) == hits


def test_copies_make_room_for_others_and_ranks_have_no_gap() -> None:
    hits = [a_hit(text, source=f"{n}", rank=n + 1) for n, text in enumerate([RULES, RULES, PRICES])]
    kept = without_copies(hits, 2)
    assert [(hit.rank, hit.chunk.text) for hit in kept] == [(1, RULES), (2, PRICES)]


def test_variety_prefers_what_is_unlike_the_first() -> None:
    near, far = [1, 0], [0, 1]
    scores, vectors = np.array([1.0, 0.9, 0.8]), np.array([near, near, far], np.float32)
    assert maximal_marginal_relevance(scores, vectors, diversity=0.5) == [0, 2, 1]
    assert maximal_marginal_relevance(scores, vectors, diversity=0) == [0, 1, 2]


@given(
    st.lists(st.floats(0, 1), max_size=12).map(lambda scores: sorted(scores, reverse=True)),
    st.floats(0, 1),
)
def test_variety_loses_nothing(scores: list[float], wish: float) -> None:
    rows = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    chosen = maximal_marginal_relevance(np.array(scores), rows[: len(scores)], diversity=wish)
    assert sorted(chosen) == list(range(len(scores)))


@pytest.mark.parametrize("text", ["", "one", "two words"])
def test_short_texts_are_compared_whole(text: str) -> None:
    assert len(sources(text, text)) == 1
    assert len(sources(text, "something else")) == 2
