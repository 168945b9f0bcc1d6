"""What outlives one run of a page: a visitor's conversation, and what all visitors share.

Every key of `st.session_state` is declared here. Models and the index are opened once for
each `Settings` and shared by all pages, visitors and the background ingestion. The settings
name the embedding model, so that both are opened again when the index has another one.
"""

from dataclasses import dataclass, field

import streamlit as st

from rag_app.config import Settings
from rag_app.explain import Explanation
from rag_app.index.index import Index
from rag_app.protocols import Embedder
from rag_app.rag import Rag, open_generator, open_index
from rag_app.schema import Answer
from rag_app.workbench.collection_map import CollectionMap, draw_map
from ui.components import NoticeKind
from ui.filters import Choices, Filter, choices
from ui.ingestion import Ingestion
from ui.uploads import uploads_folder

TURNS = "turns"
QUESTION = "question"
CHOSEN = "chosen"
EDITION = "edition"
# These three are followed by the edition of the fields.
BY_FOLDER = "by-folder"
BY_FORMAT = "by-format"
BY_SOURCE = "by-source"
FILTER_END = "filter-end"
# These two are followed by the number of the turn.
WHY = "why"
WHY_NOT = "whynot"
FILES = "files"
FOLDER = "folder"
FILTER = "filter"
REMOVAL = "removal"
COLOUR = "colour"
PIN = "pin"
MAP = "map"
NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the visitor."""

    message: str
    kind: NoticeKind


@dataclass(slots=True)
class Turn:
    """A question and what came of it; neither answer nor error while it waits.

    `filter` has the documents it is asked of, `explanation` why these passages were found,
    once somebody has wanted to know.
    """

    question: str
    filter: Filter = field(default_factory=Filter)
    answer: Answer | None = None
    error: str = ""
    explanation: Explanation | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be answered."""
        return self.answer is None and not self.error


def turns() -> list[Turn]:
    """The visitor's conversation, oldest first."""
    conversation: list[Turn] = st.session_state.setdefault(TURNS, [])
    return conversation


def ask(question: str) -> None:
    """Add a question to the conversation; the chat page answers it."""
    if question.strip():
        turns().append(Turn(question.strip(), chosen()))


def chosen() -> Filter:
    """The documents that the next question is asked of."""
    filter_: Filter = st.session_state.setdefault(CHOSEN, Filter())
    return filter_


def choose(filter_: Filter) -> None:
    """Ask the next questions of these documents; fields that say otherwise begin anew.

    A field that is out of sight would not learn its new value, and then send its old one.
    """
    if filter_ != chosen():
        st.session_state[EDITION] = edition() + 1
    st.session_state[CHOSEN] = filter_


def choose_by_fields(filter_: Filter) -> None:
    """The same, where the fields know it already."""
    st.session_state[CHOSEN] = filter_


def edition() -> int:
    """How often the fields of the filter have begun anew."""
    count: int = st.session_state.setdefault(EDITION, 0)
    return count


def begin_anew() -> None:
    """Forget the conversation."""
    st.session_state[TURNS] = []


def tell(message: str, *, kind: NoticeKind = "note") -> None:
    """Keep one line to be shown by the next run of the page."""
    st.session_state[NOTICE] = Notice(message, kind)


def told() -> Notice | None:
    """The line kept for this run, which is thereby forgotten."""
    notice: Notice | None = st.session_state.pop(NOTICE, None)
    return notice


# Shared by all visitors. No spinner of their own: they are also opened without a page.


@st.cache_resource(show_spinner=False, max_entries=1)
def opened(settings: Settings) -> tuple[Index, Embedder]:
    """The index and its embedder; takes some seconds the first time."""
    return open_index(settings)


@st.cache_resource(show_spinner=False, max_entries=1)
def rag(settings: Settings) -> Rag:
    """What answers questions."""
    index, embedder = opened(settings)
    return Rag.assemble(index, embedder, settings=settings, generator=open_generator(settings))


def filters(settings: Settings) -> Choices:
    """What questions can be restricted to."""
    return _filters(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner=False, max_entries=1)
def _filters(settings: Settings, generation: int) -> Choices:  # noqa: ARG001
    """Found anew whenever the catalogue has changed."""
    index, _ = opened(settings)
    return choices(index.catalog, uploads=uploads_folder(settings.index))


def collection_map(settings: Settings) -> CollectionMap:
    """The map of the library."""
    return _map(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner="Drawing the map …", max_entries=1)
def _map(settings: Settings, generation: int) -> CollectionMap:  # noqa: ARG001
    """Drawn anew whenever the catalogue has changed."""
    return draw_map(opened(settings)[0])


@st.cache_resource(show_spinner=False, max_entries=1)
def ingestion(settings: Settings) -> Ingestion:
    """What adds documents in the background, one run at a time."""
    index, embedder = opened(settings)
    return Ingestion(index, embedder, settings)
