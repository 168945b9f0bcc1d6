"""Opens what the settings name: the index, and each of its models."""

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from rag_app.errors import ModelError
from rag_app.generation.generator import CausalGenerator
from rag_app.index.chosen_model import own_model_of
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.late_interaction import LateInteraction
from rag_app.models.model_files import BUNDLED_EMBEDDER, cached_model, find_model
from rag_app.protocols import Embedder, Generator, Pointer, Reranker
from rag_app.providers.language_model import is_served, open_served_model
from rag_app.providers.provider_embedder import open_served_embedder
from rag_app.reading.calibration import STATE, Calibration
from rag_app.reading.reader import READER
from rag_app.reading.span_scorer import SpanScorer
from rag_app.settings.provenance import Settings
from rag_app.settings.settings_files import is_trusted, trust_own

REMEMBERED = "remembered embedder"  # what the index says of itself, among what users trust


def embedder_name(settings: Settings) -> str:
    """The embedding model of the settings, else the index's own, else the bundled one.

    Raises:
        StoreError: The index cannot be used.
    """
    own = None if settings.embedder else own_model_of(settings.index)
    return settings.embedder or (own.name if own else "") or BUNDLED_EMBEDDER


def settled(settings: Settings) -> Settings:
    """The settings with their embedding model named; see `embedder_name`.

    Raises:
        ModelError: It is the index's own, and not on this machine, or a provider's, and nobody
            but the index says that it may see the texts.
        StoreError: The index cannot be used.
    """
    name = embedder_name(settings)
    if not settings.embedder:
        check_trusted(settings.index, name)
    try:
        if not is_served(name):
            find_model(name)
    except ModelError as error:
        if name in {settings.embedder, BUNDLED_EMBEDDER}:
            raise
        raise ModelError(
            f"{settings.index} has the embedding model {name}, which is not on this machine; put "
            "it back, go back to the one before with `rag-app embed adopt --back`, or embed the "
            "documents with another: `rag-ingest FOLDERS --embedder NAME`"
        ) from error
    return replace(settings, embedder=name)


def open_index(settings: Settings, *, embedder: Embedder | None = None) -> tuple[Index, Embedder]:
    """The index and the embedder its vectors are made with.

    Args:
        settings: Which index, and which embedder.
        embedder: The same embedder, where it is open already.
    """
    embedder = embedder or open_embedder(settings)
    index = Index.open(
        settings.index,
        embedder=embedder,
        store=settings.vector_store,
        precision=settings.vector_precision,
    )
    if is_served(embedder.name):
        trust_own(settings.index, REMEMBERED, embedder.name)
    return index, embedder


def check_trusted(index: Path, embedder: str) -> None:
    """Does nothing where the model that the index names is here, or its provider is trusted.

    Raises:
        ModelError: Nobody has said so.
    """
    if is_served(embedder) and not is_trusted(index, REMEMBERED, embedder):
        raise ModelError(
            f"{index} has the embedding model {embedder}, whose provider would get to see "
            f"questions and texts; if you trust it: `rag-app config trust --index "
            f"{quote(str(index))}`"
        )


def open_embedder(settings: Settings) -> Embedder:
    """The embedding model of the settings, or the index's own: a provider's, or one here.

    Raises:
        ModelError: It cannot be used.
    """
    name = settled(settings).embedder
    if is_served(name):
        return open_served_embedder(name, dimensions=settings.embedder_dimensions)
    return SentenceEmbedder.open(
        name,
        threads=settings.threads,
        dimensions=settings.embedder_dimensions,
        batch=settings.embedder_batch,
        device=settings.device,
    )


def calibration_of(index: Index) -> Calibration:
    """How the reader's confidence is brought in line with the documents of the index."""
    return Calibration.loads(index.catalog.get(STATE), reader=READER)


def open_pointer(settings: Settings) -> Pointer:
    """The model that points at the words that answer.

    Raises:
        ModelError: It is missing or damaged.
    """
    return SpanScorer.open(threads=settings.threads)


def open_generator(settings: Settings) -> Generator | None:
    """The language model, where the settings ask for one, and it is served or on this machine.

    Raises:
        ModelError: The settings demand a model that is not there.
    """
    if settings.answer == "read":
        return None
    options: dict[str, Any] = {
        "max_new_tokens": settings.max_new_tokens,
        "seconds": settings.generator_seconds,
        "temperature": settings.temperature,
        "seed": settings.seed,
    }
    if is_served(settings.generator, settings.generator_url):
        context, url = settings.generator_context, settings.generator_url
        return open_served_model(settings.generator, url=url, context=context, **options)
    options["precision"] = settings.generator_precision
    if settings.answer == "auto" and not _present(settings.generator):
        return None
    return CausalGenerator.open(settings.generator, **options)


def open_reranker(settings: Settings) -> Reranker | None:
    """The late-interaction model, where the settings name one.

    Raises:
        ModelError: It is not there, or another kind of model.
    """
    return open_late_model(settings.reranker, settings) if settings.reranker else None


def open_late_model(name: str, settings: Settings) -> LateInteraction:
    """The late-interaction model of that name.

    Raises:
        ModelError: It is not there, or another kind of model.
    """
    return LateInteraction.open(name, threads=settings.threads, device=settings.device)


def _present(name: str) -> bool:
    return Path(name).expanduser().is_dir() or cached_model(name) is not None
