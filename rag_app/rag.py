"""The wiring: settings in, a working `Rag` out. What each setting opens is in `opening`."""

from collections.abc import Generator as Iterating
from pathlib import Path
from typing import Self, Unpack

from rag_app.answerer import Answerer, AskOptions
from rag_app.errors import ConfigError
from rag_app.index.collections import folder_of
from rag_app.index.index import Index
from rag_app.opening import (
    calibration_of,
    open_generator,
    open_index,
    open_pointer,
    open_reranker,
)
from rag_app.protocols import Embedder, Generator, Pointer, Reader, Reranker
from rag_app.reading.reader import SentenceReader
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Answer, Citation, Document, Event
from rag_app.settings.provenance import Settings
from rag_app.settings.variants import ANSWERING, WRITING, changed_settings


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

    def ask(self, question: str, **how: Unpack[AskOptions]) -> Answer:
        """One checked answer; `AskOptions` says what can be asked for."""
        return self._answerer.ask(question, **how)

    def stream(self, question: str, **how: Unpack[AskOptions]) -> Iterating[Event, None, None]:
        """As `ask`, in events: the hits, the words as they come, the checked answer.

        Closing it stops the language model.
        """
        return self._answerer.stream(question, **how)

    def document(self, citation: Citation) -> Document:
        """The document that the citation quotes: `document.text[citation.start:citation.end]`.

        Raises:
            ConfigError: The index no longer has it.
        """
        found = self.index.catalog.document(citation.source)
        if found is None:
            raise ConfigError(f"{citation.source!r} is no longer in the index")
        return found

    def close(self) -> None:
        """Close the index."""
        self.index.close()


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
