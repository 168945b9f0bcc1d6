"""The text of a document beside its quote: all of it, or the part around the quote."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.schema import Citation, Document
from rag_app.text.printable import printable
from tests.fakes import a_document, a_hit
from tests.test_ui_components import HOSTILE, STRUCK, an_answer, shown
from ui.components.blocks import rejoined
from ui.components.document_text import document_html

GO = "Go to the quote"
PART = "This is the part of the document around the quote; the whole is too long to be shown. "
PAGES = "Lift slowly.\n\f\nNever in fog.\n\f\nNever in the dark."
STARTS = (0, 15, 31)


def citing(document: Document, start: int, end: int) -> Citation:
    """A citation of that stretch."""
    hit = a_hit(document.text, source=document.source)
    (citation,) = an_answer(hit, start=start, end=end).citations
    return citation


def quoting(document: Document, quote: str) -> str:
    """The HTML of the document with the quote, which it has once, marked in it."""
    start = document.text.index(quote)
    return document_html(document, citing(document, start, start + len(quote)))


def marked(html: str) -> list[str]:
    return re.findall(r"(?s)<mark[^>]*>(.*?)</mark>", html)


@given(st.text(min_size=1), st.data())
def test_the_whole_text_is_shown_and_just_the_quote_is_marked(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    document = a_document(text)
    html = document_html(document, citing(document, start, end))
    assert shown(html) == GO + printable(rejoined(text))
    assert [shown(mark) for mark in marked(html)] == [printable(rejoined(text))[start:end]]


def test_the_quote_is_where_the_link_leads() -> None:
    html = quoting(a_document("Berths cost £120 a year."), "£120")
    (target,) = re.findall(r'href="#([^"]+)"', html)
    assert f'<mark id="{target}" class="first">£120</mark>' in html


def test_each_page_begins_with_its_number() -> None:
    html = quoting(a_document(PAGES, page_starts=STARTS), "in fog")
    assert shown(html) == (
        f"{GO}Page 1Lift slowly.\n \nPage 2Never in fog.\n \nPage 3Never in the dark."
    )


def test_a_quote_over_two_pages_is_marked_on_both_but_gone_to_once() -> None:
    html = quoting(a_document(PAGES, page_starts=STARTS), "in fog.\n\f\nNever in the")
    assert marked(html) == ["in fog.\n \n", "Never in the"]
    assert html.count("id=") == 1


@pytest.mark.parametrize("at", [0, 30_000, 59_999])
def test_of_a_long_text_the_part_around_the_quote_is_shown(at: int) -> None:
    lines = [f"Line {number:05}." for number in range(60_000)]  # of twelve characters
    html = quoting(a_document("\n".join(lines)), lines[at])
    told = shown(html)
    assert marked(html) == [lines[at]]
    assert told.startswith(f"{PART}{GO}Line ")
    numbers = [int(number) for number in re.findall(r"Line (\d{5})\.", told)]
    assert at in numbers
    assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    assert len(told) < 201_000


def test_a_part_begins_with_the_number_of_the_page_it_is_on() -> None:
    page = "word " * 30_000
    text = f"{page}Here it is. {page}"
    document = a_document(text, page_starts=(0, 10, 200_000))
    assert shown(quoting(document, "Here it is.")).startswith(f"{PART}{GO}Page 2word ")


def test_a_line_longer_than_what_is_shown_is_cut() -> None:
    text = f"{'a' * 300_000} here {'b' * 300_000}"
    html = quoting(a_document(text), " here ")
    assert marked(html) == [" here "]
    assert len(shown(html)) == 200_000 + len(PART + GO)


def test_a_quote_longer_than_what_is_shown_is_cut() -> None:
    document = a_document(f"Before. {'a' * 300_000}")
    html = document_html(document, citing(document, 8, len(document.text)))
    assert marked(html) == ["a" * 200_000]


def test_words_of_a_document_are_never_interpreted() -> None:
    document = a_document(f"{HOSTILE} Quickstep {HOSTILE}", source=HOSTILE)
    html = quoting(document, "Quickstep")
    assert not STRUCK.search(html)
    assert shown(html) == f"{GO}{document.text}"


def test_the_text_is_called_by_its_file() -> None:
    document = replace(a_document("Some text."), source="papers/notes.md")
    assert 'aria-label="Text of notes.md"' in quoting(document, "text")
