"""Ask your documents; every answer cites exact spans of them."""

from typing import TYPE_CHECKING, Any

from rag_app.errors import RagError
from rag_app.schema import Answer, Chunk, Citation, Document, Hit
from rag_app.settings.provenance import Settings

if TYPE_CHECKING:
    from rag_app.rag import Rag
    from rag_app.retrieval.retriever import Retriever

__all__ = [
    "Answer",
    "Chunk",
    "Citation",
    "Document",
    "Hit",
    "Rag",
    "RagError",
    "Retriever",
    "Settings",
    "__version__",
]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # These two lead to the stores; `import rag_app` stays quick without them.
    if name == "Rag":
        from rag_app.rag import Rag

        return Rag
    if name == "Retriever":
        from rag_app.retrieval.retriever import Retriever

        return Retriever
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
