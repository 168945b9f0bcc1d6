"""Middleware for a server with a password: without it nothing behind is reached.

It stands around the whole of Streamlit, its websocket, media and uploads included, and not in
a page: Streamlit opens a session, and takes uploads, before any script of ours has run.
"""

import logging
from math import ceil
from urllib.parse import parse_qs, quote, urlencode

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from ui.access.login_attempts import LONGEST_WAIT, LoginAttempts
from ui.access.page import HEADERS, login_page, too_soon, wrong
from ui.access.password import Password
from ui.access.sessions import SECONDS, Sessions
from ui.languages.language import gettext, preferred, speaking

_logger = logging.getLogger(__name__)
_STREAMLIT = "/_stcore/"
_HEALTH = "/_stcore/health"  # "ok", for whoever watches over servers
_LOGOUT = "/logout"
_TOKEN = "token"  # noqa: S105  a name in the address
_LONGEST_FORM = 4096  # bytes
_READING = ("GET", "HEAD", "OPTIONS")
_POLICY_VIOLATION = 1008


class PasswordMiddleware:
    """Lets those pass who have logged in; shows all others the page that asks for the password.

    The cookie is for this server alone and no script can read it. A link from elsewhere may
    bring it along (`SameSite=Lax`), so that the address of a conversation can be sent to
    others; whatever changes something must come from our own pages.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        password: Password,
        cookie: str,
        tries: LoginAttempts | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self._app = app
        self._password = password
        self._cookie = cookie
        self._tries = tries or LoginAttempts()
        self._sessions = sessions or Sessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        key = connection.cookies.get(self._cookie, "")
        if self._sessions.knows(key):
            await self._inside(key, connection)(scope, self._while_known(key, receive), send)
        else:
            answer = await self._outside(connection, receive)
            await answer(scope, receive, send)

    def _inside(self, key: str, connection: HTTPConnection) -> ASGIApp:
        """What answers somebody who has logged in."""
        method, path = connection.scope.get("method"), connection.scope["path"]
        if method == "POST" and path.endswith(_LOGOUT):
            self._sessions.end(key)
            response = RedirectResponse("./", status_code=303)
            response.delete_cookie(self._cookie)
            return response
        is_late_login = method == "POST" and _STREAMLIT not in path
        if is_late_login or (method == "GET" and _TOKEN in connection.query_params):
            return RedirectResponse(_here(connection), status_code=303)
        return self._app

    def _while_known(self, key: str, receive: Receive) -> Receive:
        """What a websocket receives, until its visitor has logged out."""

        async def received() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not self._sessions.knows(key):
                return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
            return message

        return received

    async def _outside(self, connection: HTTPConnection, receive: Receive) -> ASGIApp:
        """What answers somebody who has not."""
        scope = connection.scope
        if scope["type"] == "websocket":
            return WebSocketClose(_POLICY_VIOLATION)
        if scope["method"] in _READING and scope["path"] == _HEALTH:
            return self._app
        given = ""
        if scope["method"] == "POST":
            given = await _form_field(Request(scope, receive), "password")
        elif self._password.in_address:
            given = connection.query_params.get(_TOKEN, "")
        with speaking(preferred(connection.headers.get("accept-language", ""))):
            return await self._told(given, connection)

    async def _told(self, given: str, connection: HTTPConnection) -> Response:
        """What is said to them, in the language that is spoken now."""
        if given:
            return await self._tried(given, connection)
        if _STREAMLIT in connection.scope["path"]:
            # Streamlit shows it where a page was left open.
            left = gettext("You are not logged in. Load the page again.")
            return JSONResponse(left, status_code=401, headers=HEADERS)
        return self._page(401)

    async def _tried(self, given: str, connection: HTTPConnection) -> Response:
        address = connection.client.host if connection.client else ""
        times = await self._tries.turn(address)
        if not times:
            _logger.warning("too many tries at once; one from %s was not looked at", address)
            page = self._page(429, too_soon(LONGEST_WAIT))
            page.headers["Retry-After"] = str(ceil(LONGEST_WAIT))
            return page
        if not self._password.matches(given):
            _logger.warning("wrong password from %s, %d in a row", address, times)
            return self._page(401, wrong())
        self._tries.right(address)
        _logger.info("logged in from %s", address)
        response = RedirectResponse(_here(connection), status_code=303)
        response.set_cookie(
            self._cookie,
            self._sessions.begin(),
            max_age=int(SECONDS),
            secure=connection.scope["scheme"] == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    def _page(self, status: int, error: str = "") -> Response:
        page = login_page(error=error, token=self._password.in_address)
        return HTMLResponse(page, status_code=status, headers=HEADERS)


async def _form_field(request: Request, name: str) -> str:
    """What the form says there; "" where it says nothing, or far too much."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return ""
    except ClientDisconnect:
        return ""
    return parse_qs(body.decode("utf-8", "replace")).get(name, [""])[0]


def _here(connection: HTTPConnection) -> str:
    """The address that was asked for, relative to itself and without the token."""
    last = connection.scope["path"].rpartition("/")[2]
    named = connection.query_params.multi_items()
    query = urlencode([(name, value) for name, value in named if name != _TOKEN])
    return f"./{quote(last)}{'?' if query else ''}{query}"
