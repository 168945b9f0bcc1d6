"""Word documents from before 2007 (.doc), as far back as Word 6 [MS-DOC].

The text is told as a reader of the pages sees it: without the instructions of fields,
without what is deleted or hidden, notes after the paragraphs that refer to them.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from struct import unpack_from

from ingest.loading.extracted import Extracted
from ingest.loading.legacy.compound_file import Streams
from ingest.loading.legacy.doc_file import WordFile
from ingest.loading.legacy.doc_properties import Cut, Properties
from ingest.loading.legacy.flow import Flow
from ingest.loading.legacy.symbols import SYMBOLS
from ingest.loading.office.word_numbering import written

# Pairs of offset and size: where notes are referred to, and where their texts begin.
_NOTES = (("footnotes", 2, 3, 2), ("endnotes", 46, 47, 2), ("comments", 4, 5, 30))
_NUMBERED = {"footnotes": "decimal", "endnotes": "lowerRoman"}
_HEADERS, _COMMENTERS = 11, 36
_AUTHOR_AT = 20  # in what is kept of a comment
_SEPARATORS, _OF_SECTION, _HEADER_KINDS = 6, 6, {0, 1, 4}
_CELL = "\x07"
_MARKS = re.compile(r"[\r\x07\x0c]")
_FIELD = re.compile(r"([\x13-\x15])")
_FIELD_BEGINS, _FIELD_RESULT, _FIELD_ENDS = "\x13", "\x14", "\x15"
_SHOWN = {
    **dict.fromkeys([*range(9), 0x1F, 0xAD]),
    0x0B: "\n",
    0x0E: "\n",
    0x1E: "-",
    **SYMBOLS,
}
_PICTURE = re.compile(r"[\x01\x08]")
# A field that is its instruction: text set over and beside text.
_FORMULA = re.compile(r"\s*EQ\b(?:\s*\\\*\s*(?:\"[^\"]*\"|\w+(?:\s*\"[^\"]*\")?))*", re.IGNORECASE)
_IN_FORMULA = re.compile(r"\\[a-z]+(?:[ \t]?\d+)?|[(),;]", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def extract(data: bytes) -> Extracted:
    """Page headers, the body with its notes, text boxes, page footers; headings by style.

    Raises:
        LoadError: The file is locked, damaged, or of a version that is not read.
    """
    streams = Streams(data, newer=".docx")
    document = _Document(WordFile(streams))
    flow = Flow()
    told: set[str] = set()
    document.add_around(flow, told, headers=True)
    document.add_body(flow)
    document.add_boxes(flow)
    document.add_around(flow, told, headers=False)
    properties = streams.properties()
    extracted = flow.end().build(properties.pop("title", ""))
    missing = "the end, for the file is cut short" if document.file.cut_short else ""
    if not extracted.text and _PICTURE.search(document.file.text):
        missing = "it holds pictures only"
    return replace(extracted, metadata=properties, missing=missing)


@dataclass(frozen=True, slots=True)
class _Note:
    position: int
    mark: str
    text: str
    by: str = ""


class _Document:
    def __init__(self, file: WordFile) -> None:
        self.file = file
        self._properties = Properties(file)
        self._fields: list[bool] = []  # of those begun, whether they are still an instruction
        self._notes: list[_Note] = []
        self._notes = sorted(self._all_notes(), key=lambda note: note.position)

    def add_body(self, flow: Flow) -> None:
        story = self.file.stories["body"] or range(len(self.file.text))
        row_empty = True
        for start, end, mark in self._paragraphs(story):
            setting = self._properties.paragraph(end)
            text = self._shown(start, end)
            for note in self._referred(start, end + 1):
                flow.note(f"{note.mark or note.by} {note.text}")
            if mark != _CELL:
                listed = setting.listed and not setting.level and not setting.in_table and text
                flow.paragraph(
                    f"- {text}" if listed else text,
                    level=setting.level,
                    in_table=setting.in_table,
                )
            # Without settings, a row's end is the empty cell after the others.
            elif setting.row_end or (not setting.in_table and not text and not row_empty):
                flow.row()
                row_empty = True
            else:
                flow.cell(text)
                row_empty = False

    def add_boxes(self, flow: Flow) -> None:
        for start, end, _ in self._paragraphs(self.file.stories["boxes"]):
            flow.paragraph(self._shown(start, end))

    def add_around(self, flow: Flow, told: set[str], *, headers: bool) -> None:
        """Add the headers or the footers that differ; not those of page numbers only."""
        story = self.file.stories["headers"]
        listed = self.file.described(_HEADERS)
        bounds = unpack_from(f"<{len(listed) // 4}I", listed)
        for n in range(_SEPARATORS, len(bounds) - 1):
            if ((n - _SEPARATORS) % _OF_SECTION in _HEADER_KINDS) == headers:
                text = self._plain(_within(story, bounds[n], bounds[n + 1]), "\n")
                if text not in told and any(map(str.isalpha, text)):
                    told.add(text)
                    flow.paragraph(text)

    def _paragraphs(self, story: range) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and end mark."""
        self._fields.clear()
        start = story.start
        for mark in _MARKS.finditer(self.file.text, story.start, story.stop):
            yield start, mark.start(), mark[0]
            start = mark.end()
        if start < story.stop:
            yield start, story.stop, "\r"

    def _shown(self, start: int, end: int) -> str:
        """A range of the text as a reader sees it."""
        marks = (
            Cut(note.position, note.position + 1, note.mark) for note in self._referred(start, end)
        )
        parts = []
        for cut in sorted([*self._properties.cuts(start, end), *marks], key=lambda c: c.start):
            if cut.start >= start:
                parts += [self.file.text[start : cut.start], cut.shown]
                start = cut.end
        parts.append(self.file.text[start:end])
        text = "".join(self._without_instructions("".join(parts))).translate(_SHOWN)
        if _SURROGATE.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.strip()

    def _without_instructions(self, text: str) -> Iterator[str]:
        """The text with fields as their results; a field may end in a later paragraph."""
        for part in _FIELD.split(text):
            if part == _FIELD_BEGINS:
                self._fields.append(True)
            elif part == _FIELD_RESULT:
                self._fields[-1:] = [False]
            elif part == _FIELD_ENDS:
                del self._fields[-1:]
            elif True not in self._fields:
                yield part
            elif formula := _FORMULA.match(part):
                yield " ".join(_IN_FORMULA.sub(" ", part[formula.end() :]).split())
        if True in self._fields:  # an instruction does not go on in the next paragraph
            self._fields.clear()

    def _plain(self, story: range, between: str) -> str:
        texts = (self._shown(start, end) for start, end, _ in self._paragraphs(story))
        return between.join(text for text in texts if text)

    def _referred(self, start: int, end: int) -> list[_Note]:
        first = bisect_left(self._notes, start, key=lambda note: note.position)
        last = bisect_left(self._notes, end, key=lambda note: note.position)
        return self._notes[first:last]

    def _all_notes(self) -> Iterator[_Note]:
        commenters = list(self._commenters())
        for kind, references, texts, size in _NOTES:
            listed, bounds = self.file.described(references), self.file.described(texts)
            count = max(0, min((len(listed) - 4) // (4 + size), len(bounds) // 4 - 1))
            starts = unpack_from(f"<{count + 1}I", bounds) if count else ()
            for n in range(count):
                (position,) = unpack_from("<I", listed, 4 * n)
                story = _within(self.file.stories[kind], starts[n], starts[n + 1])
                mark = by = ""
                if kind == "comments":
                    at = 4 * ((len(listed) - 4) // (4 + size) + 1) + size * n + _AUTHOR_AT
                    (author,) = unpack_from("<H", listed, at)
                    name = commenters[author] if author < len(commenters) else ""
                    by = f"Comment by {name}:" if name else "Comment:"
                else:
                    mark = f"[{written(n + 1, _NUMBERED[kind])}]"
                if text := self._plain(story, "\n"):
                    yield _Note(position, mark, text, by)

    def _commenters(self) -> Iterator[str]:
        data = self.file.described(_COMMENTERS)
        at = 0
        while at + 2 <= len(data):
            (letters,) = unpack_from("<H", data, at)
            yield data[at + 2 : at + 2 + 2 * letters].decode("utf-16-le", "replace")
            at += 2 + 2 * letters


def _within(story: range, start: int, end: int) -> range:
    return range(min(story.start + start, story.stop), min(story.start + end, story.stop))
