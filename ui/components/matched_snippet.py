"""HTML of a snippet with the words that match a question's, by a late-interaction model."""

from collections.abc import Iterable

from rag_app.models.late_interaction import Match
from ui.components.blocks import plain, rejoined
from ui.languages.language import figure

_SHADES = 5


def matches_html(question: str, text: str, matches: Iterable[Match]) -> str:
    """The text, each matched token shaded by its highest cosine, with what it matches.

    Args:
        question: As it was asked.
        text: Of the snippet.
        matches: Of the two, as `LateInteraction.matches` finds them.
    """
    by_place: dict[tuple[int, int], list[Match]] = {}
    for match in matches:
        by_place.setdefault(match.found, []).append(match)
    text, shown, parts = rejoined(text), 0, []
    for (start, end), own in sorted(by_place.items()):
        if start >= shown:  # some tokenizers have several tokens in one character
            parts += [plain(text[shown:start]), _mark(question, text[start:end], own)]
            shown = end
    return f'<blockquote class="matched">{"".join(parts)}{plain(text[shown:])}</blockquote>'


def _mark(question: str, words: str, own: list[Match]) -> str:
    own = sorted(own, key=lambda match: -match.cosine)
    shade = max(1, min(_SHADES, round(own[0].cosine * _SHADES)))
    told = ", ".join(
        f"{question[slice(*match.asked)]} {figure(f'{match.cosine:.2f}')}" for match in own
    )
    return f'<mark class="shade-{shade}" title="{plain(told)}">{plain(words)}</mark>'
