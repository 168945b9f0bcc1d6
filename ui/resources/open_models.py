"""The models that are open, each once, whichever collections use it."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

from rag_app.opening import open_embedder, open_generator, open_pointer, open_reranker
from rag_app.settings.provenance import Settings
from rag_app.settings.variants import WRITING

Model = TypeVar("Model")

# All that opening a model looks at, where the settings name the embedder.
DEPENDS_ON: Mapping[Callable[[Settings], Any], tuple[str, ...]] = {
    open_embedder: ("embedder", "embedder_dimensions", "embedder_batch", "threads", "device"),
    open_pointer: ("threads",),
    open_reranker: ("reranker", "threads", "device"),
    open_generator: WRITING,
}


class OpenModels:
    """Knows a model for as long as something uses it, and no longer: weights are large."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._known: WeakValueDictionary[tuple[object, ...], Any] = WeakValueDictionary()

    def shared(self, open_: Callable[[Settings], Model], settings: Settings) -> Model:
        """What is open already, or else what `open_` gives.

        Args:
            open_: One of those that `DEPENDS_ON` has.
            settings: What to open.

        Raises:
            RagError: The model cannot be used.
        """
        key = (open_, *(getattr(settings, name) for name in DEPENDS_ON[open_]))
        # Opening is quick: weights are loaded by their first use.
        with self._turn:
            if (known := self._known.get(key)) is not None:
                return cast("Model", known)
            if (model := open_(settings)) is not None:
                self._known[key] = model
            return model
