"""Every page of the application, and how to come to it from the first one.

What must hold on each page is tested over this table, and pictures are taken by it: a new page
is one more line.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.visitor import ask, go, open_list, open_why, settle, upload

if TYPE_CHECKING:
    from playwright.sync_api import Page

Step = Callable[["Page"], object]
LOOKUP = "When were the hoist's wire ropes last renewed?"  # quotes the second page of a PDF
IN_TEXT = "How many coats of varnish does a brand new spar get?"  # quotes Markdown
ABSTAINS = "What is the capital of Mongolia?"


def come_to(page: "Page", name: str) -> None:
    """Do the steps to that page, and wait until it is drawn."""
    for step in EVERY_PAGE[name]:
        step(page)
        settle(page)


def _asked(question: str) -> Step:
    return lambda page: ask(page, question)


def _at(name: str) -> Step:
    return lambda page: go(page, name)


def _click(role: str, name: str) -> Step:
    return lambda page: page.get_by_role(role, name=name, exact=True).last.click()  # type: ignore[arg-type]


def _shown(selector: str) -> Step:
    return lambda page: page.locator(selector).first.wait_for()


def _source(page: "Page") -> None:
    page.locator("details.source summary").first.click()


def _broken_file(page: "Page") -> None:
    """Leaves the outcome of a file that cannot be read."""
    upload(page, "broken.pdf", b"%PDF-1.7 and no more")


def _part(name: str, drawn: str, *steps: Step) -> tuple[Step, ...]:
    return (_at("Workbench"), _click("radio", name), *steps, _shown(drawn))


def _in_document(page: "Page") -> None:
    page.get_by_role("button", name="Show in the document").first.click()


def _look_into(page: "Page") -> None:
    open_list(page, "Look into a document")
    page.get_by_role("option").first.click()


def _few_questions(page: "Page") -> None:
    page.get_by_role("spinbutton", name="Questions at most").fill("3")
    page.get_by_role("button", name="Ask the questions").click()


_ANSWER = (_asked(LOOKUP),)
_SOURCES = (*_ANSWER, _source)
EVERY_PAGE: dict[str, tuple[Step, ...]] = {
    "chat": (),
    "answer": _ANSWER,
    "sources": _SOURCES,
    "document": (_asked(IN_TEXT), _source, _in_document, _shown(".document-text mark")),
    "page": (*_SOURCES, _click("button", "Show the page of source 1"), _shown(".page-picture img")),
    "why": (*_ANSWER, open_why),
    "abstained": (_asked(ABSTAINS),),
    "conversations": (*_ANSWER, _at("Conversations"), _shown(".headline")),
    "library": (_at("Library"), _shown("table.documents")),
    "library-folder": (_at("Library"), _click("tab", "Folder on this computer")),
    "library-outcomes": (_broken_file, _shown(".outcomes")),
    "library-document": (_at("Library"), _look_into, _shown("[role=dialog]")),
    "collections": (
        _at("Library"),
        _click("button", "Collections"),
        _shown("[data-testid=stPopoverBody]"),
    ),
    "evaluation": (_at("Evaluation"),),
    "evaluated": (_at("Evaluation"), _few_questions, _shown(".figures")),
    "settings": (_at("Settings"),),
    "map": (_at("Map"), _shown(".vega-embed canvas, .vega-embed svg")),
    "tokens": _part("Tokens", ".tokens"),
    "similarity": _part("Similarity", ".matrix"),
    "near-duplicates": _part("Near duplicates", "[data-testid=stSlider]"),
    "outliers": _part("Outliers", ".passage"),
    "compare": _part("Compare models", "textarea"),
    "codes": _part("Codes", ".figures", _click("button", "Measure")),
    "matched-words": _part("Matched words", ".notice"),
    "fine-tune": _part("Fine-tune", "[data-testid=stSlider]"),
}
