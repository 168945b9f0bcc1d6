"""The HTML of the workbench: words stay words, figures are all there."""

import numpy as np

from rag_app.workbench.compare import IN_WORDS
from rag_app.workbench.tokens import Token
from tests.fakes import a_hit
from ui.components.embeddings import (
    compared_words,
    figures_html,
    matrix_html,
    passage_html,
    tokens_html,
)

HOSTILE = "<script>alert(1)</script>"


def test_nothing_is_interpreted() -> None:
    token = Token(id=1, piece=HOSTILE, start=0, end=1, special=False, continues=False)
    shown = [
        tokens_html([token]),
        matrix_html([HOSTILE, "b"], np.eye(2, dtype=np.float32)),
        figures_html([HOSTILE], [[HOSTILE, HOSTILE]]),
        passage_html(a_hit(HOSTILE).chunk, HOSTILE),
    ]
    for html in shown:
        assert "<script" not in html
        assert "&lt;script" in html


def test_tokens_tell_their_number_and_what_they_are() -> None:
    pieces = [
        Token(id=101, piece="[CLS]", start=0, end=0, special=True, continues=False),
        Token(id=7, piece="boat", start=0, end=4, special=False, continues=False),
        Token(id=8, piece="##s", start=4, end=5, special=False, continues=True),
    ]
    html = tokens_html(pieces)
    assert 'class="token special" title="number 101"' in html
    assert 'class="token" title="number 7">boat<' in html
    assert 'class="token continues" title="number 8">##s<' in html


def test_the_matrix_colours_by_the_cosine_and_shortens_long_texts() -> None:
    cosines = np.array([[1, -0.25], [-0.25, 1]], np.float32)
    html = matrix_html(["a" * 100, "b"], cosines)
    assert 'style="--strength:0.00">-0.250<' in html
    assert 'style="--strength:1.00">1.000<' in html
    assert "a" * 100 not in html
    assert "a…" in html


def test_a_table_has_a_heading_and_a_row_for_each_name() -> None:
    html = figures_html(["Model", "one"], [["nDCG@10", "0.5"], ["Alignment", "0.4"]])
    assert html.count("<tr>") == 3
    assert '<th scope="row">nDCG@10</th><td>0.5</td>' in html


def test_each_figure_of_a_comparison_has_a_name_and_in_english_the_librarys() -> None:
    words = compared_words()
    assert [*words] == [*words.values()] == [*IN_WORDS]
