"""The HTML of the pages: exact highlights, and no word of a document ever interpreted."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.history.conversations import Headline
from rag_app.schema import Answer, Citation, Hit, Mode
from tests.fakes import a_hit
from ui.components.blocks import (
    as_label,
    cited_text,
    day_and_time,
    file_name,
    heading_html,
    headline_html,
    highlighted,
    notice_html,
    outcomes_html,
    place,
    plain,
    printable,
    rejoined,
    totals,
)
from ui.components.conversation import (
    answer_html,
    confidence_words,
    draft_html,
    found_html,
    question_html,
    sources_html,
    within_html,
)

HOSTILE = (
    "<script>alert(1)</script> ![x](http://example.com/x.png) [y](javascript:alert(1)) "
    "</blockquote><img src=x onerror=alert(1)> \" ' & **bold**"
)
# Tags and attributes that would be in the HTML if the text were not escaped.
STRUCK = re.compile(r"<(script|img)|\son\w+\s*=\s*[^&]*>", re.IGNORECASE)


def shown(html: str) -> str:
    """What a browser shows of it."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def an_answer(
    hit: Hit, *, start: int = 0, end: int | None = None, mode: Mode = "read", score: float = 0.9
) -> Answer:
    """An answer that quotes a stretch of the hit."""
    chunk = hit.chunk
    quote = chunk.text[start:end]
    citation = Citation(
        number=1,
        chunk_id=chunk.id,
        source=chunk.source,
        page=chunk.page,
        start=chunk.start + start,
        end=chunk.start + start + len(quote),
        quote=quote,
        answer_start=0,
        answer_end=len(quote),
        score=score,
    )
    return Answer("Who?", f"{quote} [1]", mode, score, (citation,), (hit,), {})


def an_abstention(*hits: Hit) -> Answer:
    return Answer("Who?", "The documents do not answer this.", "abstain", 0.1, (), hits, {})


# Text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("manuals 2024", "manuals 2024"),
        ("**bold** [x](y)", r"\*\*bold\*\* \[x\]\(y\)"),
        (":red[x] $y$", "\\:\u2060red\\[x\\] \\$y\\$"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_label_shows_the_text_as_it_is(text: str, label: str) -> None:
    assert as_label(text) == label


@given(st.text())
def test_text_is_shown_as_it_is_and_never_interpreted(text: str) -> None:
    html = plain(text)
    assert not re.search("[<>\"']", html)
    assert unescape(html) == printable(text)


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x85", "\ud83d", "\u202e", "\u2066"]
)
def test_what_cannot_be_shown_is_a_space(character: str) -> None:
    assert printable(f"a{character}b") == "a b"


@pytest.mark.parametrize("text", ["two\nlines", "a\ttab", "שלום", "סוף\u200f.", "👩‍👧", "naïve"])
def test_what_can_be_shown_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "or when any gust in the last ten minutes has passed 28\nknots. Do not lift.",
        "Do not lift when the mean wind is over 22 knots, or when any gust of late has passed\n28",
    ],
)
def test_a_sentence_broken_by_the_page_is_joined(text: str) -> None:
    assert rejoined(text) == text.replace("\n", " ")


@pytest.mark.parametrize("following", ["• second item", "2. second item", "Crew: 10", "\nText"])
@pytest.mark.parametrize("words", [13, 25])
def test_what_begins_a_line_of_its_own_keeps_it(words: int, following: str) -> None:
    text = f"{'line ' * words}\n{following}"
    assert rejoined(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Slings and shackles examined by the insurer's engineer\nEvery 12 months",
        "Oil on the water, moorings that have dragged, and whatever drifts past the yard.\nThe",
    ],
)
def test_a_line_that_ended_is_not_joined(text: str) -> None:
    assert rejoined(text) == text


# Highlights


@given(st.text(), st.integers(-5, 50), st.integers(-5, 50))
def test_a_highlight_marks_just_the_span_and_shows_the_whole_text(
    text: str, start: int, end: int
) -> None:
    html = highlighted(text, start, end)
    assert shown(html) == printable(rejoined(text))
    low = min(max(start, 0), len(text))
    marked = printable(rejoined(text))[low : max(end, low)]
    assert [unescape(found) for found in re.findall("(?s)<mark>(.*)</mark>", html)] == (
        [marked] if marked else []
    )


def test_a_highlight_in_hostile_text_marks_its_words_alone() -> None:
    text = f"{HOSTILE} Quickstep {HOSTILE}"
    start = text.index("Quickstep")
    html = highlighted(text, start, start + len("Quickstep"))
    assert "<mark>Quickstep</mark>" in html
    assert not STRUCK.search(html)


def test_an_anchor_cannot_leave_its_attribute() -> None:
    assert highlighted("word", 0, 4, anchor='"><b>') == (
        '<mark id="&quot;&gt;&lt;b&gt;">word</mark>'
    )


# Names and numbers


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b/notes.md", "notes.md"), ("notes.md", "notes.md"), ("a/two\nlines.md", "two lines.md")],
)
def test_a_file_is_called_by_its_last_part(source: str, name: str) -> None:
    assert file_name(source) == name


def test_a_place_has_its_page_where_there_are_pages() -> None:
    assert place("a/manual.pdf", 2) == "manual.pdf, page 2"
    assert place("a/notes.md", None) == "notes.md"


def test_numbers_go_with_their_nouns() -> None:
    assert totals(1, 1) == "1 document, 1 passage"
    assert totals(0, 12345) == "0 documents, 12,345 passages"


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "well supported"),
        (0.6, "well supported"),
        (0.599, "likely"),
        (0.3, "likely"),
        (0.299, "uncertain"),
        (0.0, "uncertain"),
    ],
)
def test_confidence_has_words(confidence: float, words: str) -> None:
    assert confidence_words(confidence) == words


# Conversation


@pytest.mark.parametrize(
    "html",
    [
        question_html(HOSTILE),
        question_html("Who?", HOSTILE),
        within_html(HOSTILE),
        answer_html(an_answer(a_hit(HOSTILE, source=HOSTILE)), turn=1),
        answer_html(an_answer(a_hit(HOSTILE, source=HOSTILE), mode="generate"), turn=1),
        answer_html(an_abstention(a_hit(HOSTILE, source=HOSTILE)), turn=1),
        found_html([a_hit(HOSTILE, source=HOSTILE)], [HOSTILE]),
        draft_html(HOSTILE),
        outcomes_html([("failed", HOSTILE, HOSTILE)]),
        heading_html(HOSTILE, HOSTILE),
        notice_html(HOSTILE, kind="error"),
    ],
)
def test_no_part_of_a_page_interprets_what_it_shows(html: str) -> None:
    assert not STRUCK.search(html)
    assert "<strong>" not in html
    assert shown(html).count("alert(1)") >= 1


def test_the_number_after_a_claim_leads_to_its_mark() -> None:
    html = answer_html(
        an_answer(a_hit("The ferret is called Bartholomew."), start=4, end=10), turn=3
    )
    (target,) = re.findall(r'href="#([^"]+)"', html)
    assert f'<mark id="{target}">ferret</mark>' in html


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The ferret\nis called Bartholomew.", "The ferret is called Bartholomew."),
        ("ferret " * 50, f"{('ferret ' * 43)[:300].rstrip()} …"),
        (f"{HOSTILE}", HOSTILE),
    ],
)
def test_the_number_after_a_claim_tells_the_quote(text: str, told: str) -> None:
    html = answer_html(an_answer(a_hit(text)), turn=1)
    (title,) = re.findall('<a class="number"[^>]* title="([^"]*)"', html)
    assert unescape(title) == f"notes.md: “{told}”"


def test_what_the_documents_do_not_say_is_underlined() -> None:
    answer = an_answer(a_hit("The ferret is called Bartholomew."), mode="generate")
    text = f"{answer.text} <b>Cats</b> fly."
    html = answer_html(
        replace(answer, text=text, unsupported=((len(answer.text) + 1, len(text)),)), turn=1
    )
    said = '<span class="unseen">Not in the documents: </span>'
    assert f'<span class="unsupported">{said}&lt;b&gt;Cats&lt;/b&gt; fly.</span>' in html
    assert "do not say what is underlined" in html
    assert "underlined" not in answer_html(answer, turn=1)


def test_a_number_that_is_no_citation_stays_text() -> None:
    hit = a_hit("As was shown [2].")
    assert "[2]" in shown(answer_html(an_answer(hit), turn=1))


def test_answers_of_different_turns_have_different_anchors() -> None:
    answer = an_answer(a_hit("The ferret is called Bartholomew."))
    first, second = (re.findall(r'<mark id="([^"]+)"', answer_html(answer, turn=n)) for n in (1, 2))
    assert first != second


def test_an_offset_counts_from_the_chunk() -> None:
    hit = a_hit("The ferret is called Bartholomew.", start=1000)
    assert ">Bartholomew</mark>" in answer_html(an_answer(hit, start=21, end=32), turn=1)


def test_a_question_says_which_documents_it_was_asked_of() -> None:
    assert shown(question_html("Who?", "reports/2023")) == "Who?In: reports/2023"
    assert shown(question_html("Who?")) == "Who?"
    assert shown(within_html("")) == "all documents"


def test_a_follow_up_says_what_was_searched() -> None:
    hit = a_hit("It costs £42.")
    answer = Answer("And?", "x", "abstain", 0.1, (), (hit,), {}, searched="And? (price)")
    assert "Searched for: And? (price)" in shown(answer_html(answer, turn=1))


def test_sources_can_be_had_one_by_one_each_once() -> None:
    answer = an_answer(a_hit("The ferret is called Bartholomew."))
    (citation,) = answer.citations
    twice = replace(answer, citations=(citation, citation))
    (source,) = sources_html(twice, turn=1)
    assert source[0] == citation
    assert source[1] in answer_html(twice, turn=1)
    assert 'class="source"' not in answer_html(twice, turn=1, sources=False)


def test_an_abstention_has_no_sources_but_the_closest_passages() -> None:
    html = answer_html(an_abstention(a_hit("Some text.")), turn=1)
    assert 'class="source"' not in html
    assert "Closest passages" in html


def test_an_abstention_over_nothing_is_one_line() -> None:
    assert shown(answer_html(an_abstention(), turn=1)) == "The documents do not answer this."


def test_what_is_found_is_quoted_while_it_is_read() -> None:
    hits = [a_hit(text, source=f"/d/{text[0]}.md") for text in ("0. Two.", "1.", "2.")]
    html = found_html(hits, ["Two.", ""])
    assert "Reading 3 passages" in html
    assert html.count("<li>") == html.count("<span>Two.</span>") == html.count("0.md") == 1


# Library


def test_a_list_without_files_is_nothing() -> None:
    assert outcomes_html([]) == ""


def test_an_error_is_announced() -> None:
    assert 'role="alert"' in notice_html("no such folder", kind="error")


# Conversations


def test_a_headline_is_shown_as_text() -> None:
    now = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
    html = headline_html(Headline("id", HOSTILE, now.timestamp(), 1), now)
    assert not STRUCK.search(html)
    assert shown(html) == f"{HOSTILE}Today, 12:00 · 1 question"


def test_days_are_called_as_people_call_them() -> None:
    now = datetime(2026, 3, 5, 0, 10, tzinfo=UTC)
    moments = [now - timedelta(minutes=m) for m in (5, 15, 60 * 24, 60 * 24 * 2)]
    assert [day_and_time(moment, now) for moment in moments] == [
        "Today, 00:05",
        "Yesterday, 23:55",
        "Yesterday, 00:10",
        "3 March 2026, 00:10",
    ]


def test_an_answer_is_copied_with_its_sources_by_number() -> None:
    answer = an_answer(a_hit("A berth costs £120.", source="papers/berths\u202e.md"))
    assert cited_text(answer) == "A berth costs £120. [1]\n\n[1] berths .md"
    assert cited_text(an_abstention()) == "The documents do not answer this."
