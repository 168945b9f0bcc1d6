"""The visitor of a page: whether they are let in, what they may do and own, how they leave."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import streamlit as st

from rag_app.errors import ConfigError
from ui.access.oidc import OIDC, SignIn, owner_of, signing_in
from ui.access.password import LOGIN
from ui.access.permissions import Rights
from ui.components.blocks import heading_html, notice_html, plain
from ui.languages.language import gettext

_logger = logging.getLogger(__name__)
_LEAVE = "log-out"


def admitted() -> bool:
    """Whether the visitor is let in; where not, draws how they can be."""
    try:
        sign_in = signing_in()
    except ConfigError as error:
        _logger.error("%s", error)
        broken = gettext("Nobody can sign in at present; the log of the server says why.")
        st.html(notice_html(broken, kind="error"))
        return False
    if sign_in is None or sign_in.admits(_claims()):
        return True
    st.html(heading_html(gettext("Ask your documents"), gettext("Sign in to use it.")))
    if _claims().get("is_logged_in"):
        not_listed = gettext("This account is not let in. Log out to use another one.")
        st.html(notice_html(not_listed, kind="error"))
        st.button(gettext("Log out"), on_click=st.logout)
    else:
        _offer(sign_in)
    return False


def owner() -> str:
    """To whom the visitor's conversations belong; "" where nobody signs in."""
    return owner_of(_claims()) if os.environ.get(OIDC) else ""


def rights() -> Rights:
    """What the visitor may do, as the command and the file of this server say now."""
    if os.environ.get(OIDC):
        return Rights.granted(administers=_is_named())
    return Rights.granted(administers=not os.environ.get(LOGIN))


def leave() -> None:
    """Draw the button that logs the visitor out, if they had to log in."""
    label = gettext("Log out")
    if os.environ.get(OIDC):
        with st.container(key=_LEAVE):
            st.button(label, icon=":material/logout:", type="tertiary", on_click=st.logout)
    elif os.environ.get(LOGIN):
        # To the middleware that has let the visitor in, and not to Streamlit.
        st.container(key=_LEAVE).html(
            '<form method="post" action="logout">'
            f'<button><span aria-hidden="true">logout</span>{plain(label)}</button></form>'
        )


def _offer(sign_in: SignIn) -> None:
    for provider in sign_in.providers:
        label = gettext("Sign in with {provider}") if provider else gettext("Sign in")
        st.button(
            label.format(provider=provider),
            type="primary",
            on_click=st.login,
            args=(provider or None,),
        )


def _is_named() -> bool:
    """Whether the file names the visitor as an administrator."""
    try:
        sign_in = signing_in()
    except ConfigError:  # which the page has logged
        return False
    return sign_in is not None and sign_in.administers(_claims())


def _claims() -> Mapping[str, Any]:
    """What the provider says of the visitor."""
    return st.user.to_dict()
