"""How servers are talked to: never by a proxy on this machine, never further than they were named.

What listens on this machine is reached directly, whatever `HTTP_PROXY` says: the proxy would get
to see passages and questions. A server that sends us elsewhere is not followed, one that never
comes to an end is left, and one can be left from another thread.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from rag_app.errors import ModelError

if TYPE_CHECKING:
    import httpx

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECTING = 10.0  # seconds


def bypass_proxy_for_loopback() -> None:
    """Have no proxy asked for what is on this machine, by this process and those it starts."""
    # The lower case beats the upper one, where a library reads both.
    named = [os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    hosts = [host.strip() for host in ",".join(named).split(",")]
    spared = ",".join(dict.fromkeys([*filter(None, hosts), *_LOOPBACK]))
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = spared


class Connections:
    """The connections that one thread opens through `client`s, so that another can cut them."""

    _of_thread: ContextVar["Connections | None"] = ContextVar("connections", default=None)

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def collect(self) -> None:
        """Know those that this thread opens from now on."""
        self._of_thread.set(self)

    def cut(self) -> None:
        """End them, and what waits for them."""
        self._is_cut = True
        for each in self._sockets:
            with suppress(OSError):  # it has ended already
                each.shutdown(socket.SHUT_RDWR)

    @classmethod
    def note(cls, name: str, told: dict[str, Any]) -> None:
        """Called by the HTTP client for whatever happens below it."""
        mine = cls._of_thread.get()
        if mine is None or name not in _OPENED:
            return
        mine._sockets.append(told["return_value"].get_extra_info("socket"))
        if mine._is_cut:
            mine.cut()


_OPENED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


def client(*, seconds: float, most: int) -> "httpx.Client":
    """What OpenAI's client talks through.

    Args:
        seconds: What one answer may take.
        most: Bytes that one answer may have.
    """
    import httpx

    class _Limited(httpx.SyncByteStream):
        """Ends an answer that takes too long, or is too long."""

        def __init__(self, answer: httpx.Response) -> None:
            self._stream = cast("httpx.SyncByteStream", answer.stream)
            self._until = monotonic() + seconds

        def __iter__(self) -> Iterator[bytes]:
            left = most
            for part in self._stream:
                left -= len(part)
                if left < 0:
                    raise ModelError(f"the server sent more than {most} bytes")
                if monotonic() > self._until:
                    raise ModelError(f"the server took longer than {seconds:g} s")
                yield part

        def close(self) -> None:
            self._stream.close()

    def limit(answer: httpx.Response) -> None:
        _check_origin(answer)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ModelError("the server compresses its answer, which it was told not to")
        answer.stream = _Limited(answer)

    def watch(request: httpx.Request) -> None:
        request.extensions["trace"] = Connections.note

    bypass_proxy_for_loopback()
    # LangChain's own client, which is not used, would be warned of for passing proxies over.
    os.environ.setdefault("LANGCHAIN_OPENAI_TCP_KEEPALIVE", "0")
    return httpx.Client(
        headers={"Accept-Encoding": "identity"},  # what is unpacked could be of any size
        event_hooks={"request": [watch], "response": [limit]},
        # Each request has its own, which is cut with it.
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECTING)),
        follow_redirects=True,
    )


def _check_origin(answer: "httpx.Response") -> None:
    """Does nothing where the answer does not lead to another server.

    Raises:
        ModelError: It does.
    """
    if not answer.has_redirect_location:
        return
    asked, sent = answer.url, answer.url.join(answer.headers["location"])
    if (asked.scheme, asked.host, asked.port) != (sent.scheme, sent.host, sent.port):
        raise ModelError(
            f"the server at {_origin(asked)} redirects to {_origin(sent)}, where nothing is sent; "
            "name that one if you trust it"
        )


def _origin(url: "httpx.URL") -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}"
