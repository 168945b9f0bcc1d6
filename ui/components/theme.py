"""The choice between light and dark.

Streamlit keeps it in the browser, by the address at which its pages were loaded, and offers it
only in a menu that is not shown. A constant script sets it for all pages and loads anew.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.languages.language import gettext

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def render() -> None:
    """Draw the choice."""
    words = {
        "legend": gettext("Colours"),
        "System": gettext("As the system"),
        "Light": gettext("Light"),
        "Dark": gettext("Dark"),
    }
    _switch()(data=words, key="theme")
    st.caption(
        gettext(
            "The system's follows your device. Kept by this browser alone and for nobody else; "
            "the page loads anew, and a conversation is then found under Conversations."
        )
    )


@cache
def _switch() -> "ComponentRenderer":
    here = Path(__file__).parent
    return st.components.v2.component(
        "theme",
        html=(here / "theme.html").read_text(encoding="utf-8"),
        js=(here / "theme.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
