"""What a visitor does with the pages, and what shows that they are drawn."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag_app.history.record import Record, read_records

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SCREENSHOTS = os.environ.get("RAG_APP_TEST_SCREENSHOTS")


# The conversation


def ask(page: "Page", question: str) -> "Locator":
    """Ask; everything that is shown under the question once it is answered."""
    before = page.locator(".question").count()
    send(page, question)
    return answered(page, before)


def send(page: "Page", question: str) -> None:
    """Ask, and wait for nothing."""
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def answered(page: "Page", before: int) -> "Locator":
    """What is shown under the question that comes after so many, once it is answered."""
    page.locator(".question").nth(before).wait_for()
    ended = page.locator("[class*=st-key-answer-]:has(.answer, .abstained, .notice.error)").nth(
        before
    )
    ended.wait_for()
    settle(page)
    return ended


def told(answer: "Locator") -> str:
    """The text of an answer; what is shown instead fails the test."""
    if answer.locator(".answer").count() == 0:
        pytest.fail(f"not answered but: {answer.inner_text()}")
    return words(answer.locator(".answer").inner_text())


def begin_anew(page: "Page") -> None:
    """End the conversation and wait until nothing of it is shown."""
    page.get_by_role("button", name="New conversation").click()
    page.locator(".question").first.wait_for(state="detached")
    settle(page)


def choose(page: "Page", field: str, name: str) -> None:
    """Restrict the next questions."""
    page.get_by_role("button", name="Search in", exact=True).click()
    page.get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=name, exact=True).click()
    page.locator(".within").get_by_text(name, exact=True).wait_for()
    page.keyboard.press("Escape")
    settle(page)


def open_why(page: "Page") -> "Locator":
    """Open the last answer's panel; its table."""
    page.get_by_text("Why these passages").last.click()
    found = page.locator(".candidates").last
    found.wait_for()
    settle(page)
    return found


def export(page: "Page", form: str, path: Path) -> Record:
    """Save the conversation, which has one question, in that form; its record."""
    settle(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as begun:
        page.get_by_role("button", name=form).click()
    begun.value.save_as(path)
    page.keyboard.press("Escape")
    (record,) = read_records(path)
    return record


# The library


def go(page: "Page", name: str) -> None:
    """Follow the navigation."""
    page.get_by_role("link", name=name).click()
    settle(page)


def upload(page: "Page", name: str, data: str | bytes) -> None:
    """Add a file in the library and wait until it is in."""
    go(page, "Library")
    content = data.encode() if isinstance(data, str) else data
    file = {"name": name, "mimeType": "text/plain", "buffer": content}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    page.get_by_test_id("stFileChipName").wait_for()
    page.get_by_role("button", name="Add to the library").click()
    # Not for the report, which may be one of an earlier run.
    page.locator("table.documents").get_by_text(name, exact=True).wait_for()
    settle(page)


def add_folder(page: "Page", folder: Path) -> None:
    """Have a folder added in the library, and wait for nothing."""
    go(page, "Library")
    page.get_by_role("tab", name="Folder on this computer").click()
    page.get_by_label("Path of a file or folder").fill(str(folder))
    page.get_by_role("button", name="Add to the library").click()


def remove(page: "Page", name: str) -> None:
    """Remove a document in the library."""
    box = open_list(page, "Remove documents")
    # What is filled in at once, instead of key by key, does not narrow it.
    box.press_sequentially(name)
    page.get_by_role("option", name=name).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Yes, remove").click()
    page.get_by_text("Removed 1 document.").wait_for()


# Any page


def open_list(page: "Page", name: str) -> "Locator":
    """Open the list of a field; the field."""
    box = page.get_by_role("combobox", name=name)
    # At the lower edge of the chat lies the field for questions.
    box.evaluate("box => box.scrollIntoView({block: 'center'})")
    settle(page)
    # Where the page scrolls by itself, the list closes again.
    for _ in range(10):
        box.click()
        page.wait_for_timeout(500)
        if page.get_by_role("option").count():
            return box
    pytest.fail(f"the list of {name!r} does not open")


# What is drawn


def settle(page: "Page") -> None:
    """Wait until the page is drawn: what it redraws would lose clicks and keys."""
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def shot(page: "Page", name: str) -> None:
    """Keep a picture where the environment names a folder for them."""
    if SCREENSHOTS:
        settle(page)
        page.screenshot(path=Path(SCREENSHOTS, f"{name}.png"))


def words(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def fits(page: "Page") -> bool:
    """Whether nothing is cut off at the right, nor has to be scrolled to."""
    within = """() => {
        const width = document.documentElement.clientWidth;
        const shown = [...document.querySelectorAll('.stMain *')].filter(e => e.checkVisibility());
        const right = Math.max(...shown.map(e => e.getBoundingClientRect().right));
        return document.scrollingElement.scrollWidth <= width && right <= width + 1;
    }"""
    return bool(page.evaluate(within))
