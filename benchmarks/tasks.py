"""What a newcomer does first, in a browser: how many clicks and seconds each task takes.

    python -m benchmarks.tasks [--install]

The server is fresh and its index is made of the samples. Clicks are the visitor's, and fields
that are typed into; seconds are those of the machine, from the first click until what was
wanted is on the screen. With --install, the first task is `make chat` in a clean clone, whose
seconds are mostly those of the installer.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests.browser import browsing, serving, visiting
from tests.conftest import ROOT, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

QUESTION = "When were the hoist's wire ropes last renewed?"
NOTE = "The harbour office lends ladders on Thursdays between two and four o'clock."


@dataclass(slots=True)
class Hand:
    """What the visitor did."""

    clicks: int = 0
    fields: int = 0

    def click(self, what: "Locator") -> None:
        """Press it."""
        what.click()
        self.clicks += 1

    def type(self, where: "Locator", text: str) -> None:
        """Type the text, and Enter."""
        where.fill(text)
        where.press("Enter")
        self.fields += 1


def first_answer(page: "Page", hand: Hand) -> None:
    """From the open page to an answer with its source."""
    hand.click(page.get_by_role("button", name=QUESTION))
    page.locator("details.source").first.wait_for()


def find_source(page: "Page", hand: Hand) -> None:
    """From the answer to the words marked in their document."""
    hand.click(page.locator(".answer a.number").first)
    hand.click(page.get_by_role("button", name="Show the page"))
    page.locator(".page-picture img").wait_for()


def export(page: "Page", hand: Hand) -> None:
    """From the answer to a file with it."""
    hand.click(page.get_by_role("button", name="Export"))
    with page.expect_download():
        hand.click(page.get_by_role("button", name="Markdown"))


def own_folder(page: "Page", hand: Hand, folder: Path) -> None:
    """From the chat to the first answer out of a folder of one's own."""
    hand.click(page.get_by_role("link", name="Library"))
    hand.click(page.get_by_role("tab", name="Folder on this computer"))
    hand.type(page.get_by_label("Path of a file or folder"), str(folder))
    page.locator("table.documents").get_by_text("ladders.md", exact=True).wait_for()
    hand.click(page.get_by_role("link", name="Chat"))
    hand.type(page.get_by_test_id("stChatInputTextArea"), "When does the harbour lend ladders?")
    page.locator("details.source").get_by_text("ladders.md").first.wait_for()


def close_dialog(page: "Page") -> None:
    """Back to the chat; part of no task."""
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


@contextmanager
def timed(name: str) -> Iterator[Hand]:
    """Print the task's row."""
    hand, begun = Hand(), perf_counter()
    yield hand
    print(f"{name:28}{hand.clicks:8}{hand.fields:8}{perf_counter() - begun:10.1f}", flush=True)


def installed(folder: Path) -> None:
    """`make chat` in a clean clone, until its page is served."""
    clone, port = folder / "clone", free_port()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    command = ["make", "chat", f"PORT={port}"]
    with (folder / "install.log").open("wb") as log, timed("install (1 command)"):
        server = subprocess.Popen(command, cwd=clone, stdout=log, stderr=log)
        _wait(lambda: _answers(f"http://127.0.0.1:{port}"), server)
    server.terminate()
    server.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def _wait(until: Callable[[], bool], server: "subprocess.Popen[bytes]") -> None:
    while not until():
        if server.poll() is not None:
            raise RuntimeError(f"`make chat` ended with {server.returncode}")
        time.sleep(0.5)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="time `make chat` in a clean clone")
    arguments = parser.parse_args()
    print(f"{'task':28}{'clicks':>8}{'fields':>8}{'seconds':>10}")
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.install:
            installed(Path(scratch))
        own = Path(scratch, "harbour")
        own.mkdir()
        (own / "ladders.md").write_text(f"# Ladders\n\n{NOTE}\n", encoding="utf-8")
        with (
            serving(Path(scratch)) as address,
            browsing() as browser,
            visiting(browser, address) as page,
        ):
            with timed("first answer") as hand:
                first_answer(page, hand)
            with timed("the source of a claim") as hand:
                find_source(page, hand)
            close_dialog(page)
            with timed("export") as hand:
                export(page, hand)
            page.keyboard.press("Escape")
            with timed("a folder of one's own") as hand:
                own_folder(page, hand, own)


if __name__ == "__main__":
    main()
