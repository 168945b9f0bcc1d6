"""What all visitors share: models, the index, and what is drawn from it.

Each is opened once for each `Settings`, and serves all pages, visitors and the background
work. The settings name the embedding model, so that all are opened again when the index has
another one. No spinner of their own: they are also opened without a page.
"""

from pathlib import Path

import streamlit as st

from rag_app.config import Settings
from rag_app.index.index import Index
from rag_app.models.late_interaction import LateInteraction
from rag_app.protocols import Embedder
from rag_app.rag import Rag, open_index, open_late_model
from rag_app.records.conversations import Conversations
from rag_app.workbench.collection import Collection, read_collection
from rag_app.workbench.collection_map import MOST, CollectionMap, map_of
from ui.filters import Choices, choices
from ui.ingestion import Ingestion
from ui.training import Training
from ui.uploads import uploads_folder
from ui.watching import Watching


@st.cache_resource(show_spinner=False, max_entries=1)
def opened(settings: Settings) -> tuple[Index, Embedder]:
    """The index and its embedder; takes some seconds the first time."""
    return open_index(settings)


@st.cache_resource(show_spinner=False, max_entries=1)
def rag(settings: Settings) -> Rag:
    """What answers questions."""
    return Rag.around(*opened(settings), settings=settings)


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
    return map_of(collection(settings))


def collection(settings: Settings) -> Collection:
    """The passages of the library with their vectors."""
    return _collection(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner="Reading the library …", max_entries=1)
def _collection(settings: Settings, generation: int) -> Collection:  # noqa: ARG001
    """Read anew whenever the catalogue has changed."""
    return read_collection(opened(settings)[0], most=MOST)


@st.cache_resource(show_spinner="Opening the model …", max_entries=1)
def late_model(name: str, settings: Settings) -> LateInteraction:
    """The late-interaction model of that name."""
    return open_late_model(name, settings)


def training(settings: Settings) -> Training:
    """What fine-tunes a model in the background, one run at a time."""
    return _training(settings.index)


@st.cache_resource(show_spinner=False)
def _training(index: Path) -> Training:
    """The same whichever model the index has: a run may give it another one."""
    return Training(index)


@st.cache_resource(show_spinner=False, max_entries=1)
def ingestion(settings: Settings) -> Ingestion:
    """What adds documents in the background, one run at a time."""
    index, embedder = opened(settings)
    return Ingestion(index, embedder, settings)


@st.cache_resource(show_spinner=False, max_entries=1, on_release=Watching.close)
def watching(settings: Settings) -> Watching:
    """What follows changes of folders in the background."""
    index, embedder = opened(settings)
    return Watching(index, embedder, settings, turns=ingestion(settings).turns)
