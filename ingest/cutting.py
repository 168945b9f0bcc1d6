"""Documents into their chunks as a recipe wants them, here or in a child process."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from ingest.chunking import chunk
from rag_app.index.index_fingerprint import Recipe
from rag_app.models.embedder import WordPieces
from rag_app.protocols import Tokenizer
from rag_app.schema import Chunk, Document

_OF_THE_DOCUMENT = ("document_id", "source", "text")  # what a chunk has of it


@dataclass(frozen=True, slots=True)
class Cut:
    """A document, its chunks in order, and the seconds that cutting it took."""

    document: Document
    chunks: Sequence[Chunk]
    seconds: float


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts documents.

    Attributes:
        tokenizer: The embedding model's own.
        tokens: Longest chunk, special tokens included.
        context: Tokens on each side of a chunk that its vector sees besides.
        most: Chunks of one document; None for any number.
    """

    tokenizer: Tokenizer
    tokens: int
    context: int = 0
    most: int | None = None

    @classmethod
    def of(cls, recipe: Recipe, *, most: int | None = None) -> Self:
        """The one that a recipe asks for."""
        return cls(recipe.embedder.tokenizer, recipe.longest, recipe.surroundings, most)

    @classmethod
    def from_settings(cls, folder: str, longest: int, **how: Any) -> Self:
        """A cutter from the values of `as_settings`."""
        return cls(WordPieces(Path(folder), longest=longest), **how)

    def as_settings(self) -> Mapping[str, Any] | None:
        """All that another process needs, as JSON values; None if it cannot have the tokenizer."""
        if not isinstance(self.tokenizer, WordPieces):
            return None
        named = {"folder": str(self.tokenizer.folder), "longest": self.tokenizer.longest}
        return {**named, "tokens": self.tokens, "context": self.context, "most": self.most}

    def cut(self, document: Document) -> Cut:
        """The document with its chunks; what too long a text lacks of them is said."""
        begun = perf_counter()
        how: dict[str, Any] = {"tokens": self.tokens, "context": self.context, "most": self.most}
        chunks = chunk(document, tokenizer=self.tokenizer, **how)
        end = chunks[-1].end if chunks else 0
        if len(chunks) == self.most and document.text[end:].strip():
            lacking = (
                f"all after the first {end:,} characters of {len(document.text):,}, which are "
                f"{self.most:,} passages; raise file_chunks and run with --rebuild"
            )
            missing = "; ".join(filter(None, (document.missing, lacking)))
            document = replace(document, missing=missing)
        return Cut(document, chunks, perf_counter() - begun)


def as_values(found: Document | Cut) -> dict[str, Any]:
    """What was read of a file, as JSON values."""
    if isinstance(found, Document):
        return {"document": _values(found)}
    chunks = [_values(chunk, without=_OF_THE_DOCUMENT) for chunk in found.chunks]
    return {**as_values(found.document), "chunks": chunks, "seconds": found.seconds}


def from_values(
    document: dict[str, Any], chunks: Sequence[dict[str, Any]] | None = None, seconds: float = 0.0
) -> Document | Cut:
    """What was read of a file, from the JSON values of `as_values`."""
    whole = Document(**_with_tuples(document))
    if chunks is None:
        return whole
    id_, source, text = whole.id, whole.source, whole.text
    made = [
        Chunk(
            document_id=id_,
            source=source,
            text=text[one["start"] : one["end"]],
            **_with_tuples(one),
        )
        for one in chunks
    ]
    return Cut(whole, made, seconds)


def _values(of: Document | Chunk, *, without: Collection[str] = ()) -> dict[str, Any]:
    return {f.name: getattr(of, f.name) for f in fields(of) if f.name not in without}


def _with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no tuples; ours hold values, or tuples of values (a million, of headings)."""

    def frozen(value: Any) -> Any:
        rows = isinstance(value, list) and value and isinstance(value[0], list)
        return tuple(map(tuple, value)) if rows else tuple(value)

    return {name: frozen(v) if isinstance(v, list) else v for name, v in values.items()}
