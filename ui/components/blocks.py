"""HTML for what the pages show; pure functions from values to text.

All words of documents, questions and answers pass through `plain`, so they are shown and
never interpreted, neither as HTML nor as Markdown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import PurePath
from typing import Literal

from rag_app.history.conversations import Headline
from rag_app.schema import Answer
from rag_app.text.html_page import plain as plain  # the pages have it from here
from rag_app.text.printable import printable
from ui.languages.fixed_words import in_words, statuses
from ui.languages.language import day, gettext, ngettext

NoticeKind = Literal["note", "error"]
# A line end in the midst of a sentence, as PDFs have it: after a line so long that it was
# probably broken, more so where the next does not go on in small letters; and before
# neither a blank line, nor the next item of a list, nor the next row ("label: value").
_BEGINS_ANEW = r"[\s•·*#\-–—]|\d+[.)]|\x7f|[^\n:]{1,30}: "
_WRAP = re.compile(
    rf"((?<=[^\n]{{50}})\n(?=[a-zß-ÿ])|(?<=[^\n]{{79}}[^\n.!?:;])\n)(?!{_BEGINS_ANEW})"
)

_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")  # what means something in Markdown, and may be escaped


def rejoined(text: str) -> str:
    """The text with lines of one sentence joined; every offset stays where it was."""
    return _WRAP.sub(" ", text)


def highlighted(text: str, start: int, end: int, *, anchor: str = "") -> str:
    """The text as HTML with `text[start:end]` marked; offsets outside are cut to fit.

    Args:
        text: Of the passage.
        start: Where the quote begins.
        end: Where it ends.
        anchor: What links call the quote.
    """
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    text = rejoined(text)
    named = f' id="{escape(anchor)}"' if anchor else ""
    marked = f"<mark{named}>{plain(text[start:end])}</mark>" if end > start else ""
    return f"{plain(text[:start])}{marked}{plain(text[end:])}"


def as_label(text: str) -> str:
    """The text for a label, which is Markdown: shown as it is on one line."""
    escaped = _MARKUP.sub(r"\\\g<0>", " ".join(printable(text).split()))
    # `:name:` would be a picture even then.
    return escaped.replace(":", ":\u2060")


def file_name(source: str) -> str:
    """The last part of a source, on one line."""
    return " ".join((PurePath(source).name or source).split())


def short_names(sources: Sequence[str]) -> dict[str, str]:
    """What to call each source on one line: its file name, in full where that is not enough."""
    times = Counter(map(file_name, sources))
    return {
        source: printable(file_name(source) if times[file_name(source)] == 1 else source)
        for source in sources
    }


def place(source: str, page: int | None) -> str:
    """File name and page, as a person would say it."""
    name = file_name(source)
    return gettext("{name}, page {page}").format(name=name, page=page) if page else name


def cited_text(answer: Answer) -> str:
    """The answer to be pasted elsewhere: its text, and below it what its numbers mean."""
    places = {c.number: place(c.source, c.page) for c in answer.citations}
    listed = "\n".join(f"[{number}] {name}" for number, name in sorted(places.items()))
    text = in_words(answer.text) if answer.mode == "abstain" else answer.text
    return printable(f"{text}\n\n{listed}".strip())


# Library


def outcomes_html(outcomes: Iterable[tuple[str, str, str]]) -> str:
    """A list of (outcome, source, reason) for files that did not go in whole."""
    words = statuses()
    items = "".join(
        f'<li><span class="status {outcome}">{plain(words.get(outcome, outcome))}</span> '
        f'<span class="name">{plain(file_name(source))}</span>'
        f'<span class="reason">{plain(reason)}</span></li>'
        for outcome, source, reason in outcomes
    )
    return f'<ul class="outcomes">{items}</ul>' if items else ""


# Conversations


def headline_html(headline: Headline, now: datetime) -> str:
    """A conversation's title, when it last changed, and how long it is."""
    when = day_and_time(datetime.fromtimestamp(headline.changed, now.tzinfo), now)
    questions = ngettext("{count} question", "{count} questions", headline.questions)
    return (
        f'<p class="headline"><span class="name">{plain(headline.title)}</span>'
        f"<span>{plain(when)} · {plain(questions)}</span></p>"
    )


def day_and_time(moment: datetime, now: datetime) -> str:
    """The moment as people say it on the day of `now`."""
    days = (now.date() - moment.date()).days
    near = {0: gettext("Today, {time}"), 1: gettext("Yesterday, {time}")}
    words = near.get(days, gettext("{day}, {time}"))
    return words.format(day=day(moment), time=f"{moment:%H:%M}")


# All


def heading_html(title: str, line: str = "") -> str:
    """A page's title and the line below it."""
    below = f"<p>{plain(line)}</p>" if line else ""
    return f'<div class="heading"><h1>{plain(title)}</h1>{below}</div>'


def notice_html(message: str, *, kind: NoticeKind = "note") -> str:
    """One line that must be seen."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="notice {kind}" role="{role}">{plain(message)}</div>'


def totals(documents: int, chunks: int) -> str:
    """Both numbers in words."""
    return gettext("{documents}, {passages}").format(
        documents=ngettext("{count} document", "{count} documents", documents),
        passages=ngettext("{count} passage", "{count} passages", chunks),
    )
