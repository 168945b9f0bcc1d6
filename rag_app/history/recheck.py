"""Does what was quoted once still stand in the documents?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from rag_app.history.record import Quote, Record
from rag_app.index.catalog.catalog import Catalog
from rag_app.schema import Document

Verdict = Literal["stands", "moved", "gone", "missing", "unread"]
MEANING: dict[Verdict, str] = {
    "stands": "the words stand where they stood",
    "moved": "the same words stand elsewhere in the document",
    "gone": "the document no longer says it",
    "missing": "the document is not in the index",
    "unread": "the file has changed since it was read; run `rag-ingest` again, then check",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A quote and what became of it.

    Attributes:
        question: Whose answer quoted it.
        quote: As it was.
        verdict: See `MEANING`.
        start: Where the words stand now; None where they do not.
        changed: Whether the file is another than the one that was quoted.
    """

    question: str
    quote: Quote
    verdict: Verdict
    start: int | None
    changed: bool

    @property
    def holds(self) -> bool:
        """Whether the document says it."""
        return self.verdict in {"stands", "moved"}


def recheck(records: Iterable[Record], catalog: Catalog) -> Iterator[Checked]:
    """Every quote of the records, in order, against what the index holds now."""
    for record in records:
        for quote in record.quotes:
            verdict, start, changed = _look(quote, catalog)
            yield Checked(record.question, quote, verdict, start, changed)


def _look(quote: Quote, catalog: Catalog) -> tuple[Verdict, int | None, bool]:
    document = _quoted(quote, catalog)
    entry = catalog.entry(document.id) if document else None
    if document is None or entry is None:
        return "missing", None, True
    changed = document.digest != quote.digest
    if _is_stale(entry.file.path, document.digest):
        return "unread", None, True
    if document.text[quote.start : quote.end] == quote.quote:
        return "stands", quote.start, changed
    start = _nearest(document.text, quote)
    return ("gone", None, changed) if start is None else ("moved", start, changed)


def _quoted(quote: Quote, catalog: Catalog) -> Document | None:
    """The document of that source, or else the one with those bytes that was called so once."""
    if document := catalog.document(quote.source):
        return document
    others = map(catalog.document, catalog.called(quote.source))
    return next((each for each in others if each and each.digest == quote.digest), None)


def _is_stale(path: str, digest: str) -> bool:
    """Whether the file lies there with other bytes than the index knows."""
    try:
        with Path(path).open("rb") as file:
            return file_digest(file, "sha256").hexdigest() != digest
    except OSError:
        # Part of an archive, or moved away: the index has its text all the same.
        return False


def _nearest(text: str, quote: Quote) -> int | None:
    """Where the words stand, closest to where they stood."""
    after = text.find(quote.quote, quote.start)
    before = text.rfind(quote.quote, 0, quote.start + len(quote.quote))
    found = [start for start in (before, after) if start >= 0]
    return min(found, key=lambda start: abs(start - quote.start), default=None)
