"""What hits are taken from: neighbours as one stretch, each extended to its section."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.index.catalog.catalog import Catalog
from rag_app.schema import Chunk, Hit

LONGEST = 4_000  # characters; a section without end is shown around its hit


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document around hits: `document.text[start:end] == text`.

    `page` and `heading` are those of its beginning; `hits` are best first.
    """

    source: str
    text: str
    start: int
    end: int
    page: int | None
    heading: str
    hits: tuple[Hit, ...]


def sections(hits: Sequence[Hit], catalog: Catalog, *, longest: int = LONGEST) -> list[Section]:
    """The sections that the hits stand in, in the order of their best hits.

    A section is the chunks under the same headings; those that touch are one.

    Args:
        hits: Of one search.
        catalog: Of the index that was searched.
        longest: Characters to which a hit is extended; 0 joins neighbouring hits only.
    """
    by_document: dict[str, list[Hit]] = {}
    for hit in hits:
        by_document.setdefault(hit.chunk.document_id, []).append(hit)
    found = [
        section
        for document, its in by_document.items()
        for section in _of_document(catalog.chunks_of(document), its, longest)
    ]
    return sorted(found, key=lambda section: section.hits[0].rank)


def _of_document(chunks: Sequence[Chunk], hits: Sequence[Hit], longest: int) -> Iterator[Section]:
    places = {chunk.id: n for n, chunk in enumerate(chunks)}
    wanted: set[int] = set()
    for hit in hits:
        # A document that has changed since has the hit no longer; it is left out.
        if (place := places.get(hit.chunk.id)) is not None:
            wanted |= set(_around(chunks, place, longest))
    for first, last in _runs(sorted(wanted)):
        part = chunks[first : last + 1]
        yield Section(
            part[0].source,
            "".join(chunk.text for chunk in part),
            part[0].start,
            part[-1].end,
            part[0].page,
            part[0].heading,
            tuple(hit for hit in hits if first <= places.get(hit.chunk.id, -1) <= last),
        )


def _around(chunks: Sequence[Chunk], place: int, longest: int) -> range:
    """The chunk and those before and after it under its headings, as far as they fit."""
    first = last = place
    length = len(chunks[place].text)
    grows = True
    while grows:
        grows = False
        for near in (last + 1, first - 1):
            if not 0 <= near < len(chunks) or chunks[near].heading != chunks[place].heading:
                continue
            if length + len(chunks[near].text) <= longest:
                length += len(chunks[near].text)
                first, last, grows = min(first, near), max(last, near), True
    return range(first, last + 1)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of numbers that follow one another."""
    begin = 0
    for n, number in enumerate(numbers):
        if n + 1 == len(numbers) or numbers[n + 1] != number + 1:
            yield numbers[begin], number
            begin = n + 1
