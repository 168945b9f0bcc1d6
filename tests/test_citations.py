"""Citations are made from the evidence, never from what a model says of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.generation.citations import cite, quote
from rag_app.schema import Hit, Span
from tests.fakes import a_hit

OPENING = a_hit("The yard opens at 7. It closes at 22.", source="hours.md")
PRICE = a_hit("A berth costs £120 a year. A locker costs £30.", source="prices.md", start=100)
HITS = [OPENING, PRICE]


def quotes(written: str) -> list[str]:
    return [citation.quote for citation in cite(written, HITS).citations]


def test_a_quote_is_followed_by_its_number() -> None:
    draft = quote([Span(1, 0, 26, 0.8), Span(0, 0, 20, 0.7)], HITS)
    assert draft.text == "A berth costs £120 a year. [1]\n\nThe yard opens at 7. [2]"


def test_a_quotes_offsets_are_those_of_the_document() -> None:
    (citation,) = quote([Span(1, 27, 46, 0.8)], HITS).citations
    assert (citation.start, citation.end) == (127, 146)
    assert citation.quote == "A locker costs £30."


def test_a_quotes_page_is_its_own_though_its_passage_begins_on_another() -> None:
    text = "\n\f\nFirst page.\n\f\nSecond page.\n\f\n\n\f\nFourth page."
    hit = a_hit(text)
    paged = replace(hit, chunk=replace(hit.chunk, page=3))
    starts = [text.index(word) for word in ("First", "Second", "Fourth")]
    spans = [Span(0, start, start + 5, 0.9) for start in starts]
    assert [citation.page for citation in quote(spans, [paged]).citations] == [3, 4, 6]
    assert [citation.page for citation in quote(spans, [hit]).citations] == [None] * 3


def test_a_written_sentence_is_tied_to_the_sentence_that_supports_it() -> None:
    assert quotes("The berth costs £120 each year.") == ["A berth costs £120 a year."]


def test_the_models_own_number_is_replaced_by_ours() -> None:
    draft = cite("A locker costs £30 [7].", HITS)
    assert draft.text == "A locker costs £30. [1]"
    assert draft.citations[0].source == "prices.md"


def test_a_number_that_points_nowhere_is_removed() -> None:
    assert cite("Dogs are welcome [3].", HITS).text == "Dogs are welcome."


def test_a_sentence_with_another_number_is_not_supported() -> None:
    assert quotes("A berth costs £125 a year.") == []


def test_a_sentence_of_other_words_is_not_supported() -> None:
    assert quotes("The harbour master likes tea.") == []


def test_two_claims_on_one_sentence_share_its_number() -> None:
    draft = cite("The yard opens at 7. At 7 the yard opens.", HITS)
    assert [citation.number for citation in draft.citations] == [1, 1]


def test_a_claim_is_where_the_citation_says() -> None:
    draft = cite("Hello there. The yard closes at 22 [1].", HITS)
    (citation,) = draft.citations
    claim = draft.text[citation.answer_start : citation.answer_end]
    assert claim == "The yard closes at 22."


def test_what_nothing_supports_is_told_or_left_out() -> None:
    written = "Dogs are welcome [1]. A locker costs £30. Cats are not."
    draft = cite(written, HITS)
    told = [draft.text[start:end] for start, end in draft.unsupported]
    assert told == ["Dogs are welcome.", "Cats are not."]
    strict = cite(written, HITS, strict=True)
    assert (strict.text, strict.unsupported) == ("A locker costs £30. [1]", ())
    (citation,) = strict.citations
    assert strict.text[citation.answer_start : citation.answer_end] == "A locker costs £30."


@pytest.mark.parametrize("written", ["", "   ", "[1]", "[1][2] [3]"])
def test_nothing_written_gives_nothing_cited(written: str) -> None:
    assert cite(written, HITS).citations == ()


@given(st.text(alphabet="ab .![]12\n", max_size=80), st.text(alphabet="ab .!12\n", min_size=1))
def test_every_citation_is_exact_whatever_is_written(written: str, text: str) -> None:
    hit = a_hit(text, start=3)
    draft = cite(written, [hit])
    for citation in draft.citations:
        assert_exact(citation.start, citation.end, citation.quote, hit)
        assert draft.text[citation.answer_start : citation.answer_end].strip()
    claims = [(c.answer_start, c.answer_end) for c in draft.citations] + [*draft.unsupported]
    assert sorted(claims) == sorted(set(claims))
    assert cite(written, [hit], strict=True).unsupported == ()


def assert_exact(start: int, end: int, words: str, hit: Hit) -> None:
    assert hit.chunk.text[start - hit.chunk.start : end - hit.chunk.start] == words


def test_what_a_model_says_to_itself_is_no_part_of_the_answer() -> None:
    draft = cite("<think>Is it £90? No.</think>A berth costs £120 a year.", HITS)
    assert draft.text == "A berth costs £120 a year. [1]"
    assert cite("<think>It never ends", HITS).text == ""
