"""Question sets of one's own: what is asked, and what is known of the right answer.

JSON lines in one of three layouts: questions with `answer` and `gold`; with `source` alone;
and judged answers, as `rag-app feedback` and the page of the conversations write them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, TypeVar

from rag_app.errors import DataError
from rag_app.evaluation.temporary_index import parse_lines, read_text
from rag_app.index.catalog.catalog import Catalog
from rag_app.retrieval.question_length import check_question

_Item = TypeVar("_Item")
Names = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer stands: a document, by path or the end of one, and perhaps a span.

    `start` and `end` are half-open, in characters of the document's text; equal where only
    the document is known.
    """

    source: str
    start: int = 0
    end: int = 0

    @property
    def has_span(self) -> bool:
        """Whether it is more than a document."""
        return self.end > self.start


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what is known of its answer.

    Attributes:
        text: As people ask it.
        id: Names it in reports.
        kind: The set's own word for questions of its sort; may be empty.
        history: The earlier questions that it follows, oldest first.
        where: The documents it is asked of; see `Retriever.search`.
        answers: Words of which one must stand in the answer.
        quotes: Sentences of which one must be cited.
        wrong: Sentences that, cited all together, were judged to be no answer.
        places: Where the answer stands; all are needed.
        answerable: Whether the documents answer it; None where nobody knows.
    """

    text: str
    id: str = ""
    kind: str = ""
    history: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    answerable: bool | None = None

    @property
    def expected(self) -> tuple[str, ...]:
        """What would have been right to say."""
        return self.answers or self.quotes


def read_questions(file: Path) -> list[Question]:
    """The questions of a file.

    Raises:
        DataError: It is missing, holds none, or has another layout.
    """
    return parse_questions(read_text(file), name=str(file))


def parse_questions(text: str, *, name: str) -> list[Question]:
    """The questions of JSON lines; those without an id are numbered.

    Raises:
        DataError: There is none, or a line has another layout.
    """
    found = parse_lines(text, _question, name=name)
    if not found:
        raise DataError(f"{name} holds no questions")
    return [replace(q, id=q.id or str(number)) for number, q in enumerate(found, start=1)]


def _question(row: Mapping[str, Any]) -> Question:
    common = Question(
        text=row["question"].strip(),
        id=str(row.get("id") or ""),
        kind=str(row.get("kind") or ""),
        history=_texts(row.get("history")),
        where={str(key): str(value) for key, value in (row.get("where") or {}).items()},
    )
    if not common.text:
        raise ValueError("the question is empty")
    check_question(common.text, *common.history)
    return _judged(common, row) if "verdict" in row else _known(common, row)


def _known(common: Question, row: Mapping[str, Any]) -> Question:
    if not row.keys() & {"answer", "gold", "source"}:
        raise ValueError("say the `answer`, or null, the `gold` places or the `source`")
    answers = _texts(row.get("answer"))
    golds = row.get("gold") or ([row] if row.get("source") else ())
    places = tuple(map(_place, golds))
    return replace(common, answers=answers, places=places, answerable=bool(answers or places))


def _judged(common: Question, row: Mapping[str, Any]) -> Question:
    """A thumb up says that the answer was right; one down, that it was not."""
    quotes = tuple(str(source["quote"]) for source in row["sources"])
    common = replace(common, kind=common.kind or f"thumb {row['verdict']}")
    if row["verdict"] == "up":
        places = tuple(map(_place, row["sources"]))
        return replace(common, quotes=quotes, places=places, answerable=bool(quotes))
    # Whoever does not believe a refusal says that the documents do answer.
    return replace(common, wrong=quotes, answerable=None if quotes else True)


def _texts(value: object) -> tuple[str, ...]:
    """One text or several as several; null and what is empty as none."""
    given = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in given if one not in {None, ""})


def _place(row: Mapping[str, Any]) -> Place:
    return Place(str(row["source"]), int(row.get("start") or 0), int(row.get("end") or 0))


def spread(items: Sequence[_Item], limit: int | None) -> Sequence[_Item]:
    """So many of the items, spread evenly."""
    if limit is None or limit >= len(items):
        return items
    return [items[i * len(items) // limit] for i in range(limit)]


def names_of(source: str) -> tuple[str, ...]:
    """What a document may be called: its source, or the end of that path."""
    parts = PurePath(source).parts
    return (source, *("/".join(parts[-n:]) for n in range(1, len(parts))))


def sources_by_name(catalog: Catalog) -> Names:
    """The sources that hits can have for each name of a document.

    A file with the same bytes as another has its hits under the other's source.
    """
    entries = [entry for entry in catalog.entries() if entry.chunks or entry.same_as]
    holders = {entry.file.path: entry.source for entry in entries}
    found: dict[str, set[str]] = {}
    for entry in entries:
        for name in (*names_of(entry.source), entry.file.path):
            found.setdefault(name, set()).add(holders.get(entry.same_as, entry.source))
    return {name: frozenset(sources) for name, sources in found.items()}


def of_these(questions: Sequence[Question], names: Names, *, name: str) -> list[Question]:
    """The questions whose documents are all there.

    Args:
        questions: Of a set.
        names: See `sources_by_name`.
        name: Of the set.

    Raises:
        DataError: That leaves none but questions to be refused.
    """
    kept = [q for q in questions if all(place.source in names for place in q.places)]
    missing = [p.source for q in questions for p in q.places if p.source not in names]
    if missing and all(question.answerable is False for question in kept):
        raise DataError(f"{name}: {missing[0]!r} is not in the index; ingest it, or use another")
    return kept
