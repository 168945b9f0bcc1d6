"""The wiring: settings in, working objects out. Nothing else builds them."""

from collections.abc import Generator as Iterating
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from rag_app.answerer import Answerer
from rag_app.calibration import STATE, Calibration
from rag_app.collection_folders import folder_of
from rag_app.config import Settings
from rag_app.errors import ConfigError, ModelError
from rag_app.index.chosen_model import own_model_of
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.files import BUNDLED_EMBEDDER, cached_model, find_model
from rag_app.models.generator import CausalGenerator
from rag_app.models.late_interaction import LateInteraction
from rag_app.models.reader import READER, SentenceReader
from rag_app.models.span_scorer import SpanScorer
from rag_app.protocols import Embedder, Generator, Pointer, Reader, Reranker
from rag_app.retriever import Retriever
from rag_app.schema import Answer, Event
from rag_app.served_embeddings import open_served_embedder
from rag_app.served_models import is_served, open_served_model
from rag_app.variants import ANSWERING, WRITING, changed_settings


class Rag:
    """An index with everything needed to ask it."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        retriever: Retriever,
        reader: Reader,
        *,
        generator: Generator | None,
        settings: Settings,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self.retriever = retriever
        self.reader = reader
        self.generator = generator
        self.settings = settings
        self._answerer = Answerer(
            retriever,
            reader,
            generator=generator,
            min_confidence=settings.min_confidence,
            strict=settings.strict,
        )

    @classmethod
    def open(
        cls,
        index: str | Path | None = None,
        *,
        collection: str | None = None,
        settings: Settings | None = None,
    ) -> Self:
        """The index in the folder, or the default one, with the models the settings name.

        Args:
            index: The folder.
            collection: The name of one of its collections; without it, the first.
            settings: Instead of both.

        Raises:
            RagError: A setting, a model or the index cannot be used.
        """
        settings = settings or Settings.load(index=folder_of(index, collection))
        return cls.around(*open_index(settings), settings=settings)

    @classmethod
    def around(cls, index: Index, embedder: Embedder, *, settings: Settings) -> Self:
        """The same of an index that is open, with the other models the settings name.

        Raises:
            RagError: A setting or a model cannot be used.
        """
        return cls.assemble(
            index,
            embedder,
            settings=settings,
            generator=open_generator(settings),
            reranker=open_reranker(settings),
        )

    @classmethod
    def assemble(
        cls,
        index: Index,
        embedder: Embedder,
        *,
        settings: Settings,
        generator: Generator | None = None,
        reranker: Reranker | None = None,
        pointer: Pointer | None = None,
    ) -> Self:
        """The same from ready objects, so that any of them can be one of your own."""
        retriever = _retriever(index, embedder, settings, reranker)
        reader = SentenceReader(
            embedder,
            pointer or open_pointer(settings),
            index.idf,
            # Looked up for every question: it may be fitted anew while this is open.
            calibration=lambda: calibration_of(index),
        )
        return cls(index, embedder, retriever, reader, generator=generator, settings=settings)

    def under(self, settings: Settings) -> "Rag":
        """The same index under other settings; models that both name are shared.

        Nothing that was found before is remembered. Close one of the two only.

        Raises:
            ConfigError: A setting differs that the index was made with.
            ModelError: A model that is named anew cannot be used.
        """
        changed = changed_settings(self.settings, settings)
        if fixed := sorted(changed - {*ANSWERING}):
            raise ConfigError(f"{fixed[0]} cannot change without a new index")
        reranker, generator = self.retriever.reranker, self.generator
        if "reranker" in changed:
            reranker = open_reranker(settings)
        if changed & {*WRITING}:
            generator = open_generator(settings)
        retriever = _retriever(self.index, self.embedder, settings, reranker)
        return Rag(
            self.index,
            self.embedder,
            retriever,
            self.reader,
            generator=generator,
            settings=settings,
        )

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        where: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
        strict: bool | None = None,
    ) -> Answer:
        """One checked answer.

        Args:
            question: As the user asked it.
            k: Hits to answer from; the configured number if not given.
            where: Only documents with these values; see `Retriever.search`.
            history: The user's earlier questions, oldest first, for follow-ups.
            strict: Leave out what a language model wrote without support, instead of telling;
                as it is configured if not given.
        """
        return self._answerer.ask(question, k=k, where=where, history=history, strict=strict)

    def stream(
        self,
        question: str,
        *,
        k: int | None = None,
        where: Mapping[str, str] | None = None,
        history: Sequence[str] = (),
        strict: bool | None = None,
    ) -> Iterating[Event, None, None]:
        """As `ask`, in events: the hits, the words as they come, the checked answer.

        Closing it stops the language model.
        """
        return self._answerer.stream(question, k=k, where=where, history=history, strict=strict)

    def close(self) -> None:
        """Close the index."""
        self.index.close()


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
        ModelError: It is the index's own, and not on this machine.
        StoreError: The index cannot be used.
    """
    name = embedder_name(settings)
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
    return index, embedder


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


def _retriever(
    index: Index, embedder: Embedder, settings: Settings, reranker: Reranker | None
) -> Retriever:
    return Retriever(
        index,
        embedder,
        k=settings.k,
        candidates=settings.candidates,
        dense_weight=settings.dense_weight,
        diversity=settings.diversity,
        reranker=reranker,
        reranked=settings.reranked,
    )


def _present(name: str) -> bool:
    return Path(name).expanduser().is_dir() or cached_model(name) is not None
