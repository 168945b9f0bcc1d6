"""PowerPoint presentations from before 2007 (.ppt): a page for each slide [MS-PPT]."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.loading.extracted import Extracted, TextBuilder, without_text
from ingest.loading.legacy.compound_file import Streams
from ingest.loading.legacy.ppt_file import (
    BYTES,
    CHARACTERS,
    MASTER,
    NOTES,
    SLIDE,
    STRING,
    TEXT_HEADER,
    Listing,
    Record,
    SlidesFile,
)
from ingest.loading.tables.grid import Span, add_grid

_SLIDE_HEAD, _NOTES_HEAD = 0x03EF, 0x03F1
_OUTLINE_REFERENCE, _PLACEHOLDER, _FOOTERS, _COMMENT = 0x0F9E, 0x0BC3, 0x0FD9, 0x2EE0
_GROUP, _SHAPE, _TEXT_BOX, _PLACE, _OPTIONS = 0xF003, 0xF004, 0xF00D, 0xF00F, 0xF122
_TABLE = 0x039F  # the option of a group that is a table
_TITLES, _NOTES_KIND = (0, 6), 2
_SLIDES, _MASTERS, _NOTES = 0, 1, 2
_HAIR = 20  # parts of a cell
_DEEPEST = 20  # groups of shapes


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of a shape: of which kind, where it stands, and whether it fills a place."""

    kind: int
    words: str
    placeholder: bool = False
    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


def extract(data: bytes) -> Extracted:
    """Slide by slide: title, shapes, tables, what its master shows, notes, comments.

    Raises:
        LoadError: The file is locked or damaged.
    """
    streams = Streams(data, newer=".pptx")
    slides = _Slides(SlidesFile(streams))
    found = list(slides.all())
    blank = []
    builder = TextBuilder()
    for number, (record, texts) in enumerate(found, start=1):
        builder.page()
        part = slides.read(record, texts).build()
        builder.part(part)
        if not part.text:
            blank.append(number)
    properties = streams.properties()
    extracted = builder.build(properties.pop("title", ""))
    if not extracted.text:
        return Extracted("", missing=without_text(blank, len(found)))
    return replace(extracted, metadata=properties, missing=without_text(blank, len(found)))


class _Slides:
    def __init__(self, file: SlidesFile) -> None:
        self._file = file
        self._told: set[str] = set()  # of footers and masters, which repeat
        self._masters = {master.id: master for master in file.listed(_MASTERS)}
        self._notes = dict(self._all_notes())

    def all(self) -> Iterator[tuple[Record | None, Listing]]:
        """The slides with what the document says of them; without a list, as they lie."""
        if listed := self._file.listed(_SLIDES):
            for slide in listed:
                yield self._file.persistent(slide.persistent, SLIDE), slide
        else:
            nothing = Listing(0, 0, ())
            yield from ((r, nothing) for r in self._file.top() if r.kind == SLIDE)

    def read(self, slide: Record | None, listing: Listing) -> TextBuilder:
        """One slide."""
        builder = TextBuilder()
        if slide is None:
            _add(builder, [[_Text(kind, words)] for kind, words in listing.texts])
            return builder
        _add(builder, list(self._shapes(slide, listing)))
        for record in self._file.inside(slide):
            if record.kind == _SLIDE_HEAD:
                self._add_master(builder, self._file.numbers(record, "5I")[3])
            elif record.kind == _FOOTERS:
                for text in self._file.inside(record):
                    if text.kind == STRING:
                        self._add_once(builder, self._file.text(text))
        if notes := self._notes.get(listing.id):
            builder.paragraph(f"Notes: {notes}")
        for record in self._file.walk(slide):
            if record.kind == _COMMENT:
                self._add_comment(builder, record)
        return builder

    def _shapes(self, record: Record, listing: Listing, depth: int = 0) -> Iterator[list[_Text]]:
        """The texts of the shapes in order; those of a table together."""
        for inner in self._file.inside(record):
            if inner.kind == _GROUP and self._is_table(inner):
                cells = self._shapes(inner, listing, depth + 1) if depth < _DEEPEST else ()
                yield [text for texts in cells for text in texts]
            elif inner.kind == _SHAPE:
                if (text := self._shape(inner, listing)).words:
                    yield [text]
            elif inner.holds and depth < _DEEPEST:
                yield from self._shapes(inner, listing, depth + 1)

    def _is_table(self, group: Record) -> bool:
        first = next((r for r in self._file.inside(group) if r.kind == _SHAPE), None)
        if first is None:
            return False
        for options in self._file.inside(first):
            if options.kind == _OPTIONS:
                data = self._file.stream[options.start : options.end]
                ids = (data[at] | data[at + 1] << 8 for at in range(0, 6 * options.instance, 6))
                return len(data) >= 6 * options.instance and _TABLE in {n & 0x3FFF for n in ids}
        return False

    def _shape(self, shape: Record, listing: Listing) -> _Text:
        kind, words, placeholder = 4, "", False
        left = top = right = bottom = 0
        for record in self._file.walk(shape):
            if record.kind == TEXT_HEADER:
                (kind,) = self._file.numbers(record, "I")
            elif record.kind in (CHARACTERS, BYTES):
                words = self._file.text(record)
            elif record.kind == _OUTLINE_REFERENCE:
                (index,) = self._file.numbers(record, "I")
                if index < len(listing.texts):
                    kind, words = listing.texts[index]
            elif record.kind == _PLACEHOLDER:
                placeholder = True
            elif record.kind == _PLACE:
                left, top, right, bottom = self._file.numbers(record, "4i")
        return _Text(kind, "" if words == "*" else words, placeholder, left, top, right, bottom)

    def _add_master(self, builder: TextBuilder, number: int) -> None:
        """Add what the master shows on every slide: all but the places to fill."""
        listing = self._masters.get(number)
        record = self._file.persistent(listing.persistent, MASTER) if listing else None
        if listing and record:
            for texts in self._shapes(record, listing):
                for text in texts:
                    if not text.placeholder:
                        self._add_once(builder, text.words)

    def _add_once(self, builder: TextBuilder, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            builder.paragraph(text)

    def _add_comment(self, builder: TextBuilder, comment: Record) -> None:
        texts = {
            record.instance: self._file.text(record)
            for record in self._file.inside(comment)
            if record.kind == STRING
        }
        author, text = texts.get(0, ""), texts.get(1, "")
        if text:
            builder.paragraph(f"Comment by {author}: {text}" if author else f"Comment: {text}")

    def _all_notes(self) -> Iterator[tuple[int, str]]:
        """The notes by the slides they belong to."""
        for listing in self._file.listed(_NOTES):
            record = self._file.persistent(listing.persistent, NOTES)
            if record is None:
                continue
            heads = (r for r in self._file.inside(record) if r.kind == _NOTES_HEAD)
            texts = (text for texts in self._shapes(record, listing) for text in texts)
            words = "\n".join(text.words for text in texts if text.kind == _NOTES_KIND)
            for head in heads:
                yield self._file.numbers(head, "I")[0], words


def _add(builder: TextBuilder, shapes: Sequence[Sequence[_Text]]) -> None:
    """Add the texts of shapes, titles first."""
    titles = [texts for texts in shapes if len(texts) == 1 and texts[0].kind in _TITLES]
    for texts in titles:
        builder.heading(texts[0].words, 1)
    for texts in shapes:
        if len(texts) > 1:
            _add_table(builder, texts)
        elif texts not in titles:
            builder.paragraph(texts[0].words)


def _add_table(builder: TextBuilder, cells: Sequence[_Text]) -> None:
    tops, lefts = sorted({cell.top for cell in cells}), sorted({cell.left for cell in cells})
    rows: list[dict[int, str]] = [{} for _ in tops]
    spans = []
    for cell in cells:
        row, column = bisect_left(tops, cell.top), bisect_left(lefts, cell.left)
        rows[row][column] = cell.words
        # Cells overlap by a hair.
        bottom = cell.bottom - (cell.bottom - cell.top) // _HAIR
        right = cell.right - (cell.right - cell.left) // _HAIR
        span = Span(row, column, bisect_left(tops, bottom), bisect_left(lefts, right))
        if span.bottom - row > 1 or span.right - column > 1:
            spans.append(span)
    grouped = any(span.top == 0 and span.right - span.left > 1 for span in spans)
    heads = 2 if grouped else 1
    add_grid(builder, enumerate(rows), spans, heads=heads if len(rows) > heads else 0)
