"""What can be done with an answer: judge it, copy it, ask again in other words."""

import streamlit as st

from rag_app.history.turns import Thumb
from rag_app.retrieval.question_length import LONGEST_QUESTION
from rag_app.settings.provenance import Settings
from rag_app.text.printable import printable
from ui.components.blocks import cited_text
from ui.languages.language import gettext, ngettext
from ui.session import keys, saved_conversation, state
from ui.views import scripts

_THUMBS: tuple[Thumb, ...] = ("down", "up")  # in the order of `st.feedback`
_LONGEST_REASON = 500


@st.fragment
def render(settings: Settings, turn: state.Turn) -> None:
    """Draw a row of small buttons, and below it the reason of a judgement."""
    with st.container(horizontal=True, key=f"{keys.ACTIONS}-{turn.id}"):
        if turn.answer is not None:
            _thumbs(settings, turn)
            _copy(turn, cited_text(turn.answer))
        label = gettext("Edit and ask again")
        with st.popover(label, icon=":material/edit:", type="tertiary", help=label):
            _edit(turn)
    if turn.verdict:
        _reason(settings, turn)


def _thumbs(settings: Settings, turn: state.Turn) -> None:
    key = f"{keys.THUMB}-{turn.id}"
    if turn.verdict:
        st.session_state.setdefault(key, _THUMBS.index(turn.verdict))
    st.feedback("thumbs", key=key, on_change=_judged, args=(settings, turn))


def _copy(turn: state.Turn, text: str) -> None:
    if scripts.may_copy(st.context.url):
        scripts.copy_button(text, turn)
        return
    label = gettext("Copy")
    with st.popover(label, icon=":material/content_copy:", type="tertiary", help=label):
        # Its own button copies; a label would be Markdown, this is text.
        st.code(text, language=None, wrap_lines=True)


def _reason(settings: Settings, turn: state.Turn) -> None:
    key = f"{keys.REASON}-{turn.id}"
    st.session_state.setdefault(key, turn.reason)
    st.text_input(
        gettext("Reason"),
        key=key,
        max_chars=_LONGEST_REASON,
        placeholder=gettext("Why? (optional)"),
        label_visibility="collapsed",
        on_change=_judged,
        args=(settings, turn),
    )


def _judged(settings: Settings, turn: state.Turn) -> None:
    thumb: int | None = st.session_state.get(f"{keys.THUMB}-{turn.id}")
    verdict = None if thumb is None else _THUMBS[thumb]
    reason = st.session_state.get(f"{keys.REASON}-{turn.id}", turn.reason) if verdict else ""
    saved_conversation.judge(settings, turn, verdict, reason.strip())


def _edit(turn: state.Turn) -> None:
    question = st.text_area(
        gettext("Question"),
        printable(turn.question)[:LONGEST_QUESTION],
        key=f"{keys.EDITED}-{turn.id}",
        max_chars=LONGEST_QUESTION,
    )
    later = len(state.turns()) - state.turns().index(turn) - 1
    if later:
        words = ngettext(
            "This drops the {count} question after it.",
            "This drops the {count} questions after it.",
            later,
        )
        st.caption(words)
    if st.button(gettext("Ask again"), type="primary", key=f"{keys.ASK_AGAIN}-{turn.id}"):
        state.ask_again(turn, question)
        st.rerun()
