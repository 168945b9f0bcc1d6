"""Origin checks (CSRF) and security headers before all that is served, with a login or without.

No page of another address gets anything from here, one of another port of this machine neither:
Streamlit by itself lets every page of `localhost` in. And browsers are told that our pages load
nothing from elsewhere, and may not be shown inside others.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_POLICY_VIOLATION = 1008
_FOREIGN = (
    "The address of the page is not the one that was asked; a proxy must pass the Host header on."
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class RequestGuard:
    """Refuses pages of other addresses, and tells browsers what our own may do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one websocket."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(raw=message["headers"])
                for name, value in headers().items():
                    answered.setdefault(name, value)
            await send(message)

        foreign = scope["type"] in {"http", "websocket"} and _is_foreign(HTTPConnection(scope))
        app = _refused(scope) if foreign else self._app
        await app(scope, receive, told)


@cache
def headers() -> dict[str, str]:
    """What every answer says that does not say otherwise itself."""
    return {
        "Content-Security-Policy": _policy(_inline_scripts()),
        "Cross-Origin-Resource-Policy": "same-origin",
        # A page without any referrer would send its form without an origin.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _policy(scripts: Iterable[str]) -> str:
    """What our pages need, and nothing from elsewhere.

    Streamlit writes its styles into the page, and hands scripts of components over as blobs;
    its charts are computed without `eval`.
    """
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    inline = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'self'; script-src 'self' blob: {inline}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _inline_scripts() -> list[str]:
    """Those that stand in Streamlit's own page."""
    import streamlit

    page = Path(streamlit.__file__).parent / "static" / "index.html"
    return _SCRIPT.findall(page.read_text(encoding="utf-8"))


def _is_foreign(connection: HTTPConnection) -> bool:
    """Whether a page of another address asks; links and addresses that are typed say nothing."""
    origin = connection.headers.get("origin")
    host = connection.headers.get("host", "")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()


def _refused(scope: Scope) -> ASGIApp:
    if scope["type"] == "websocket":
        return WebSocketClose(_POLICY_VIOLATION)
    return PlainTextResponse(_FOREIGN, status_code=403)
