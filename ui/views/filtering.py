"""The control beside the question that says which documents it is asked of."""

from collections.abc import Mapping

import streamlit as st

from ui.components.blocks import short_names
from ui.components.conversation import within_html
from ui.languages.language import gettext, number
from ui.resources.filters import Choices, Filter, called
from ui.session import keys, state

_MOST_DOCUMENTS = 2_000  # all of them are sent to the browser on every run


def render(choices: Choices) -> None:
    """Draw what is chosen and what can be; nothing where there is no choice."""
    if len(choices.documents) < 2:
        return
    chosen = state.chosen()
    with st.container(horizontal=True, vertical_alignment="center", key="filter-bar"):
        # Labels are Markdown, so no name of a file or folder may be one.
        with st.popover(gettext("Search in"), icon=":material/filter_list:", type="tertiary"):
            _fields(choices, chosen)
        st.html(within_html(called(chosen.words)), width="content")
        if chosen.where:
            end = gettext("Search in all documents")
            st.button(
                end,
                icon=":material/close:",
                type="tertiary",
                help=end,
                key=keys.FILTER_END,
                on_click=state.choose,
                args=(Filter(),),
            )


def _fields(choices: Choices, chosen: Filter) -> None:
    formats = choices.formats(chosen.folder)
    sources = choices.sources(chosen.folder, chosen.format)
    if choices.folders:
        names = {"": gettext("All folders")}
        names |= {path: called(name) for path, name in choices.folders.items()}
        _field(gettext("Folder"), keys.BY_FOLDER, chosen.folder, names)
    names = {"": gettext("All formats"), **{name: name for name in formats}}
    _field(gettext("Format"), keys.BY_FORMAT, chosen.format, names)
    if len(sources) <= _MOST_DOCUMENTS:
        names = {"": gettext("All documents"), **short_names(sources)}
        _field(gettext("Document"), keys.BY_SOURCE, chosen.source, names)
    else:
        first = gettext("To choose one of {count} documents, choose a folder or format first.")
        st.caption(first.format(count=number(len(sources))))


def _field(label: str, key: str, chosen: str, names: Mapping[str, str]) -> None:
    """Draw one field; `names` has what can be chosen, and what to call it."""
    st.selectbox(
        label,
        [*names],
        index=[*names].index(chosen),
        format_func=lambda value: names.get(value, ""),
        key=_edition(key),
        on_change=_changed,
    )


def _changed() -> None:
    fields = (keys.BY_FOLDER, keys.BY_FORMAT, keys.BY_SOURCE)
    state.choose_by_fields(Filter(*(st.session_state.get(_edition(key)) or "" for key in fields)))


def _edition(key: str) -> str:
    return f"{key}-{state.edition()}"
