"""The visitor of a page: whether they are let in, what is theirs, and how they leave."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import streamlit as st

from rag_app.errors import ConfigError
from ui.components import heading_html, notice_html
from ui.login.oidc import OIDC, SignIn, owner_of, signing_in
from ui.login.password import LOGIN

_logger = logging.getLogger(__name__)
_TITLE = "Ask your documents"
_OFFER = "Sign in to use it."
_BROKEN = "Nobody can sign in at present; the log of the server says why."
_NOT_LISTED = "This account is not let in. Log out to use another one."
_LEAVE = "log-out"
# To the middleware that has let the visitor in, and not to Streamlit.
_LOG_OUT = (
    '<form method="post" action="logout">'
    '<button><span aria-hidden="true">logout</span>Log out</button></form>'
)


def admitted() -> bool:
    """Whether the visitor is let in; where not, draws how they can be."""
    try:
        sign_in = signing_in()
    except ConfigError as error:
        _logger.error("%s", error)
        st.html(notice_html(_BROKEN, kind="error"))
        return False
    if sign_in is None or sign_in.admits(_claims()):
        return True
    st.html(heading_html(_TITLE, _OFFER))
    if _claims().get("is_logged_in"):
        st.html(notice_html(_NOT_LISTED, kind="error"))
        st.button("Log out", on_click=st.logout)
    else:
        _offer(sign_in)
    return False


def owner() -> str:
    """To whom the visitor's conversations belong; "" where nobody signs in."""
    return owner_of(_claims()) if os.environ.get(OIDC) else ""


def leave() -> None:
    """Draw the button that logs the visitor out, if they had to log in."""
    if os.environ.get(OIDC):
        with st.container(key=_LEAVE):
            st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
    elif os.environ.get(LOGIN):
        st.container(key=_LEAVE).html(_LOG_OUT)


def _offer(sign_in: SignIn) -> None:
    for provider in sign_in.providers:
        label = f"Sign in with {provider}" if provider else "Sign in"
        st.button(label, type="primary", on_click=st.login, args=(provider or None,))


def _claims() -> Mapping[str, Any]:
    """What the provider says of the visitor."""
    return st.user.to_dict()
