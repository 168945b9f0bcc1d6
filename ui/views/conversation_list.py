"""The conversations that are kept: finding, opening, renaming and deleting them."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.errors import StoreError
from rag_app.history.conversations import Conversations, Headline
from rag_app.settings.provenance import Settings
from ui.components.blocks import heading_html, headline_html, notice_html
from ui.languages.language import gettext, ngettext, number
from ui.resources import shared
from ui.session import keys, state

_MOST_ROWS = 50
_LONGEST_TITLE = 100


def render(settings: Settings, *, chat: StreamlitPage) -> None:
    """Draw the list."""
    kept = shared.conversations(settings)
    line = ngettext("{count} conversation kept.", "{count} conversations kept.", kept.count())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.html(heading_html(gettext("Conversations"), line))
        if st.button(gettext("New conversation"), icon=":material/add_comment:"):
            state.begin_anew()
            st.switch_page(chat)
    if kept.set_aside:
        words = gettext("The file that kept them was damaged. It is now {file}.")
        st.html(notice_html(words.format(file=kept.set_aside), kind="error"))
    if notice := state.take_notice():
        st.html(notice_html(notice.message, kind=notice.kind))
    if kept.count():
        _list(kept, chat)
        _export(kept)
    else:
        st.html(notice_html(gettext("None is kept yet. Each is, from its first answer on.")))


def _list(kept: Conversations, chat: StreamlitPage) -> None:
    wanted = st.text_input(
        gettext("Find a conversation"),
        key=state.own(keys.WANTED),
        placeholder=gettext("Words of its title or questions"),
    )
    found = kept.listed(wanted)
    now = datetime.now().astimezone()
    with st.container(key="conversations", gap=None):
        for headline in found[:_MOST_ROWS]:
            _row(kept, headline, now, chat)
    if not found:
        st.caption(gettext("No conversation has all these words."))
    if len(found) > _MOST_ROWS:
        words = gettext("The last {shown} of {all}; find a conversation to see others.")
        st.caption(words.format(shown=_MOST_ROWS, all=number(len(found))))


def _row(kept: Conversations, headline: Headline, now: datetime, chat: StreamlitPage) -> None:
    id_ = headline.id
    with st.container(horizontal=True, vertical_alignment="center", key=f"conversation-{id_}"):
        # The button lies over the words: its label would be Markdown, and they are not ours.
        st.html(headline_html(headline, now))
        if st.button(gettext("Open"), key=f"{keys.OPEN}-{id_}"):
            st.switch_page(chat, query_params={keys.CONVERSATION: id_})
        if _tool(gettext("Rename"), "edit", f"{keys.RENAME}-{id_}"):
            st.dialog(gettext("Rename the conversation"))(_rename)(kept, headline)
        if _tool(gettext("Delete"), "delete", f"{keys.DELETE}-{id_}"):
            st.dialog(gettext("Delete the conversation?"))(_delete)(kept, headline)


def _tool(label: str, icon: str, key: str) -> bool:
    return st.button(label, icon=f":material/{icon}:", type="tertiary", help=label, key=key)


def _rename(kept: Conversations, headline: Headline) -> None:
    title = st.text_input(
        gettext("Title"),
        headline.title,
        max_chars=_LONGEST_TITLE,
        key=f"{keys.TITLE}-{headline.id}",
        placeholder=gettext("Empty: its first question"),
    )
    if st.button(gettext("Rename"), type="primary"):
        _change(lambda: kept.rename(headline.id, title), gettext("Renamed."))


def _delete(kept: Conversations, headline: Headline) -> None:
    st.html(headline_html(headline, datetime.now().astimezone()))
    st.caption(gettext("Its questions, answers and thumbs are forgotten. Documents stay."))
    if st.button(gettext("Delete"), type="primary"):
        if headline.id == state.kept().id:
            state.begin_anew()
        _change(lambda: kept.delete(headline.id), gettext("Deleted."))


def _change(change: Callable[[], None], told: str) -> None:
    """Make the change and draw the list anew, with one line of what came of it."""
    try:
        change()
        state.set_notice(told)
    except StoreError as error:
        state.set_notice(str(error), kind="error")
    st.rerun()


def _export(kept: Conversations) -> None:
    judged = kept.count_judged()
    if not judged:
        return
    st.download_button(
        gettext("Judged answers"),
        kept.judged,  # made when it is asked for
        file_name="judged-answers.jsonl",
        icon=":material/download:",
        on_click="ignore",
    )
    words = ngettext(
        "{count} answer with a thumb up or down, as JSON lines.",
        "{count} answers with a thumb up or down, as JSON lines.",
        judged,
    )
    st.caption(words)
