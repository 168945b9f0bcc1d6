"""The control beside the question that says which documents it is asked of."""

from collections.abc import Mapping

import streamlit as st

from ui import state
from ui.components import short_names
from ui.conversation import within_html
from ui.filters import Choices, Filter

_END = "Search in all documents"
_MOST_DOCUMENTS = 2_000  # all of them are sent to the browser on every run


def render(choices: Choices) -> None:
    """Draw what is chosen and what can be; nothing where there is no choice."""
    if len(choices.documents) < 2:
        return
    chosen = state.chosen()
    with st.container(horizontal=True, vertical_alignment="center", key="filter-bar"):
        # Labels are Markdown, so no name of a file or folder may be one.
        with st.popover("Search in", icon=":material/filter_list:", type="tertiary"):
            _fields(choices, chosen)
        st.html(within_html(chosen.words), width="content")
        if chosen.where:
            st.button(
                _END,
                icon=":material/close:",
                type="tertiary",
                help=_END,
                key=state.FILTER_END,
                on_click=state.choose,
                args=(Filter(),),
            )


def _fields(choices: Choices, chosen: Filter) -> None:
    formats = choices.formats(chosen.folder)
    sources = choices.sources(chosen.folder, chosen.format)
    if choices.folders:
        _field("Folder", state.BY_FOLDER, chosen.folder, choices.folders)
    _field("Format", state.BY_FORMAT, chosen.format, {name: name for name in formats})
    if len(sources) <= _MOST_DOCUMENTS:
        _field("Document", state.BY_SOURCE, chosen.source, short_names(sources))
    else:
        st.caption(f"To choose one of {len(sources):,} documents, choose a folder or format first.")


def _field(label: str, key: str, chosen: str, names: Mapping[str, str]) -> None:
    """Draw one field; `names` has what can be chosen, and what to call it."""
    called = {"": f"All {label.lower()}s", **names}
    st.selectbox(
        label,
        [*called],
        index=[*called].index(chosen),
        format_func=lambda value: called.get(value, ""),
        key=_edition(key),
        on_change=_changed,
    )


def _changed() -> None:
    keys = (state.BY_FOLDER, state.BY_FORMAT, state.BY_SOURCE)
    state.choose_by_fields(Filter(*(st.session_state.get(_edition(key)) or "" for key in keys)))


def _edition(key: str) -> str:
    return f"{key}-{state.edition()}"
