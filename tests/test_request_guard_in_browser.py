"""What a page on another port of this machine gets of a chat that asks nobody to log in."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OPENED = """address => new Promise(ended => {
    const socket = new WebSocket(address.replace("http", "ws") + "/_stcore/stream", ["streamlit"]);
    socket.onopen = () => ended("opened");
    socket.onerror = () => ended("refused");
})"""
FETCHED = """address => fetch(address + "/_stcore/host-config", {method: "%s"})
    .then(answer => answer.text(), () => "refused")"""
FRAMED = """address => new Promise(ended => {
    const frame = document.createElement("iframe");
    frame.onload = () => ended(frame.contentDocument === null ? "closed" : "open");
    frame.src = address;
    document.body.append(frame);
})"""


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Stranger</title><body>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger(browser: "Browser") -> Iterator["Page"]:
    """A page that something else on this machine serves."""
    server = HTTPServer(("127.0.0.1", 0), _Stranger)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_address[1]}")
    yield page
    context.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_of_another_port_gets_no_websocket(stranger: "Page", address: str) -> None:
    assert stranger.evaluate(OPENED, address) == "refused"
    assert stranger.evaluate(OPENED, address.replace("127.0.0.1", "localhost")) == "refused"


def test_a_page_of_another_port_reads_and_changes_nothing(stranger: "Page", address: str) -> None:
    for method in ("GET", "POST", "PUT"):
        assert stranger.evaluate(FETCHED % method, address) == "refused"


def test_the_chat_is_shown_in_no_other_page(stranger: "Page", address: str) -> None:
    said: list[str] = []
    stranger.on("console", lambda message: said.append(message.text))
    stranger.evaluate(FRAMED, address)
    stranger.wait_for_timeout(500)
    assert any("frame-ancestors" in line or "X-Frame-Options" in line for line in said), said


def test_our_own_page_gets_a_websocket(page: "Page", address: str) -> None:
    assert page.evaluate(OPENED, address) == "opened"
