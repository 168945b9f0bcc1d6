"""Gives an index another embedding model, and its former one back.

The new vectors are made beside the old ones, with which the index goes on answering; then it
changes over in one step. No text is cut anew, so both models have to cut texts alike.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ConfigError, IndexMismatch, ModelError
from rag_app.index.cached_embedding import Embedding
from rag_app.index.catalog.rows import text_digest
from rag_app.index.chosen_model import ModelNote, former_model, own_model
from rag_app.index.index import Index
from rag_app.index.index_fingerprint import Recipe, surrounded
from rag_app.index.stores.stored_chunk import parts
from rag_app.protocols import Embedder, VectorCache
from rag_app.schema import Chunk

_BATCH = 512  # chunks after which the progress is told

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was done.

    Attributes:
        former: Name of the model that the index had.
        model: Name of the one that it has; the same where it had that already.
        embedded: Texts that went through the model; the others had their vector.
        seconds: What it took.
    """

    former: str
    model: str
    embedded: int
    seconds: float


def adopt(
    index: Index,
    new: Embedder,
    *,
    current: Embedder,
    tokens: int = 512,
    context: int = 0,
    cache: VectorCache | None = None,
    progress: Progress | None = None,
) -> Adoption:
    """Make another model the index's own; what an interrupted run embedded is not lost.

    Args:
        index: Opened with the new model.
        new: That model.
        current: The model that the index has.
        tokens: As in `sync`; documents ingested with these need not be read again.
        context: The same.
        cache: Vectors shared with other machines.
        progress: Called with the chunks done, and those to be done, now and then.

    Raises:
        ConfigError: The two cut texts differently.
        IndexLocked: Another process is writing; only the change is left to be done.
        IndexMismatch: The index has neither of the two.
    """
    own = own_model(index.catalog)
    if own and own.fingerprint == new.fingerprint:
        return Adoption(new.name, new.name, 0, 0.0)
    if own and own.fingerprint != current.fingerprint:
        raise IndexMismatch(
            f"{index.folder} does not have the model {current.name}, but {own}; "
            "name the one that it has with --embedder"
        )
    if (new.tokenizer, new.max_tokens) != (current.tokenizer, current.max_tokens):
        raise ConfigError(
            f"{new.name} cuts texts in another way than {current.name}; with it the documents "
            f"have to be read again: `rag-ingest FOLDERS --embedder {new.name}`"
        )
    former = ModelNote(current.name, current.fingerprint)
    embedding = Embedding(index.catalog.kept, new, cache)
    return _change(index, embedding, former, Recipe(new, tokens, context), progress)


def go_back(
    index: Index,
    former: Embedder,
    *,
    tokens: int = 512,
    context: int = 0,
    cache: VectorCache | None = None,
    progress: Progress | None = None,
) -> Adoption:
    """Make the model that the index had before its last adoption its own again.

    Only what was added since is embedded. The model that it has need not be there any more.

    Args:
        index: Opened with the former model; `former_model` says which that is.
        former: That model.
        tokens: As in `adopt`, like the others.
        context: The same.
        cache: The same.
        progress: The same.

    Raises:
        ConfigError: The index has adopted none.
        IndexLocked: Another process is writing; only the change is left to be done.
        ModelError: The files of the former model are no longer the same.
    """
    own, noted = own_model(index.catalog), former_model(index.catalog)
    if own is None or noted is None:
        raise ConfigError(f"{index.folder} has adopted no model, so it cannot go back")
    if noted.fingerprint != former.fingerprint:
        raise ModelError(
            f"{noted.name} is no longer the model that {index.folder} had; "
            f"`rag-app embed adopt {noted.name}` takes it as it is now"
        )
    embedding = Embedding(index.catalog.kept, former, cache)
    return _change(index, embedding, own, Recipe(former, tokens, context), progress)


def _change(
    index: Index,
    embedding: Embedding,
    former: ModelNote,
    recipe: Recipe,
    progress: Progress | None,
) -> Adoption:
    begun = perf_counter()
    new = recipe.embedder
    recipes = {recipe.with_model(former.fingerprint): recipe.fingerprint}
    done = False
    while not done:  # documents may come in while others are embedded
        _embed(index, embedding, _SeenTexts(index, new), progress)
        done = index.adopt(former, recipes)
    return Adoption(former.name, new.name, embedding.embedded, perf_counter() - begun)


def _embed(
    index: Index, embedding: Embedding, texts: "_SeenTexts", progress: Progress | None
) -> None:
    """Have all texts of the index embedded."""
    lacking = list(index.catalog.kept.lacking(index.model).items())
    for part in parts(len(lacking), most=_BATCH):
        embedding.ensure([*texts.of(dict(lacking[part]))])
        if progress is not None:
            progress(min(part.stop, len(lacking)), len(lacking))


class _SeenTexts:
    """The texts that chunks' vectors are of: their own, or with what stands around them.

    Of the latter the catalogue has only the digest. How many tokens stood on each side is
    found by trying, beginning with what was right for the chunk before.
    """

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._context = 1
        self._document = lru_cache(maxsize=1)(self._read)

    def of(self, digests: Mapping[str, str]) -> Iterator[str]:
        """The texts of the chunks that are there, by their ids and the texts' digests."""
        for id_, chunk in self._index.catalog.chunks(digests).items():
            own = text_digest(chunk.text) == digests[id_]
            yield chunk.text if own else self._surrounded(chunk, digests[id_])

    def _surrounded(self, chunk: Chunk, digest: str) -> str:
        text, spans = self._document(chunk.document_id)
        for context in (self._context, *range(1, self._embedder.max_tokens // 2)):
            seen = surrounded(text, spans, chunk.start, chunk.end, context)
            if text_digest(seen) == digest:
                self._context = context
                return seen
        raise ConfigError(
            f"{chunk.source} was not ingested as others are today; run `rag-ingest` on its folder "
            f"with --embedder {self._embedder.name}, which embeds it again"
        )

    def _read(self, document_id: str) -> tuple[str, NDArray[np.int64]]:
        """The document's text, of which no chunk leaves anything out, and its tokens."""
        text = "".join(chunk.text for chunk in self._index.catalog.chunks_of(document_id))
        return text, self._embedder.tokenizer.spans(text)
