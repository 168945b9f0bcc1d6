"""`rag-ui --host 0.0.0.0` as others meet it: a real server, by hand and with a real browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.browser import BROWSERS, FLAGS, PATIENCE
from tests.conftest import ROOT, free_port
from tests.test_login import ROUTES
from ui.access.sessions import cookie_name

sync_api = pytest.importorskip("playwright.sync_api")

START_SECONDS = 180
DOCUMENT = "bartholomew-the-ferret.txt"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class Server(NamedTuple):
    """One that is running, and what it has printed."""

    port: int
    token: str
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "docs").mkdir()
    (folder / "docs" / DOCUMENT).write_text("The ferret is called Bartholomew.\n")
    port, log = free_port(), folder / "log.txt"
    command = [sys.executable, "-m", "ui.launch", "--host", "0.0.0.0", "--port", str(port)]
    command += ["--index", str(folder / "index"), "--samples", str(folder / "docs")]
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAG_APP_")}
    with log.open("wb") as out:
        running = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield Server(port, _token(running, port, log), log)
        finally:
            running.terminate()
            assert running.wait(timeout=60) == 0


def _token(running: "subprocess.Popen[bytes]", port: int, log: Path) -> str:
    """The token that the server prints, once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        printed = re.search(rf"Chat: http://\S+:{port}/\?token=(\S+)", log.read_text())
        try:
            if printed and ask(port, "/_stcore/health")[0] == 200:
                return printed[1]
        except OSError:
            pass
        time.sleep(0.3)
    pytest.fail(f"no server:\n{log.read_text()}")


def ask(
    port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Status, what was said, and the cookie that was given."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, headers=dict(headers or {}))
        answer = connection.getresponse()
        # A websocket that was let in says no more by itself.
        body = "" if answer.status == 101 else answer.read().decode("utf-8", "replace")
        return answer.status, body, answer.headers.get("Set-Cookie", "")


# By hand


@pytest.mark.parametrize("route", ROUTES)
def test_a_stranger_reaches_nothing(server: Server, route: str) -> None:
    for method in ("GET", "POST", "PUT"):
        status, body, cookie = ask(server.port, route, method=method)
        assert (status, cookie) == (401, "")
        assert not any(word in body for word in ("ferret", "Library", "Conversations", "Streamlit"))


def test_a_stranger_gets_no_websocket_and_a_member_gets_one(server: Server) -> None:
    path = "/_stcore/stream"
    assert ask(server.port, path, headers=UPGRADE)[0] == 403
    cookie = ask(server.port, f"/?token={server.token}")[2].partition(";")[0]
    assert cookie.startswith(f"{cookie_name(server.port)}=")
    headers = {**UPGRADE, "Cookie": cookie, "Origin": server.address}
    assert ask(server.port, path, headers=headers)[0] == 101
    assert ask(server.port, path, headers={**headers, "Origin": "http://evil.test"})[0] == 403


def test_a_member_reaches_the_pages(server: Server) -> None:
    headers = {"Cookie": ask(server.port, f"/?token={server.token}")[2].partition(";")[0]}
    assert "<title>Streamlit</title>" in ask(server.port, "/library", headers=headers)[1]
    assert ask(server.port, "/_stcore/metrics", headers=headers)[0] == 200


def test_the_start_says_that_http_is_not_encrypted_and_the_token_once(server: Server) -> None:
    said = server.log.read_text()
    assert "http is not encrypted" in said
    assert "reverse proxy with TLS" in said
    assert said.count(server.token) == 1


# With a browser


@pytest.fixture
def page() -> Iterator["sync_api.Page"]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        opened = browser.new_context().new_page()
        opened.set_default_timeout(PATIENCE)
        yield opened
        browser.close()


def test_a_visitor_logs_in_stays_in_and_logs_out(page: "sync_api.Page", server: Server) -> None:
    documents, asked = page.locator("table.documents"), page.get_by_label("Token")
    page.goto(f"{server.address}/library")
    asked.fill("not the token")
    asked.press("Enter")
    sync_api.expect(page.get_by_role("alert")).to_have_text("That is not it. Try again.")
    asked.fill(server.token)
    page.get_by_role("button", name="Log in").click()
    sync_api.expect(documents).to_contain_text(DOCUMENT)
    assert page.url == f"{server.address}/library"
    page.reload()
    sync_api.expect(documents).to_contain_text(DOCUMENT)
    page.get_by_role("button", name="Log out").click()
    asked.wait_for()
    page.goto(f"{server.address}/library")
    asked.wait_for()
    assert DOCUMENT not in page.content()


def test_a_visitor_asks_and_uploads_and_the_rest_is_the_operators(
    page: "sync_api.Page", server: Server
) -> None:
    page.goto(f"{server.address}/library?token={server.token}")
    page.locator("table.documents").wait_for()
    page.get_by_text("Only an administrator can remove documents.").wait_for()
    page.get_by_role("button", name="Add to the library").wait_for()
    page.get_by_role("tab", name="Folder on this computer").click()
    page.get_by_text("Only an administrator can add folders of this computer.").wait_for()
    assert page.get_by_label("Path of a file or folder").count() == 0
    page.get_by_role("link", name="Settings").click()
    page.get_by_text("only an administrator can change them").wait_for()
    assert page.get_by_label("Address of the language model's server").is_disabled()


def test_the_token_disappears_from_the_address(page: "sync_api.Page", server: Server) -> None:
    page.goto(f"{server.address}/library?token={server.token}")
    sync_api.expect(page.locator("table.documents")).to_contain_text(DOCUMENT)
    assert page.url == f"{server.address}/library"


def test_a_page_that_stays_open_after_logging_out_gets_nothing_more(
    page: "sync_api.Page", server: Server
) -> None:
    page.goto(f"{server.address}/library?token={server.token}")
    sync_api.expect(page.locator("table.documents")).to_contain_text(DOCUMENT)
    other = page.context.new_page()
    other.goto(server.address)
    other.get_by_role("button", name="Log out").click()
    other.get_by_label("Token").wait_for()
    page.bring_to_front()
    page.get_by_role("link", name="Conversations").click()
    page.get_by_text("Load the page again.").wait_for()
    assert page.get_by_role("heading", name="Conversations").count() == 0
