"""What outlives one run of a page: a visitor's conversation, and what all visitors share.

Every key of `st.session_state` is declared here. Models and the index are opened once for
each `Settings` and shared by all pages, visitors and the background ingestion. The settings
name the embedding model, so that both are opened again when the index has another one.
"""

from dataclasses import dataclass, field, replace

import streamlit as st

from rag_app.config import Settings
from rag_app.explain import Explanation
from rag_app.index.index import Index
from rag_app.models.late_interaction import LateInteraction
from rag_app.protocols import Embedder
from rag_app.rag import Rag, open_generator, open_index, open_reranker
from rag_app.records.conversations import Conversations, Thumb, new_id
from rag_app.schema import Answer, Device
from rag_app.workbench.collection import Collection, read_collection
from rag_app.workbench.collection_map import CollectionMap, draw_map
from ui.components import NoticeKind
from ui.filters import Choices, Filter, choices
from ui.ingestion import Ingestion
from ui.training import Training
from ui.uploads import uploads_folder

_MOST = 20_000  # passages that the workbench looks at
CONVERSATION = "conversation"  # in the address, not in the state
TURNS = "turns"
KEPT = "kept"
UNKEPT = "unkept"
QUESTION = "question"
WANTED = "wanted"
CHOSEN = "chosen"
PAGE_SHOWN = "page-shown"
EDITION = "edition"
# These three are followed by the edition of the fields.
BY_FOLDER = "by-folder"
BY_FORMAT = "by-format"
BY_SOURCE = "by-source"
FILTER_END = "filter-end"
# These are followed by the id of the turn.
WHY = "why"
WHY_NOT = "whynot"
ACTIONS = "actions"
STOP = "stop"
THUMB = "thumb"
REASON = "reason"
EDITED = "edited"
ASK_AGAIN = "ask-again"
# These four are followed by the id of the conversation.
OPEN = "open"
RENAME = "rename"
DELETE = "delete"
TITLE = "title"
# This one is followed by the number of the turn and that of the citation.
SHOW_PAGE = "show-page"
FILES = "files"
FOLDER = "folder"
FILTER = "filter"
REMOVAL = "removal"
COLOUR = "colour"
PIN = "pin"
MAP = "map"
PART = "part"
TEXT = "text"
TEXTS = "texts"
CUT = "cut"
LEAST = "least"
MODELS = "models"
LATE_MODEL = "late-model"
LATE_ASKED = "late-asked"
LATE_TEXT = "late-text"
NOTICE = "notice"


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
    conversation: list[Turn] = st.session_state.setdefault(TURNS, [])
    return conversation


def kept() -> Kept:
    """Where the conversation is kept, once it is."""
    place: Kept = st.session_state.setdefault(KEPT, Kept())
    return place


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


def ask_again(turn: Turn, question: str) -> None:
    """Ask the question of a turn in other words; the turn and all after it are dropped."""
    if question.strip():
        earlier = turns()[: turns().index(turn)]
        st.session_state[TURNS] = [*earlier, Turn(question.strip(), turn.filter)]


def stop(turn: Turn) -> None:
    """Leave it at the quotes, which are known while the answer is written."""
    if turn.waits and turn.quoted is not None:
        turn.answer = replace(turn.quoted, note="Stopped: quoting instead.")


def begin_anew() -> None:
    """Leave the conversation."""
    resume([], Kept())


def resume(conversation: list[Turn], kept_: Kept) -> None:
    """Go on with a conversation that is kept."""
    st.session_state[TURNS], st.session_state[KEPT] = conversation, kept_
    if kept_.id:
        st.query_params[CONVERSATION] = kept_.id
    else:
        st.query_params.pop(CONVERSATION, None)


def show_page(at: int) -> None:
    """Turn to the page of that citation, counted among those that have one."""
    st.session_state[PAGE_SHOWN] = at


def page_shown() -> int:
    """The citation whose page is shown."""
    at: int = st.session_state[PAGE_SHOWN]
    return at


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
    return Rag.assemble(
        index,
        embedder,
        settings=settings,
        generator=open_generator(settings),
        reranker=open_reranker(settings),
    )


@st.cache_resource(show_spinner=False)
def conversations(settings: Settings) -> Conversations:
    """The file that keeps conversations."""
    return Conversations.open(settings.index)


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


def collection(settings: Settings) -> Collection:
    """The passages of the library with their vectors."""
    return _collection(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner="Reading the library …", max_entries=1)
def _collection(settings: Settings, generation: int) -> Collection:  # noqa: ARG001
    """Read anew whenever the catalogue has changed."""
    return read_collection(opened(settings)[0], most=_MOST)


def late_model(name: str, settings: Settings) -> LateInteraction:
    """The late-interaction model of that name."""
    return _late_model(name, settings.threads, settings.device)


@st.cache_resource(show_spinner="Opening the model …", max_entries=1)
def _late_model(name: str, threads: int, device: Device) -> LateInteraction:
    return LateInteraction.open(name, threads=threads, device=device)


@st.cache_resource(show_spinner=False)
def training(settings: Settings) -> Training:
    """What fine-tunes a model in the background, one run at a time."""
    return Training(settings.index, opened(settings)[1].name)


@st.cache_resource(show_spinner=False, max_entries=1)
def ingestion(settings: Settings) -> Ingestion:
    """What adds documents in the background, one run at a time."""
    index, embedder = opened(settings)
    return Ingestion(index, embedder, settings)
