"""The visitor's conversation and the file that keeps it, tied by the id in the address.

Where the file cannot be used, the chat goes on without it and says so once.
"""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from rag_app.errors import StoreError
from rag_app.history.turns import KeptTurn, Thumb, is_id
from rag_app.settings.provenance import Settings
from ui.languages.language import gettext
from ui.resources import shared
from ui.resources.filters import Filter
from ui.session import keys, state

Result = TypeVar("Result")


def follow(settings: Settings) -> None:
    """Open the conversation that the address names, or have it name the one that is open."""
    named, open_ = st.query_params.get(keys.CONVERSATION, ""), state.kept()
    if named == open_.id:
        return
    if not named:
        # Other pages have addresses of their own.
        st.query_params[keys.CONVERSATION] = open_.id
        return
    found = _tried(lambda: shared.conversations(settings).turns(named) if is_id(named) else [])
    if found is None:
        # Else it would take the place of what is asked now, once the file can be read again.
        st.query_params.pop(keys.CONVERSATION)
        return
    if not found:
        state.set_notice(
            gettext("There is no conversation at this address any more; this is a new one.")
        )
    ids = tuple(turn.id for turn in found)
    state.resume([_shown(turn) for turn in found], state.Kept(named if found else "", ids))


def keep(settings: Settings) -> None:
    """Keep what has been answered since."""
    turns = [turn for turn in state.turns() if not turn.waits]
    ids, open_ = tuple(turn.id for turn in turns), state.kept()
    if ids == open_.turns:
        return
    kept = [_kept(turn) for turn in turns]
    id_ = _tried(lambda: shared.conversations(settings).keep(open_.id, kept, known=open_.turns))
    if id_ is None:
        return
    state.resume(state.turns(), state.Kept(id_, ids))
    if id_ != open_.id != "":
        state.set_notice(
            gettext(
                "This conversation was changed elsewhere meanwhile; "
                "from here on it is one of its own."
            )
        )


def judge(settings: Settings, turn: state.Turn, verdict: Thumb | None, reason: str) -> None:
    """Keep what the visitor thinks of an answer."""
    turn.verdict, turn.reason = verdict, reason
    id_ = state.kept().id
    _tried(lambda: shared.conversations(settings).judge(id_, turn.id, verdict, reason=reason))


def _tried(use: Callable[[], Result]) -> Result | None:
    """What the file gives; where it cannot be used, None, which is told once."""
    try:
        return use()
    except StoreError as error:
        if not st.session_state.get(keys.UNKEPT):
            st.session_state[keys.UNKEPT] = True
            unkept = gettext("This conversation is not kept: {error}")
            state.set_notice(unkept.format(error=error), kind="error")
        return None


def _kept(turn: state.Turn) -> KeptTurn:
    return KeptTurn(
        question=turn.question,
        id=turn.id,
        where=turn.filter.where,
        within=turn.filter.words,
        answer=turn.answer,
        error=turn.error,
        verdict=turn.verdict,
        reason=turn.reason,
    )


def _shown(turn: KeptTurn) -> state.Turn:
    return state.Turn(
        question=turn.question,
        id=turn.id,
        filter=Filter(**turn.where, words=turn.within),
        answer=turn.answer,
        error=turn.error,
        verdict=turn.verdict,
        reason=turn.reason,
    )
