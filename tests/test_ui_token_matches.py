"""A snippet with the words that match a question's."""

import re

from rag_app.models.late_interaction import Match
from tests.test_ui_components import HOSTILE, STRUCK, shown
from ui.components.matched_snippet import matches_html

QUESTION = "Where hangs the key?"
TEXT = "The spare key hangs here."
KEY = Match((16, 19), (10, 13), 0.91)
HANGS = Match((6, 11), (14, 19), 0.55)


def marks(html: str) -> list[tuple[str, ...]]:
    """Shade, what is told of it, and words of each mark."""
    return re.findall(r'<mark class="shade-(\d)" title="(.*?)">(.*?)</mark>', html)


def test_each_matched_token_is_shaded_by_how_well_it_matches() -> None:
    html = matches_html(QUESTION, TEXT, [HANGS, KEY])
    assert marks(html) == [("5", "key 0.91", "key"), ("3", "hangs 0.55", "hangs")]
    assert shown(html) == TEXT


def test_a_token_that_several_match_has_the_shade_of_the_best() -> None:
    html = matches_html(QUESTION, TEXT, [Match((12, 15), KEY.found, 0.2), KEY])
    assert marks(html) == [("5", "key 0.91, the 0.20", "key")]


def test_a_match_that_is_none_has_the_faintest_shade() -> None:
    assert marks(matches_html(QUESTION, TEXT, [Match((0, 5), (0, 3), -0.3)]))[0][0] == "1"


def test_several_tokens_in_one_character_are_shown_once() -> None:
    html = matches_html(
        QUESTION, "🔑 key", [Match((0, 5), (0, 1), 0.4), Match((6, 11), (0, 2), 0.3)]
    )
    assert shown(html) == "🔑 key"


def test_no_matches_leave_the_text_as_it_is() -> None:
    assert matches_html(QUESTION, TEXT, []) == f'<blockquote class="matched">{TEXT}</blockquote>'


def test_hostile_words_are_never_interpreted() -> None:
    whole = Match((0, len(HOSTILE)), (0, len(HOSTILE)), 1.0)
    for matches in ([whole], []):
        html = matches_html(HOSTILE, HOSTILE, matches)
        assert not STRUCK.search(html)
        assert "alert(1)" in shown(html)
    broken = matches_html('"><script>', "word", [Match((0, 10), (0, 4), 0.5)])
    assert "<script" not in broken
    assert broken.count('"') == 6
