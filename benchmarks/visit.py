"""How long a visitor waits, in a browser: for the page, and for the first cited evidence.

    python -m benchmarks.visit INDEX [--questions 9]

A page counts as there when a question can be typed; a first visit has nothing of it kept, a
second one has. By the page's own clock, from Enter on: evidence is there when the page quotes
the first document by name, an answer when its first source is in the page. The questions are
made from the documents, each is asked in a conversation of its own, and those without an
answer do not count. The conversations are deleted from the index at the end.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from rag_app.history.conversations import Conversations
from rag_app.index.catalog.catalog import Catalog
from rag_app.workbench.made_questions import made_questions
from tests.browser import PATIENCE, browsing, serving, visiting
from tests.visitor import answered, begin_anew, send, settle
from ui.session.keys import CONVERSATION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WARM_UP, VISITS = 3, 5
PASSAGES = 2_000  # that questions are made from
STOPWATCH = """() => {
    // An earlier question's goes on where it had no evidence.
    const clock = window.clock = {quote: null, answer: null};
    addEventListener('keydown', () => {
        const begun = performance.now();
        const look = () => {
            if (window.clock !== clock)
                return;
            if (document.querySelector('.found blockquote, details.source'))
                clock.quote ??= performance.now() - begun;
            if (document.querySelector('details.source'))
                clock.answer = performance.now() - begun;
            else
                requestAnimationFrame(look);
        };
        look();
    }, {capture: true, once: true});
}"""


def questions_on(index: Path) -> list[str]:
    """Questions that documents of the index answer."""
    draw = random.Random(0)
    with closing(Catalog(index)) as catalog:
        ids = catalog.chunk_ids()
        passages = catalog.chunks(draw.sample(ids, min(len(ids), PASSAGES))).values()
    found = [made.text for made in made_questions(list(passages), draw)]
    draw.shuffle(found)
    return found


def page_seconds(context: "BrowserContext", address: str) -> float:
    """From the address to a field that takes a question."""
    page = context.new_page()
    begun = perf_counter()
    page.goto(address, wait_until="commit")
    page.get_by_test_id("stChatInputTextArea").click()
    return perf_counter() - begun


def visits(browser: "Browser", address: str) -> tuple[list[float], list[float]]:
    """Seconds of first and of second visits."""
    first, second = [], []
    for _ in range(VISITS):
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        first.append(page_seconds(context, address))
        second.append(page_seconds(context, address))
        context.close()
    return first, second


def seconds_from_enter(page: "Page", question: str) -> tuple[float, float] | None:
    """To the first quote and to the answer with its source; None where it has none."""
    page.evaluate(STOPWATCH)
    send(page, question)
    answered(page, 0)
    clock = page.evaluate("window.clock")
    return None if clock["answer"] is None else (clock["quote"] / 1000, clock["answer"] / 1000)


def ask_all(
    page: "Page", asked: Sequence[str], wanted: int
) -> tuple[list[tuple[float, float]], list[str]]:
    """What so many questions take, and the ids of the conversations."""
    found: list[tuple[float, float]] = []
    kept = []
    for number, question in enumerate(asked):
        seconds = seconds_from_enter(page, question)
        kept += parse_qs(urlsplit(page.url).query)[CONVERSATION]
        begin_anew(page)
        settle(page)
        if number >= WARM_UP and seconds is not None:
            found.append(seconds)
        if len(found) == wanted:
            break
    return found, kept


def show(name: str, seconds: Sequence[float]) -> None:
    """One row of the table."""
    print(f"{name:16}{statistics.median(seconds):8.2f}{max(seconds):8.2f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--questions", type=int, default=9)
    arguments = parser.parse_args()
    asked = questions_on(arguments.index)
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(Path(scratch), index=arguments.index) as address,
        browsing() as browser,
    ):
        context = browser.new_context()
        print(f"the first page after the start: {page_seconds(context, address):.2f} s")
        context.close()
        first, second = visits(browser, address)
        with visiting(browser, address) as page:
            found, kept = ask_all(page, asked, arguments.questions)
    with closing(Conversations.open(arguments.index)) as conversations:
        for id_ in kept:
            conversations.delete(id_)
    if not found:
        sys.exit("none of the questions made from these documents was answered")
    print(f"{len(found)} answers to {len(kept)} questions, {WARM_UP} of them to warm up")
    print(f"{'s':16}{'p50':>8}{'worst':>8}")
    show("first visit", first)
    show("second visit", second)
    show("first evidence", [quote for quote, _ in found])
    show("its answer", [answer for _, answer in found])


if __name__ == "__main__":
    main()
