"""Sentences that are always the same, and kept before they are shown, in the visitor's language.

The library says them with its answers, and the background work, which has no visitor, of
itself: in English, and so they are kept. They are translated where they are shown.
"""

import re
from string import Formatter

from rag_app.answerer import FAILED, LEFT_OUT, NO_ANSWER, NO_ROOM, NO_SUPPORT
from ui.languages.language import gettext

STOPPED = "Stopped: quoting instead."
UNANSWERED = "Answering failed unexpectedly; the log says more."
UNADDED = "Adding documents failed unexpectedly; the log says more."
UNWATCHED = "Watching failed unexpectedly; the log says more."


def in_words(sentence: str) -> str:
    """The sentence in the visitor's language, or as it is where it is none of these."""
    for fixed, translated in sentences().items():
        if found := _pattern(fixed).fullmatch(sentence):
            return translated.format(**found.groupdict())
    return sentence


def sentences() -> dict[str, str]:
    """Each sentence as it is kept with its translation; the last one fits most."""
    return {
        NO_ANSWER: gettext("The documents do not answer this."),
        UNANSWERED: gettext("Answering failed unexpectedly; the log says more."),
        UNADDED: gettext("Adding documents failed unexpectedly; the log says more."),
        UNWATCHED: gettext("Watching failed unexpectedly; the log says more."),
        STOPPED: gettext("Stopped: quoting instead."),
        NO_ROOM: gettext("No source fits the context of {name}: quoting instead."),
        NO_SUPPORT: gettext("The documents do not support what {name} wrote: quoting instead."),
        LEFT_OUT: gettext("{left_out} of {sources} sources did not fit the model."),
        FAILED: gettext("{error}: quoting instead."),
    }


def statuses() -> dict[str, str]:
    """What became of a document, in words."""
    return {
        "indexed": gettext("indexed"),
        "partial": gettext("partial"),
        "skipped": gettext("skipped"),
        "failed": gettext("failed"),
    }


def _pattern(fixed: str) -> re.Pattern[str]:
    """What fits the sentence, whatever stands in its places."""
    pieces = Formatter().parse(fixed)
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{name}>.*)" if name else "") for text, name, *_ in pieces),
        re.DOTALL,
    )
