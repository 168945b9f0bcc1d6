"""One index that is open, with what asks and fills it."""

from collections.abc import Iterable
from weakref import finalize

from rag_app.opening import (
    open_embedder,
    open_generator,
    open_index,
    open_pointer,
    open_reranker,
)
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from ui.jobs.ingestion import Ingestion, Turns
from ui.resources.open_models import DEPENDS_ON, OpenModels

# What an index is opened anew for, and what adding documents to it looks at besides.
_OPENING = ("vector_store", "vector_precision", *DEPENDS_ON[open_embedder])
_FILLING = (
    *("chunk_tokens", "context_tokens", "file_seconds", "file_mebibytes", "file_chunks"),
    "follow_links",
    *("vector_cache", "vector_cache_days"),
)
_models = OpenModels()


class OpenIndex:
    """An index with its embedder, and what asks and fills it as it is set now.

    Only some of the settings have it opened anew; for the others it is enough to put
    together again what is open.
    """

    def __init__(self, settings: Settings) -> None:
        embedder = _models.shared(open_embedder, settings)
        self.index, self.embedder = open_index(settings, embedder=embedder)
        # Let go, it may be in use; once it is not, its file must not stay open.
        finalize(self.index, self.index.catalog.close).atexit = False
        self._settings = settings
        self._rag: Rag | None = None
        self._filled: tuple[Settings, Ingestion] | None = None

    def fits(self, settings: Settings) -> bool:
        """Whether the same index would be opened in the same way."""
        return opens_alike(self._settings, settings)

    def rag(self, settings: Settings) -> Rag:
        """What answers questions under these settings."""
        if self._rag is None or self._rag.settings != settings:
            self._rag = Rag.assemble(
                self.index,
                self.embedder,
                settings=settings,
                generator=_models.shared(open_generator, settings),
                reranker=_models.shared(open_reranker, settings),
                pointer=_models.shared(open_pointer, settings),
            )
        return self._rag

    def ingestion(self, settings: Settings, *, turns: Turns) -> Ingestion:
        """What adds documents under these settings, one run at a time by these turns."""
        if self._filled is None or not fills_alike(self._filled[0], settings):
            run = Ingestion(self.index, self.embedder, settings, turns=turns)
            self._filled = (settings, run)
        return self._filled[1]


def opens_alike(one: Settings, other: Settings) -> bool:
    """Whether an index would be opened in the same way."""
    return _alike(_OPENING, one, other)


def fills_alike(one: Settings, other: Settings) -> bool:
    """Whether, besides, documents would be added in the same way."""
    return _alike((*_OPENING, *_FILLING), one, other)


def _alike(names: Iterable[str], one: Settings, other: Settings) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)
