"""What flows through the application.

paths ─▶ Document ─▶ Chunk ─▶ Hit ─▶ Citation ─▶ Answer

Every offset is half-open and counts characters of `Document.text`; every type is
frozen, so a stage can only make a new value, never change one under another stage.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

Mode = Literal["read", "generate", "abstain"]
Precision = Literal["float32", "int8", "binary"]  # of the codes that vectors are found by
WeightPrecision = Literal["auto", "bfloat16", "float32", "int8"]
Device = Literal["auto", "cpu", "cuda"]  # that computes the embedding model
Status = Literal["indexed", "partial", "skipped", "failed"]
Metadata = Mapping[str, str]

# The level of a heading that is the header of a table. One with an empty title ends the
# table; chunks cut from its middle carry the header as the last part of their heading.
COLUMNS = 7


def identify(*parts: str | bytes) -> str:
    """A stable 32-digit hex id of the parts, in order."""
    digest = sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Document:
    """The text extracted from one file.

    Attributes:
        id: Made from where the document lies, see `identify`.
        source: Its path as the user gave it; what citations show.
        text: All extracted text. Everything else points into it.
        title: For people and for lexical search; may be empty.
        digest: SHA-256 of the file's bytes, in hex.
        page_starts: Ascending offsets where pages begin; empty where the format has none.
        headings: `(offset, level, title)` in ascending order, level 1 the highest;
            `COLUMNS` names the columns of the table that begins there.
        metadata: At least `format` and `folder`.
        missing: What could not be read, for a person; empty when the whole file was.
    """

    id: str
    source: str
    text: str
    title: str
    digest: str
    page_starts: tuple[int, ...] = ()
    headings: tuple[tuple[int, int, str], ...] = ()
    metadata: Metadata = field(default_factory=dict)
    missing: str = ""

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that holds the offset, or None where there are no pages."""
        return bisect_right(self.page_starts, offset) or None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document: `document.text[start:end] == text`, never stripped.

    `headings` are (start, end) in the document of the headings that stand in it; None where
    nobody knows, as in the index of an earlier version.
    `seen` is what its vector is made from, where that is more than the text; else empty.
    It is not stored with the chunk.
    """

    id: str
    document_id: str
    source: str
    text: str
    start: int
    end: int
    page: int | None
    heading: str
    tokens: int
    headings: tuple[tuple[int, int], ...] | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Signals:
    """What each stage said of a hit; None where it was not used.

    Attributes:
        dense: Cosine of question and chunk, −1…1, higher is closer.
        lexical: BM25, 0 or more, higher is better; 0 where no term matches.
        rerank: The reranker's score, 0…1, higher is better.
    """

    dense: float | None = None
    lexical: float | None = None
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved chunk. Score 0…1, higher is better; ranks run 1..n.

    `also` has the sources of other documents that say the same.
    """

    chunk: Chunk
    score: float
    rank: int
    signals: Signals
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Hits, best first, and where the time went (stage → seconds)."""

    question: str
    hits: tuple[Hit, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read for an answer.

    Attributes:
        text: Any text.
        name: What it is taken from, in words.
        prior: What retrieval thought of it beside the others, 0…1.
        headings: (start, end) in the text of what is a heading; None where nobody knows.
    """

    text: str
    name: str = ""
    prior: float = 1.0
    headings: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one passage that answers: `passages[passage][start:end]`, score 0…1.

    `words` are (start, end) of the fewest words in it that answer, where a reader can tell.
    """

    passage: int
    start: int
    end: int
    score: float
    words: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Spans, best first, and the calibrated chance, 0…1, that they answer the question."""

    spans: tuple[Span, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim of an answer tied to the exact words that support it.

    `document.text[start:end] == quote`, and `answer.text[answer_start:answer_end]` is
    the claim. `score` is the strength of the support, 0…1. `words` are (start, end) in the
    document of the fewest words of the quote that answer, where the reader could tell.
    """

    number: int
    chunk_id: str
    source: str
    page: int | None
    start: int
    end: int
    quote: str
    answer_start: int
    answer_end: int
    score: float
    words: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A grounded answer; no citations exactly when the mode is "abstain".

    `confidence` is the estimated chance, 0…1, that the documents answer the question.
    `searched` is the standalone question that was searched for.
    `note` says what a person should know, such as evidence cut to fit the model.
    `unsupported` are (start, end) of sentences of the text that no document supports.
    """

    question: str
    text: str
    mode: Mode
    confidence: float
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    seconds: Mapping[str, float]
    searched: str = ""
    note: str = ""
    unsupported: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if (self.mode == "abstain") != (not self.citations):
            raise ValueError(f"mode {self.mode!r} with {len(self.citations)} citations")
        known = {hit.chunk.id for hit in self.hits}
        if strangers := [c.number for c in self.citations if c.chunk_id not in known]:
            raise ValueError(f"citations {strangers} point to no hit")


@dataclass(frozen=True, slots=True)
class Found:
    """Streaming: the evidence, before any word of the answer.

    Attributes:
        hits: Best first.
        searched: The standalone question they were found with.
    """

    hits: tuple[Hit, ...]
    searched: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """Streaming: the answer in quotes, where a language model is about to write another."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Delta:
    """Streaming: the next words. They are a draft until `Done` brings the checked answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Streaming: the checked answer; always the last event."""

    answer: Answer


Event = Found | Quoted | Delta | Done
