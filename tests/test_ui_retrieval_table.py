"""The table of candidates as HTML."""

import re
from dataclasses import replace
from html import unescape

import pytest

from rag_app.retrieval.explain import Explained, Explanation
from tests.test_ui_components import HOSTILE, STRUCK, shown
from ui.components.retrieval_table import explanation_html, verdict_html

ROW = Explained(
    chunk_id="c1",
    source="docs/hoist.pdf",
    page=4,
    start=0,
    end=9,
    rank=1,
    dense=0.51949,
    dense_rank=2,
    lexical=15.7321,
    lexical_rank=11,
    matched=("wire", "rope"),
    named=0.0351,
    score=0.98765,
)


def table(*rows: Explained, cited: dict[str, int] | None = None) -> str:
    return explanation_html(Explanation("?", ("wire", "rope", "wire"), rows), cited or {})


def cells(html: str) -> list[str]:
    """What the cells of the table's body show."""
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    return [shown(cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", body)]


def test_a_candidate_is_told_with_few_digits() -> None:
    assert cells(table(ROW)) == [
        "1",
        "hoist.pdf page 4",
        "0.99",
        "0.52 2nd",
        "15.7 11th",
        "wire, rope",
        "+0.04",
    ]


def test_what_a_candidate_lacks_is_a_dash() -> None:
    bare = replace(ROW, page=None, lexical=0.0, lexical_rank=None, matched=(), named=0.0)
    assert cells(table(bare)) == ["1", "hoist.pdf", "0.99", "0.52 2nd", "–", "–", "–"]


def test_a_reranker_has_a_column_where_it_was_asked() -> None:
    html = table(replace(ROW, rerank=0.712), replace(ROW, rank=2))
    assert [cells(html)[n] for n in (7, 15)] == ["0.71", "–"]
    assert "<dt>Rerank</dt>" in html
    assert "Rerank" not in table(ROW)


def test_every_column_and_row_has_a_header() -> None:
    html = table(ROW, replace(ROW, rank=2))
    head = html[: html.index("<tbody>")]
    assert head.count('<th scope="col"') == len(cells(table(ROW)))
    assert html.count('<th scope="row"') == 2


@pytest.mark.parametrize("term", ["Cosine", "BM25"])
def test_a_term_is_explained_where_it_stands_and_below(term: str) -> None:
    html = table(ROW)
    (meaning,) = re.findall(rf'<abbr title="([^"]+)">{term}</abbr>', html)
    assert f"<dt>{term}</dt><dd>{meaning}</dd>" in html
    assert len(unescape(meaning).split()) < 15


def test_a_passage_that_is_quoted_has_the_number_of_its_source() -> None:
    html = table(ROW, replace(ROW, chunk_id="c2", rank=2), cited={"c2": 3})
    assert re.findall(r'class="number"[^>]*>(\d)<', html) == ["3"]


@pytest.mark.parametrize(
    ("rank", "words"),
    [(1, "1st"), (3, "3rd"), (12, "12th"), (22, "22nd"), (111, "111th"), (1001, "1,001st")],
)
def test_ranks_are_spoken(rank: int, words: str) -> None:
    assert f"0.52 {words}" in cells(table(replace(ROW, dense_rank=rank)))


def test_words_searched_for_are_told_once() -> None:
    assert "Words searched forwire, rope" in shown(table(ROW))


def test_nothing_found_is_one_line() -> None:
    assert shown(table()) == "There was nothing to compare."


@pytest.mark.parametrize(
    "html",
    [
        table(replace(ROW, source=HOSTILE, matched=(HOSTILE,))),
        explanation_html(Explanation("?", (HOSTILE,), (ROW,)), {}),
        verdict_html(HOSTILE),
    ],
)
def test_words_of_documents_are_never_interpreted(html: str) -> None:
    assert not STRUCK.search(html)
    assert "<strong>" not in html
    assert "alert(1)" in shown(html)
