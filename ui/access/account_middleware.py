"""Middleware for accounts: what only those reach who have signed in.

The page that offers it is drawn by Streamlit, so that its files and its websocket stay open;
the script behind them shows strangers nothing else. Media, uploads and figures are reached
without that script.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Streamlit tells its scripts alone what the cookie says (`st.user`); this is how it reads it.
# Should it go, the import fails and nothing is served.
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from rag_app.errors import ConfigError
from ui.access.oidc import signing_in

_USER_COOKIE = "_streamlit_user"
_CLOSED = ("/_stcore/", "/media/", "/component/", "/app/")
_OPEN = ("/_stcore/health", "/_stcore/host-config", "/_stcore/stream")


class AccountMiddleware:
    """Keeps strangers from Streamlit's addresses that need no script."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        base = f"/{st.get_option('server.baseUrlPath').strip('/')}".rstrip("/")
        self._closed = tuple(base + path for path in _CLOSED)
        self._open = tuple(base + path for path in _OPEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one websocket."""
        app = self._app
        if scope["type"] in {"http", "websocket"} and self._is_closed(scope["path"]):
            claims = _claims(HTTPConnection(scope).cookies)
            app = app if _is_admitted(claims) else PlainTextResponse("Sign in.", status_code=401)
        await app(scope, receive, send)

    def _is_closed(self, path: str) -> bool:
        return path.startswith(self._closed) and path not in self._open


def _is_admitted(claims: Mapping[str, Any]) -> bool:
    try:
        sign_in = signing_in()
    except ConfigError:
        return False
    return sign_in is not None and sign_in.admits(claims)


def _claims(cookies: dict[str, str]) -> dict[str, Any]:
    """What the cookie says that Streamlit has signed; nothing where it has not."""
    signed = _get_signed_cookie_with_chunks(cookies, _USER_COOKIE)
    claims = json.loads(signed) if signed else {}
    return claims if isinstance(claims, dict) else {}
