"""What all visitors share: models, open indexes, and what is drawn from them.

What has been opened serves all pages, visitors and the background work. It is kept by index
folder, so that collections have nothing but models in common. The settings of an index name
its embedding model, and it is opened anew when it has another one. No spinner of their own:
they are also opened without a page.
"""

from pathlib import Path
from weakref import WeakValueDictionary

import streamlit as st

from rag_app.evaluation.questions import Names, sources_by_name
from rag_app.history.conversations import Conversations
from rag_app.index.index import Index
from rag_app.models.late_interaction import LateInteraction
from rag_app.opening import (
    open_late_model,
)
from rag_app.protocols import Embedder
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from rag_app.workbench.chunk_vectors import ChunkVectors, read_chunk_vectors
from rag_app.workbench.collection_map import MOST, CollectionMap, map_of
from ui.access import user
from ui.jobs.evaluation_job import EvaluationJob
from ui.jobs.folder_watch import FolderWatch
from ui.jobs.ingestion import Ingestion, Turns
from ui.jobs.model_pull import ModelPull
from ui.jobs.training_job import TrainingJob
from ui.languages.language import gettext
from ui.resources.filters import Choices, choices
from ui.resources.open_index import OpenIndex, fills_alike
from ui.uploads import uploads_folder

_OPEN = 8  # collections; one that is let go stays open for whoever still uses it
_EVALUATED = 100  # visitors; the report of whoever came first is forgotten
_READ = 2  # collections whose passages and vectors are in memory, for the map and the workbench
# Each for as long as its index is open or its run goes on.
_ingestions: WeakValueDictionary[Path, Ingestion] = WeakValueDictionary()


def opened(settings: Settings) -> tuple[Index, Embedder]:
    """The index and its embedder; takes some seconds the first time."""
    found = _of(settings)
    return found.index, found.embedder


def rag(settings: Settings) -> Rag:
    """What answers questions."""
    return _of(settings).rag(settings)


def let_go(index: Path) -> None:
    """Forget what is open of the index in the folder, as before it is removed."""
    _opened.clear(index)
    _conversations.clear(index)
    _watching.clear(index)


def _of(settings: Settings) -> OpenIndex:
    """What is open of the index."""
    found = _opened(settings.index, settings)
    if not found.fits(settings):
        _opened.clear(settings.index)
        found = _opened(settings.index, settings)
    return found


@st.cache_resource(show_spinner=False, max_entries=_OPEN)
def _opened(index: Path, _settings: Settings) -> OpenIndex:  # noqa: ARG001
    """One of each index; Streamlit tells them apart by what has no underscore."""
    return OpenIndex(_settings)


def conversations(settings: Settings) -> Conversations:
    """The visitor's conversations."""
    return _conversations(settings.index).of(user.owner())


@st.cache_resource(show_spinner=False, max_entries=_OPEN)
def _conversations(index: Path) -> Conversations:
    """The file that keeps everybody's."""
    return Conversations.open(index)


def _now(settings: Settings) -> tuple[Path, str, int]:
    """The index as it is now, by which all that is drawn from it is known."""
    index, _ = opened(settings)
    return settings.index, index.model, index.catalog.generation


def filters(settings: Settings) -> Choices:
    """What questions can be restricted to."""
    return _filters(_now(settings), settings)


@st.cache_resource(show_spinner=False, max_entries=_OPEN)
def _filters(now: tuple[Path, str, int], _settings: Settings) -> Choices:  # noqa: ARG001
    """Found anew whenever the index has changed; likewise what follows."""
    index, _ = opened(_settings)
    return choices(index.catalog, uploads=uploads_folder(_settings.index))


def collection_map(settings: Settings) -> CollectionMap:
    """The map of the library."""
    with st.spinner(gettext("Drawing the map …")):
        return _map(_now(settings), settings)


@st.cache_resource(show_spinner=False, max_entries=_READ)
def _map(now: tuple[Path, str, int], _settings: Settings) -> CollectionMap:
    return map_of(_collection(now, _settings))


def collection(settings: Settings) -> ChunkVectors:
    """The passages of the library with their vectors."""
    with st.spinner(gettext("Reading the library …")):
        return _collection(_now(settings), settings)


@st.cache_resource(show_spinner=False, max_entries=_READ)
def _collection(now: tuple[Path, str, int], _settings: Settings) -> ChunkVectors:  # noqa: ARG001
    return read_chunk_vectors(opened(_settings)[0], most=MOST)


def late_model(name: str, settings: Settings) -> LateInteraction:
    """The late-interaction model of that name, the same for all collections."""
    with st.spinner(gettext("Opening the model …")):
        return _late_model(name, Settings(threads=settings.threads, device=settings.device))


@st.cache_resource(show_spinner=False, max_entries=1)
def _late_model(name: str, settings: Settings) -> LateInteraction:
    return open_late_model(name, settings)


def document_names(settings: Settings) -> Names:
    """The documents by all names that a question set can call them by."""
    return _document_names(_now(settings), settings)


@st.cache_resource(show_spinner=False, max_entries=_OPEN)
def _document_names(now: tuple[Path, str, int], _settings: Settings) -> Names:  # noqa: ARG001
    return sources_by_name(opened(_settings)[0].catalog)


def evaluation(settings: Settings) -> EvaluationJob:
    """What asks the visitor's question sets in the background, one run at a time."""
    return _evaluation(settings.index, user.owner())


@st.cache_resource(show_spinner=False, max_entries=_EVALUATED)
def _evaluation(index: Path, owner: str) -> EvaluationJob:  # noqa: ARG001
    """The same whatever the settings are: it compares them."""
    return EvaluationJob()


def training(settings: Settings) -> TrainingJob:
    """What fine-tunes a model in the background, one run of each index at a time."""
    return _training(settings.index)


@st.cache_resource(show_spinner=False)
def _training(index: Path) -> TrainingJob:
    """The same whichever model the index has: a run may give it another one."""
    return TrainingJob(index)


def ingestion(settings: Settings) -> Ingestion:
    """What adds documents in the background, one run of each index at a time."""
    known = _ingestions.get(settings.index)
    if known is not None and known.running:
        return known  # whatever has been let go, or set otherwise, since it began
    found = _ingestions[settings.index] = _of(settings).ingestion(
        settings, turns=_turns(settings.index)
    )
    return found


def watching(settings: Settings) -> FolderWatch:
    """What follows changes of folders in the background, for as long as the server runs."""
    found = _watching(settings.index, settings)
    if not fills_alike(found.settings, settings):
        _watching.clear(settings.index)
        found = _watching(settings.index, settings)
    return found


@st.cache_resource(show_spinner=False, on_release=FolderWatch.close)
def _watching(index: Path, _settings: Settings) -> FolderWatch:
    return FolderWatch(*opened(_settings), _settings, turns=_turns(index))


@st.cache_resource(show_spinner=False)
def _turns(index: Path) -> Turns:  # noqa: ARG001
    """One for each index: what fills it and what watches its folders take turns."""
    return Turns()


@st.cache_resource(show_spinner=False)
def pulling() -> ModelPull:
    """What gets models from the hub, one at a time."""
    return ModelPull()
