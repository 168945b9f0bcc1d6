"""A server that ought to have a language model, and fails in a way that it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def message(content: object, reason: str | None = None) -> bytes:
    """One event of a streamed answer in OpenAI's protocol."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    return event({"id": "1", "object": "chat.completion.chunk", "choices": [choice]})


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


BEGUN = message("A berth costs ")
DONE = b"data: [DONE]\n\n"


def silent(handler: "_Handler") -> None:
    handler.rfile.read(1)  # nothing comes before the other side leaves


def silent_in_the_middle(handler: "_Handler") -> None:
    handler.stream(BEGUN)
    handler.rfile.read(1)


def endless(handler: "_Handler") -> None:
    handler.stream()
    while not handler.server.ended.is_set():
        handler.wfile.write(message("and a berth costs £120 a year. " * 20))


def endless_line(handler: "_Handler") -> None:
    handler.stream(b'data: {"id": "')
    while not handler.server.ended.is_set():
        handler.wfile.write(b"x" * 10_000)


def endless_without_words(handler: "_Handler") -> None:
    handler.stream()
    while not handler.server.ended.is_set():
        handler.wfile.write(message(""))


def slow_headers(handler: "_Handler") -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    _trickle(handler)


def slow_words(handler: "_Handler") -> None:
    handler.stream(b'data: {"id": "')
    _trickle(handler)


def _trickle(handler: "_Handler") -> None:
    while not handler.server.ended.wait(0.1):
        handler.wfile.write(b"x")


def dropped(handler: "_Handler") -> None:
    handler.stream(BEGUN, length=10_000)


def ended_early(handler: "_Handler") -> None:
    handler.stream(message("A berth costs £120 a year."))


def ended_early_in_form(handler: "_Handler") -> None:
    handler.stream(message("A berth costs £120 a year.") + DONE)


def html(handler: "_Handler") -> None:
    handler.answer(200, b"<html><h1>Welcome</h1>Please log in.</html>", "text/html")


def html_as_stream(handler: "_Handler") -> None:
    handler.stream(b"<html><h1>Welcome</h1>Please log in.</html>")


def no_choices(handler: "_Handler") -> None:
    handler.stream(event({"id": "1", "object": "x", "choices": []}) + DONE)


def null_content(handler: "_Handler") -> None:
    handler.stream(message(None, "stop") + DONE)


def number_as_content(handler: "_Handler") -> None:
    handler.stream(message(7, "stop") + DONE)


def list_as_choices(handler: "_Handler") -> None:
    handler.stream(event({"id": "1", "choices": {"delta": [1]}}) + DONE)


def wrong_json(handler: "_Handler") -> None:
    handler.stream(b"data: {not json}\n\n" + DONE)


def not_utf8(handler: "_Handler") -> None:
    handler.stream(b"data: \xff\xfe\n\n" + DONE)


def an_error(handler: "_Handler") -> None:
    handler.stream(event({"error": {"message": "out of memory\nkilled"}}))


def no_http(handler: "_Handler") -> None:
    handler.wfile.write(b"\0\1\2 SSH-2.0\r\n\r\n")


def no_answer(handler: "_Handler") -> None:
    """The connection is closed at once."""


def compressed(handler: "_Handler") -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(b"\x1f\x8b" + bytes(1000))


def status(code: int, body: bytes = b'{"error": "no"}') -> Callable[["_Handler"], None]:
    def fail(handler: "_Handler") -> None:
        handler.answer(code, body, "application/json")

    fail.__name__ = f"status_{code}"
    return fail


def redirecting_to(url: str, code: int = 307) -> Callable[["_Handler"], None]:
    """Sends whoever asks to another address."""

    def redirect(handler: "_Handler") -> None:
        handler.send_response(code)
        handler.send_header("Location", url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return redirect


WAYS: tuple[Callable[["_Handler"], None], ...] = (
    silent,
    silent_in_the_middle,
    endless,
    endless_line,
    endless_without_words,
    slow_headers,
    slow_words,
    dropped,
    ended_early,
    ended_early_in_form,
    html,
    html_as_stream,
    no_choices,
    null_content,
    number_as_content,
    list_as_choices,
    wrong_json,
    not_utf8,
    an_error,
    no_http,
    no_answer,
    compressed,
    status(500),
    status(500, b"x" * 5_000_000),
    status(401),
    status(404),
    status(429),
    redirecting_to("http://127.0.0.1:9/v1/chat/completions"),
    redirecting_to("http://[nonsense"),
    redirecting_to("/v1/chat/completions"),  # for ever
)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((dict(self.headers), self.rfile.read(length)))
        with suppress(OSError):
            self.server.way(self)
        self.server.left.set()

    do_GET = do_PUT = do_POST

    def stream(self, body: bytes = b"", *, length: int | None = None) -> None:
        """Begin a streamed answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, code: int, body: bytes, kind: str) -> None:
        """A whole answer."""
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    way: Callable[[_Handler], None]
    asked: list[tuple[dict[str, str], bytes]]
    ended: threading.Event
    left: threading.Event

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def failing(way: Callable[[_Handler], None]) -> Iterator[_Server]:
    """The server until the end of the block; `left` is set once a connection has ended."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.way, server.asked = way, []
    server.ended, server.left = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_for(said: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it is so before long."""
    until = time.monotonic() + seconds
    while not said() and time.monotonic() < until:
        time.sleep(0.02)
    return said()
