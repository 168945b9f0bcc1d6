"""The conversations that are kept: finding, opening, renaming and deleting them."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.config import Settings
from rag_app.errors import StoreError
from rag_app.records.conversations import Conversations, Headline
from ui import shared, state
from ui.components import counted, heading_html, headline_html, notice_html

_MOST_ROWS = 50
_LONGEST_TITLE = 100
_NONE = "None is kept yet. Each is, from its first answer on."


def render(settings: Settings, *, chat: StreamlitPage) -> None:
    """Draw the list."""
    kept = shared.conversations(settings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.html(heading_html("Conversations", f"{counted(kept.count(), 'conversation')} kept."))
        if st.button("New conversation", icon=":material/add_comment:"):
            state.begin_anew()
            st.switch_page(chat)
    if kept.set_aside:
        words = f"The file that kept them was damaged. It is now {kept.set_aside}."
        st.html(notice_html(words, kind="error"))
    if notice := state.told():
        st.html(notice_html(notice.message, kind=notice.kind))
    if kept.count():
        _list(kept, chat)
        _export(kept)
    else:
        st.html(notice_html(_NONE))


def _list(kept: Conversations, chat: StreamlitPage) -> None:
    wanted = st.text_input(
        "Find a conversation",
        key=state.own(state.WANTED),
        placeholder="Words of its title or questions",
    )
    found = kept.listed(wanted)
    now = datetime.now().astimezone()
    with st.container(key="conversations", gap=None):
        for headline in found[:_MOST_ROWS]:
            _row(kept, headline, now, chat)
    if not found:
        st.caption("No conversation has all these words.")
    if len(found) > _MOST_ROWS:
        st.caption(f"The last {_MOST_ROWS} of {len(found):,}; find a conversation to see others.")


def _row(kept: Conversations, headline: Headline, now: datetime, chat: StreamlitPage) -> None:
    id_ = headline.id
    with st.container(horizontal=True, vertical_alignment="center", key=f"conversation-{id_}"):
        # The button lies over the words: its label would be Markdown, and they are not ours.
        st.html(headline_html(headline, now))
        if st.button("Open", key=f"{state.OPEN}-{id_}"):
            st.switch_page(chat, query_params={state.CONVERSATION: id_})
        for label, icon, key, dialog in (
            ("Rename", ":material/edit:", state.RENAME, _rename),
            ("Delete", ":material/delete:", state.DELETE, _delete),
        ):
            if st.button(label, icon=icon, type="tertiary", help=label, key=f"{key}-{id_}"):
                dialog(kept, headline)


@st.dialog("Rename the conversation")
def _rename(kept: Conversations, headline: Headline) -> None:
    title = st.text_input(
        "Title",
        headline.title,
        max_chars=_LONGEST_TITLE,
        key=f"{state.TITLE}-{headline.id}",
        placeholder="Empty: its first question",
    )
    if st.button("Rename", type="primary"):
        _change(lambda: kept.rename(headline.id, title), "Renamed.")


@st.dialog("Delete the conversation?")
def _delete(kept: Conversations, headline: Headline) -> None:
    st.html(headline_html(headline, datetime.now().astimezone()))
    st.caption("Its questions, answers and thumbs are forgotten. Documents stay.")
    if st.button("Delete", type="primary"):
        if headline.id == state.kept().id:
            state.begin_anew()
        _change(lambda: kept.delete(headline.id), "Deleted.")


def _change(change: Callable[[], None], told: str) -> None:
    """Make the change and draw the list anew, with one line of what came of it."""
    try:
        change()
        state.tell(told)
    except StoreError as error:
        state.tell(str(error), kind="error")
    st.rerun()


def _export(kept: Conversations) -> None:
    judged = kept.count_judged()
    if not judged:
        return
    st.download_button(
        "Judged answers",
        kept.judged,  # made when it is asked for
        file_name="judged-answers.jsonl",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(f"{counted(judged, 'answer')} with a thumb up or down, as JSON lines.")
