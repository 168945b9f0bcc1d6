"""An answer as it is kept: its text, its quotes, and the digests of the quoted files.

The JSON of all answers stands in every file that is written, hidden in those that are made
for people, so that any of them can be checked again.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from rag_app.errors import DataError
from rag_app.index.catalog.catalog import Catalog
from rag_app.schema import Answer, Mode
from rag_app.text.surrogates import loads

_FORMAT, _VERSION = "rag-app answers", 1
# What hides it: in HTML and in Markdown no character of the JSON itself ends the hiding.
_HIDDEN = re.compile(r'\{"format": "rag-app answers".*\}')
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


@dataclass(frozen=True, slots=True)
class Quote:
    """One citation, with the SHA-256 of the bytes of the file it was taken from, in hex.

    `quote` stood at `[start, end)` of the text extracted from the file; `claim` is the
    (start, end) of what it supports in the answer's text.
    """

    number: int
    source: str
    page: int | None
    start: int
    end: int
    quote: str
    claim: tuple[int, int]
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """An answer and its quotes."""

    question: str
    text: str
    mode: Mode
    confidence: float
    quotes: tuple[Quote, ...]
    unsupported: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, answer: Answer, digests: Mapping[str, str]) -> Self:
        """The answer as it is kept; `digests` are those of its sources."""
        quotes = tuple(
            Quote(
                number=citation.number,
                source=citation.source,
                page=citation.page,
                start=citation.start,
                end=citation.end,
                quote=citation.quote,
                claim=(citation.answer_start, citation.answer_end),
                digest=digests[citation.source],
            )
            for citation in answer.citations
        )
        return cls(
            answer.question,
            answer.text,
            answer.mode,
            answer.confidence,
            quotes,
            answer.unsupported,
        )


def records_of(answers: Iterable[Answer], catalog: Catalog) -> list[Record]:
    """The answers as they are kept, with the digests that the index knows of their sources."""
    return [Record.of(answer, _digests(answer, catalog)) for answer in answers]


def _digests(answer: Answer, catalog: Catalog) -> dict[str, str]:
    sources = dict.fromkeys(citation.source for citation in answer.citations)
    found = ((source, catalog.document(source)) for source in sources)
    # A document that went while the answer was written has no bytes to compare with.
    return {source: document.digest if document else "" for source, document in found}


def as_json(records: Iterable[Record], *, hidden: bool = False) -> str:
    """The records as JSON, on one line and without <, > and & where it is to be hidden."""
    told = {"format": _FORMAT, "version": _VERSION, "answers": [asdict(r) for r in records]}
    if not hidden:
        return json.dumps(told, indent=2)
    line = json.dumps(told)
    return re.sub("[<>&]", lambda match: _ESCAPES[match[0]], line)


def read_records(path: Path) -> list[Record]:
    """The records of a file that was written here, in any of its formats.

    Raises:
        DataError: The file cannot be read, or holds no answers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}") from error
    hidden = _HIDDEN.search(text)
    try:
        told = loads(hidden[0] if hidden else text)
        if told["format"] != _FORMAT or told["version"] != _VERSION:
            raise ValueError(f"{told['format']!r}, version {told['version']!r}")
        return [_record(row) for row in told["answers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: holds no answers of `rag-app ask --export`, version {_VERSION} ({error!r})"
        ) from error


def _record(row: Mapping[str, Any]) -> Record:
    quotes = tuple(Quote(**{**quote, "claim": _pair(quote["claim"])}) for quote in row["quotes"])
    for quote in quotes:
        if not all(isinstance(value, str) for value in (quote.source, quote.quote, quote.digest)):
            raise TypeError(f"quote {quote.number} is not made of text")
    unsupported = tuple(map(_pair, row["unsupported"]))
    return Record(**{**row, "quotes": quotes, "unsupported": unsupported})


def _pair(value: Sequence[int]) -> tuple[int, int]:
    start, end = value
    return int(start), int(end)
