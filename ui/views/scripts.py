"""What only the browser can do: scripts of ours, to which texts are handed as data."""

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from ui.languages.language import gettext, language
from ui.session import keys, state

_HERE = Path(__file__).parent
_COPY = st.components.v2.component(
    "copy",
    html='<button type="button"><span aria-hidden="true" translate="no">content_copy</span>'
    '</button><span class="unseen" role="status"></span>',
    js=(_HERE / "copy.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # to look like the buttons beside it
)
_FOLLOW = st.components.v2.component(
    "follow", js=(_HERE / "follow.js").read_text(encoding="utf-8"), isolate_styles=False
)
_LANGUAGE = st.components.v2.component(
    "language",
    js=(_HERE.parent / "languages" / "language.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def may_copy(address: str | None) -> bool:
    """Whether browsers let a page of that address write to the clipboard."""
    parts = urlsplit(address or "")
    host = parts.hostname or ""
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return local or parts.scheme == "https"


def copy_button(text: str, turn: state.Turn) -> None:
    """A button that copies the text."""
    words = {
        "label": gettext("Copy"),
        "copied": gettext("Copied"),
        "failed": gettext("The browser did not let it be copied"),
    }
    _COPY(key=f"{keys.COPY}-{turn.id}", data={"text": text, **words}, width="content")


def follow(turn: state.Turn) -> None:
    """Keep what grows around it in sight, until the visitor does anything."""
    _FOLLOW(key=f"{keys.FOLLOW}-{turn.id}", width="content")


def announce_language() -> None:
    """Have the browser, and what reads the page aloud, know the language of its words."""
    _LANGUAGE(key="language", data={"language": language()}, width="content")
