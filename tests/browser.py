"""A real server, a real browser, and a watch over all that a page does there.

The server of the samples serves the whole run; a browser is opened for each module, since
its event loop would be in the way of tests that run one of their own.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, SAMPLES, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

Visit = Callable[..., "Page"]  # takes what `visiting` takes after the address
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 180
PATIENCE = 60_000  # milliseconds, for a busy machine
HOME_FOLDERS = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME")
DESKTOP, PHONE = (1280, 860), (390, 844)


@dataclass(slots=True)
class Watch:
    """What no page of ours may do, whatever the documents say.

    Attributes:
        strangers: Addresses on other hosts that were asked for.
        dialogs: Messages of the browser's own dialogs.
        struck: Names that scripts of documents have set, of those that tests have them set.
        refused: What the browser refused because our pages may not do it.
    """

    strangers: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def over(self, context: "BrowserContext") -> None:
        """Look at all pages of the context from now on."""
        context.on("request", lambda request: self._note(request.url))
        context.on("page", lambda page: page.on("websocket", lambda ws: self._note(ws.url)))
        context.on("dialog", lambda dialog: self._dismiss(dialog))
        context.on("console", lambda said: self._overhear(said.text))

    def leave(self, context: "BrowserContext") -> None:
        """Ask the pages whether a script of a document ran there, before they are closed."""
        asked = "() => ['__pwned', 'struck'].filter(name => name in window)"
        for page in context.pages:
            self.struck += page.evaluate(asked)

    def check(self) -> None:
        """Fail where anything was seen."""
        seen = [*self.strangers, *self.dialogs, *self.struck]
        assert seen == [], f"asked for, shown or set by a document: {seen}"
        assert self.refused == [], "the browser refused what a page of ours wanted"

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.hostname != "127.0.0.1":
            self.strangers.append(url)

    def _overhear(self, said: str) -> None:
        if "Content Security Policy" in said:
            self.refused.append(said)

    def _dismiss(self, dialog: "Dialog") -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


# Server and browser


@contextmanager
def serving(
    folder: Path, samples: Path = SAMPLES, *, index: Path | None = None, **settings: str
) -> Iterator[str]:
    """The address of a server of an index; made in the folder, of the samples, if none is given.

    Args:
        folder: For all that the server keeps.
        samples: What an empty index is filled with.
        index: Its folder.
        settings: Environment variables of ours.
    """
    address = f"http://127.0.0.1:{free_port()}"
    log = folder / "log.txt"
    command = [sys.executable, "-m", "ui.launch", "--index", str(index or folder / "index")]
    command += ["--port", address.rpartition(":")[2], "--samples", str(samples)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAG_APP_")}
    own |= {name: str(folder / name) for name in HOME_FOLDERS} | settings
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=own, stdout=out, stderr=out)
        try:
            _await_server(server, address, log)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _await_server(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(address, timeout=5) as page:
                assert page.status == 200
            assert f"Chat: {address}" in log.read_text(encoding="utf-8")
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"no server at {address}:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def browsing() -> Iterator["Browser"]:
    """A browser of this machine; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=PATIENCE)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on this machine")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@contextmanager
def visiting(
    browser: "Browser",
    address: str,
    size: tuple[int, int] = DESKTOP,
    *,
    scheme: str = "light",
    cookie: Mapping[str, str] | None = None,
) -> Iterator["Page"]:
    """A visitor's first page, under watch until it is left.

    Args:
        browser: Which has a context of its own for the visitor.
        address: Of the server.
        size: Of the window.
        scheme: Of the colours.
        cookie: That the visitor has already, by name.
    """
    watch = Watch()
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.set_default_timeout(PATIENCE)
    for name, value in (cookie or {}).items():
        context.add_cookies([{"name": name, "value": value, "url": address}])
    watch.over(context)
    try:
        page = context.new_page()
        page.goto(address)
        page.locator(".heading, .question, .notice.error").first.wait_for()
        if (failure := page.locator(".notice.error")).count():
            pytest.fail(f"the first page says: {failure.first.inner_text()}")
        yield page
        watch.leave(context)
    finally:
        context.close()
    watch.check()


# Fixtures


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the samples are served."""
    with serving(tmp_path_factory.mktemp("chat")) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser; visitors have contexts of their own in it."""
    with browsing() as opened:
        yield opened


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """A visitor at a desk."""
    with visiting(browser, address) as opened:
        yield opened


@pytest.fixture
def phone(browser: "Browser", address: str) -> Iterator["Page"]:
    """A visitor with a phone."""
    with visiting(browser, address, PHONE) as opened:
        yield opened


@pytest.fixture
def visit(browser: "Browser", address: str) -> Iterator[Visit]:
    """Further visitors."""
    with ExitStack() as visitors:

        def come(size: tuple[int, int] = DESKTOP, *, scheme: str = "light") -> "Page":
            return visitors.enter_context(visiting(browser, address, size, scheme=scheme))

        yield come
