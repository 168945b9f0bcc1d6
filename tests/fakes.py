"""Small, deterministic stand-ins for the models, behind the same protocols."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_app.protocols import Message, TextKind, Vectors
from rag_app.reading.span_scores import SpanScores
from rag_app.schema import Chunk, Document, Hit, Passage, Reading, Signals, Span, identify

_WORD = re.compile(r"\w+|[^\w\s]")


class WordTokenizer:
    """Words and punctuation marks are tokens; two special ones are added."""

    special_tokens = 2
    splits_at_spaces = True

    def spans(self, text: str) -> NDArray[np.int64]:
        found = [match.span() for match in _WORD.finditer(text)]
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(self.spans(text)) for text in texts]


class HashEmbedder:
    """A bag of hashed words: texts that share words are close. Counts what it embeds."""

    name = "hash"
    tokenizer = WordTokenizer()

    def __init__(self, *, dimensions: int = 64, max_tokens: int = 64, version: str = "1") -> None:
        self.fingerprint = f"hash-{dimensions}-{version}"
        self.max_tokens = max_tokens
        self.embedded = 0
        self._dimensions = dimensions

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        self.embedded += len(texts)
        vectors = np.full((len(texts), self._dimensions), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower()):
                place = int.from_bytes(sha256(word.encode()).digest()[:4], "big")
                vectors[row, place % self._dimensions] += 1
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class FixedReader:
    """Always quotes the same stretch of the best passage, with the same confidence."""

    def __init__(self, start: int = 0, end: int = 5, *, confidence: float = 0.9) -> None:
        self._span = Span(0, start, end, 0.9)
        self._confidence = confidence

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        return Reading((self._span,) if passages else (), self._confidence)


class ScriptedGenerator:
    """Writes what it was told to, word by word, and remembers what it was asked."""

    name = "scripted"

    def __init__(self, written: str, *, prompt_tokens: int = 10_000) -> None:
        self.prompt_tokens = prompt_tokens
        self.asked: list[Sequence[Message]] = []
        self._written = written

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(_WORD.findall(message["content"])) for message in messages)

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        self.asked.append(messages)
        yield from re.findall(r"\S+\s*", self._written)


def a_document(text: str, *, source: str = "notes.md", **fields: object) -> Document:
    """A document that is no file; its source serves as id."""
    given: dict[str, object] = {"title": Path(source).stem, "metadata": {"format": "md"}} | fields
    digest = sha256(text.encode()).hexdigest()
    return Document(id=source, source=source, text=text, digest=digest, **given)  # type: ignore[arg-type]


def a_hit(text: str, *, source: str = "notes.md", start: int = 0, rank: int = 1) -> Hit:
    """A hit whose chunk holds the text."""
    chunk = Chunk(
        id=identify(source, str(start)),
        document_id=source,
        source=source,
        text=text,
        start=start,
        end=start + len(text),
        page=None,
        heading="",
        tokens=len(text.split()),
    )
    return Hit(chunk, 1 / rank, rank, Signals(0.5, 1.0))


class OverlapReranker:
    """The share of a question's words that a text has. Counts the texts it judges."""

    def __init__(self) -> None:
        self.judged = 0

    def scores(self, question: str, texts: Sequence[str]) -> Vectors:
        self.judged += len(texts)
        asked = set(_WORD.findall(question.lower()))
        shared = [len(asked & set(_WORD.findall(text.lower()))) for text in texts]
        return np.array(shared, np.float32) / len(asked)


class OverlapPointer:
    """An answer ends at a word of the question, and begins where it pleases."""

    def point(self, question: str, texts: Sequence[str]) -> list[SpanScores]:
        asked = set(_WORD.findall(question.lower()))
        return [self._pointed(asked, list(_WORD.finditer(text.lower()))) for text in texts]

    def _pointed(self, asked: set[str], found: list[re.Match[str]]) -> SpanScores:
        ends = np.array([4.0 * (match[0] in asked) - 2 for match in found], np.float32)
        spans = np.array([match.span() for match in found], np.int64).reshape(-1, 2)
        return SpanScores(np.zeros(len(found), np.float32), ends, spans)


# Makes a catalogue of today one of the fourth version.
FOURTH_VERSION = """
DROP TABLE behind;
ALTER TABLE chunks DROP COLUMN headings;
DROP INDEX documents_source;
DROP INDEX documents_given;
UPDATE documents SET source = given;
ALTER TABLE documents DROP COLUMN given;
ALTER TABLE documents DROP COLUMN stamp;
PRAGMA user_version = 4;
"""
