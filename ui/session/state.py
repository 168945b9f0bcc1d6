"""What outlives one run of a page: the visitor's conversation, and what was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from rag_app.history.turns import Thumb, new_id
from rag_app.retrieval.explain import Explanation
from rag_app.schema import Answer
from ui.components.blocks import NoticeKind
from ui.languages.fixed_words import STOPPED
from ui.resources.filters import Filter
from ui.session import keys


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the visitor."""

    message: str
    kind: NoticeKind


@dataclass(slots=True)
class Turn:
    """A question and what came of it; neither answer nor error while it waits.

    Attributes:
        question: In the visitor's words.
        filter: The documents it is asked of.
        id: Its own.
        answer: The checked answer.
        quoted: The one in quotes, while a language model writes another.
        error: Why there is no answer.
        explanation: Why these passages were found, once somebody has wanted to know.
        verdict: What the visitor thinks of the answer.
        reason: Why.
    """

    question: str
    filter: Filter = field(default_factory=Filter)
    id: str = field(default_factory=new_id)
    answer: Answer | None = None
    quoted: Answer | None = None
    error: str = ""
    explanation: Explanation | None = None
    verdict: Thumb | None = None
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is still to be answered."""
        return self.answer is None and not self.error


@dataclass(frozen=True, slots=True)
class Kept:
    """Under which id the conversation is kept, and the ids of the turns that are."""

    id: str = ""
    turns: tuple[str, ...] = ()


def turns() -> list[Turn]:
    """The visitor's conversation, oldest first."""
    conversation: list[Turn] = st.session_state.setdefault(keys.TURNS, [])
    return conversation


def kept() -> Kept:
    """Where the conversation is kept, once it is."""
    place: Kept = st.session_state.setdefault(keys.KEPT, Kept())
    return place


def ask(question: str) -> None:
    """Add a question to the conversation; the chat page answers it."""
    if question.strip():
        turns().append(Turn(question.strip(), chosen()))


def ask_apart(question: str, history: Sequence[str], filter_: Filter) -> None:
    """Begin a conversation with a question and those before it, and open what explains it."""
    begin_anew()
    turns().extend(Turn(text, filter_) for text in (*history, question))
    st.session_state[f"{keys.WHY}-{turns()[-1].id}"] = True


def chosen() -> Filter:
    """The documents that the next question is asked of."""
    filter_: Filter = st.session_state.setdefault(keys.CHOSEN, Filter())
    return filter_


def choose(filter_: Filter) -> None:
    """Ask the next questions of these documents; fields that say otherwise begin anew.

    A field that is out of sight would not learn its new value, and then send its old one.
    """
    if filter_ != chosen():
        st.session_state[keys.EDITION] = edition() + 1
    st.session_state[keys.CHOSEN] = filter_


def choose_by_fields(filter_: Filter) -> None:
    """The same, where the fields know it already."""
    st.session_state[keys.CHOSEN] = filter_


def edition() -> int:
    """How often the fields of the filter have begun anew."""
    count: int = st.session_state.setdefault(keys.EDITION, 0)
    return count


def ask_again(turn: Turn, question: str) -> None:
    """Ask the question of a turn in other words; the turn and all after it are dropped."""
    if question.strip():
        earlier = turns()[: turns().index(turn)]
        st.session_state[keys.TURNS] = [*earlier, Turn(question.strip(), turn.filter)]


def stop(turn: Turn) -> None:
    """Leave it at the quotes, which are known while the answer is written."""
    if turn.waits and turn.quoted is not None:
        turn.answer = replace(turn.quoted, note=STOPPED)


def begin_anew() -> None:
    """Leave the conversation."""
    resume([], Kept())


def resume(conversation: list[Turn], kept_: Kept) -> None:
    """Go on with a conversation that is kept."""
    st.session_state[keys.TURNS], st.session_state[keys.KEPT] = conversation, kept_
    if kept_.id:
        st.query_params[keys.CONVERSATION] = kept_.id
    else:
        st.query_params.pop(keys.CONVERSATION, None)


def collection() -> str:
    """The slug of the collection that the visitor is in; "" is the first."""
    slug: str = st.session_state.get(keys.COLLECTION, "")
    return slug


def enter(slug: str) -> None:
    """Go to another collection; nothing comes along that belongs to the former one."""
    choose(Filter())
    for key in (keys.TURNS, keys.KEPT, keys.UNKEPT, keys.NOTICE):
        st.session_state.pop(key, None)
    st.session_state[keys.COLLECTION] = slug


def own(key: str) -> str:
    """The key of a field that belongs to the collection, and begins anew in another one."""
    return f"{key}-{collection()}" if collection() else key


def address() -> dict[str, str]:
    """What the addresses of all pages have in common."""
    slug = st.query_params.get(keys.COLLECTION, collection())
    return {keys.COLLECTION: slug} if slug else {}


def show_page(at: int) -> None:
    """Turn to what that citation quotes, counted among those of its answer."""
    st.session_state[keys.PAGE_SHOWN] = at


def page_shown() -> int:
    """The citation whose page or document is shown."""
    at: int = st.session_state[keys.PAGE_SHOWN]
    return at


def note_rejected_files(files: Sequence[tuple[str, str, str]]) -> None:
    """Keep what became of uploaded files, as (outcome, name, reason), until the next upload."""
    st.session_state[own(keys.TURNED_AWAY)] = files


def rejected_files() -> Sequence[tuple[str, str, str]]:
    """The files of the last upload that were not taken, as (outcome, name, reason)."""
    files: Sequence[tuple[str, str, str]] = st.session_state.setdefault(own(keys.TURNED_AWAY), ())
    return files


def show_passages(begin: int) -> None:
    """Turn to the passages of the document in view from this one on, counted from 0."""
    st.session_state[own(keys.PASSAGES_FROM)] = begin


def passages_from() -> int:
    """Where the passages in view begin."""
    begin: int = st.session_state.setdefault(own(keys.PASSAGES_FROM), 0)
    return begin


def close_preview() -> None:
    """Look into no document."""
    st.session_state[own(keys.PREVIEW)] = None
    show_passages(0)


def choose_no_documents() -> None:
    """Neither look into a document nor remove any."""
    close_preview()
    st.session_state[own(keys.REMOVAL)] = []


def set_notice(message: str, *, kind: NoticeKind = "note") -> None:
    """Keep one line to be shown by the next run of the page."""
    st.session_state[keys.NOTICE] = Notice(message, kind)


def take_notice() -> Notice | None:
    """The line kept for this run, which is thereby forgotten."""
    notice: Notice | None = st.session_state.pop(keys.NOTICE, None)
    return notice


def set_setting_error(setting: str, message: str) -> None:
    """Keep why a setting was not changed, to be shown beside it by the next run."""
    st.session_state[keys.REFUSED] = (setting, message)


def take_setting_error() -> tuple[str, str]:
    """The setting that was not changed, and why; both empty, or forgotten with this."""
    why: tuple[str, str] = st.session_state.pop(keys.REFUSED, ("", ""))
    return why
