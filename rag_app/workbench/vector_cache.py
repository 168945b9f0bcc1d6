"""What is kept of vectors, in the index and on the server that shares them."""

from dataclasses import dataclass, replace

from rag_app.errors import ConfigError, ModelError
from rag_app.index.catalog.embedding_cache import ModelVectors
from rag_app.index.index import Index
from rag_app.index.redis_cache import shared_vectors
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.models.registry import models_here
from rag_app.opening import open_embedder
from rag_app.settings.provenance import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """The server's part: whether it answers, its vectors, and how many texts it knows."""

    reachable: bool
    models: tuple[ModelVectors, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Vectors that need not be made again.

    Attributes:
        models: What the index keeps of each model, most first.
        texts: How many different texts the index has now.
        known: How many of them have a vector of the index's model.
        shared: The server's part, where `vector_cache` names one.
    """

    models: tuple[ModelVectors, ...]
    texts: int
    known: int
    shared: Shared | None


def look(index: Index, settings: Settings) -> Kept:
    """What the index and the server keep.

    Raises:
        ConfigError: `vector_cache` is no address.
    """
    kept = index.catalog.kept
    present = kept.present()
    return Kept(
        models=tuple(kept.by_model()),
        texts=len(present),
        known=kept.count_present(index.model),
        shared=_shared(settings, index.model, present),
    )


def names_here(settings: Settings) -> dict[str, str]:
    """Fingerprints of the embedding models on this machine, and their names."""
    here = [m.name for m in models_here(settings) if m.size and m.role != "generator"]
    names: dict[str, str] = {}
    for name in (BUNDLED_EMBEDDER, *here):
        try:
            names.setdefault(open_embedder(replace(settings, embedder=name)).fingerprint, name)
        except ModelError:
            continue
    return names


def forget(index: Index, model: str, names: dict[str, str]) -> ModelVectors:
    """Remove a former model's vectors; what they were.

    Args:
        index: Whose own model is another one.
        model: Its fingerprint, or the beginning of it, or its name.
        names: Of fingerprints.

    Raises:
        ConfigError: It is the index's own model, or no vectors of it, or of several, are kept.
        IndexLocked: Another process is writing.
    """
    found = [
        kept
        for kept in index.catalog.kept.by_model()
        if model and (kept.model.startswith(model) or names.get(kept.model) == model)
    ]
    if len(found) != 1:
        raise ConfigError(
            f"{len(found)} models with vectors here are called {model!r}; "
            "`rag-app embed cache` lists them"
        )
    index.check_model()
    if found[0].model == index.model:
        raise ConfigError(f"{model} is the index's own model; its vectors are needed")
    with index.writing() as writer:
        writer.forget_vectors(found[0].model)
    return found[0]


def _shared(settings: Settings, model: str, present: list[str]) -> Shared | None:
    server = shared_vectors(settings)
    if server is None:
        return None
    models = server.by_model()
    if models is None:
        return Shared(False, (), 0)
    return Shared(True, tuple(models), server.count_known(model, present))
