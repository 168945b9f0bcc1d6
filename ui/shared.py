"""What all visitors share: models, the index, and what is drawn from it.

Each is opened once for the settings that it depends on, and serves all pages, visitors and
the background work. The settings name the embedding model, so that all are opened again when
the index has another one. No spinner of their own: they are also opened without a page.
"""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import streamlit as st

from rag_app.config import Settings
from rag_app.index.index import Index
from rag_app.models.late_interaction import LateInteraction
from rag_app.protocols import Embedder, Generator
from rag_app.rag import Rag, open_generator, open_index, open_late_model
from rag_app.records.conversations import Conversations
from rag_app.workbench.collection import Collection, read_collection
from rag_app.workbench.collection_map import MOST, CollectionMap, map_of
from ui.filters import Choices, choices
from ui.ingestion import Ingestion
from ui.login import visitor
from ui.pulling import Pulling
from ui.training import Training
from ui.uploads import uploads_folder

_Key = dict[str | type[Any], Callable[[Any], Any]]


def _depending_on(*names: str) -> _Key:
    """A resource is opened anew only where one of these settings changes."""
    return {Settings: attrgetter(*names)}


_COMPUTING = ("threads", "device")
_INDEX = (
    *("index", "vector_store", "vector_precision"),
    *("embedder", "embedder_dimensions", "embedder_batch", *_COMPUTING),
)
_BY_COMPUTING = _depending_on(*_COMPUTING)
_BY_INDEX = _depending_on(*_INDEX)
_BY_WRITING = _depending_on(
    *("answer", "generator", "generator_url", "generator_context", "generator_precision"),
    *("max_new_tokens", "temperature", "seed"),
)
_BY_INGESTION = _depending_on(
    *(*_INDEX, "chunk_tokens", "context_tokens", "file_seconds", "file_mebibytes"),
    *("vector_cache", "vector_cache_days"),
)


@st.cache_resource(show_spinner=False, max_entries=1, hash_funcs=_BY_INDEX)
def opened(settings: Settings) -> tuple[Index, Embedder]:
    """The index and its embedder; takes some seconds the first time."""
    return open_index(settings)


@st.cache_resource(show_spinner=False, max_entries=1)
def rag(settings: Settings) -> Rag:
    """What answers questions."""
    reranker = late_model(settings.reranker, settings) if settings.reranker else None
    generator = _generator(settings)
    return Rag.assemble(
        *opened(settings), settings=settings, generator=generator, reranker=reranker
    )


@st.cache_resource(show_spinner=False, max_entries=1, hash_funcs=_BY_WRITING)
def _generator(settings: Settings) -> Generator | None:
    """The language model, where there is one."""
    return open_generator(settings)


def conversations(settings: Settings) -> Conversations:
    """The visitor's conversations."""
    return _conversations(settings.index).of(visitor.owner())


@st.cache_resource(show_spinner=False)
def _conversations(index: Path) -> Conversations:
    """The file that keeps everybody's."""
    return Conversations.open(index)


def filters(settings: Settings) -> Choices:
    """What questions can be restricted to."""
    return _filters(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner=False, max_entries=1, hash_funcs=_BY_INDEX)
def _filters(settings: Settings, generation: int) -> Choices:  # noqa: ARG001
    """Found anew whenever the catalogue has changed."""
    index, _ = opened(settings)
    return choices(index.catalog, uploads=uploads_folder(settings.index))


def collection_map(settings: Settings) -> CollectionMap:
    """The map of the library."""
    return _map(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner="Drawing the map …", max_entries=1, hash_funcs=_BY_INDEX)
def _map(settings: Settings, generation: int) -> CollectionMap:  # noqa: ARG001
    """Drawn anew whenever the catalogue has changed."""
    return map_of(collection(settings))


def collection(settings: Settings) -> Collection:
    """The passages of the library with their vectors."""
    return _collection(settings, opened(settings)[0].catalog.generation)


@st.cache_resource(show_spinner="Reading the library …", max_entries=1, hash_funcs=_BY_INDEX)
def _collection(settings: Settings, generation: int) -> Collection:  # noqa: ARG001
    """Read anew whenever the catalogue has changed."""
    return read_collection(opened(settings)[0], most=MOST)


@st.cache_resource(show_spinner="Opening the model …", max_entries=1, hash_funcs=_BY_COMPUTING)
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


@st.cache_resource(show_spinner=False, max_entries=1, hash_funcs=_BY_INGESTION)
def ingestion(settings: Settings) -> Ingestion:
    """What adds documents in the background, one run at a time."""
    index, embedder = opened(settings)
    return Ingestion(index, embedder, settings)


@st.cache_resource(show_spinner=False)
def pulling() -> Pulling:
    """What gets models from the hub, one at a time."""
    return Pulling()
