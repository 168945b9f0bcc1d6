"""Rich Text Format (.rtf): paragraphs, headings by style, tables, notes and text boxes.

Read by a walk over the control words: converters to plain text lose whole documents to one
word they do not know, and the notes, tables and headings of all.
"""

import re
from dataclasses import replace

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.legacy.flow import Flow
from ingest.loading.legacy.rtf_state import NO_FONT, Fonts, Group, Paragraph, Styles, whole
from ingest.loading.legacy.rtf_words import (
    APART,
    DEAD,
    FOOTERS,
    HEADERS,
    KNOWN_STARRED,
    LABELS,
    OUTSIDE,
    PICTURES,
    PROPERTIES,
    SHOWN,
    SHOWN_SIGNS,
    SILENT,
    Token,
    tokens,
)
from rag_app.errors import LoadError

_DEEPEST = 5_000  # groups inside groups
_LONGEST_HEADING = 300  # characters
_MOST_SKIPPED = 8  # characters for readers that know no others
_PARAGRAPH_ENDS = {"par", "page", "sect", "column"}
_OF_FORMULAS = re.compile(r"m\w*Pr")


def extract(data: bytes) -> Extracted:
    """Page headers, the text with its notes, page footers."""
    reader = _Reader(data)
    reader.walk(data)
    return reader.extracted()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._fonts = Fonts(data)
        self._flow = Flow()
        self._body: list[str] = []
        self._group = Group(self._body)
        self._stack: list[Group] = []
        self._paragraph = Paragraph()
        self._style = Paragraph()  # the one being defined
        self._styles = Styles()
        self._properties: dict[str, str] = {}
        self._around: dict[str, str] = {}  # text → header or footer
        self._pending = bytearray()  # not yet decoded: a character may have several bytes
        self._to_skip = 0
        self._at_start = self._starred = False  # of a group
        self._notes = 0
        self._commenter = ""
        self._pictures = False

    def walk(self, data: bytes) -> None:
        """Take in all tokens, up to the brace that closes the document."""
        for token in tokens(data):
            if token.brace:
                self._brace(token.brace)
                if not self._stack:
                    break
            elif not self._group.dead:
                self._take(token)
        self._flush()
        self._end_paragraph()

    def extracted(self) -> Extracted:
        """All that was taken in."""
        body = self._flow.end().build()
        builder = TextBuilder()
        self._add_around(builder, HEADERS)
        builder.part(body)
        self._add_around(builder, FOOTERS)
        pictures = self._pictures and not body.text
        return replace(
            builder.build(self._properties.pop("title", "")),
            metadata=self._properties,
            missing="it holds pictures only" if pictures else "",
        )

    def _add_around(self, builder: TextBuilder, kinds: set[str]) -> None:
        for text, kind in self._around.items():
            if kind in kinds and any(map(str.isalpha, text)):
                builder.paragraph(text)

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._to_skip, self._starred, self._at_start = 0, False, brace == b"{"
        if brace == b"{":
            if len(self._stack) > _DEEPEST:
                raise LoadError("damaged (groups too deep); save it as .docx")
            self._stack.append(self._group)
            if self._group.kind == "stylesheet":
                self._style = Paragraph()
                self._group = replace(self._group, kind="style", sink=[], opened=True)
            elif self._group.opened:
                self._group = replace(self._group, opened=False)
        elif self._stack:
            ended, self._group = self._group, self._stack.pop()
            if ended.opened and ended.sink is not None:
                self._finish(ended.kind, whole(ended.sink))

    def _take(self, token: Token) -> None:
        starred, at_start = self._starred, self._at_start
        self._starred = at_start and token.sign == b"*"
        self._at_start = at_start and token.text.isspace()
        if token.text:
            self._add_bytes(token)
            return
        self._flush()
        if token.sign:
            if token.sign in b"\r\n":
                self._break()
            else:
                self._write(SHOWN_SIGNS.get(token.sign, ""))
        elif not self._begin(token.word, starred):
            self._apply(token.word, token.number)

    def _begin(self, word: str, starred: bool) -> bool:
        """Whether the word says what the group is that it stands in."""
        self._pictures |= word in PICTURES
        if (starred and word not in KNOWN_STARRED) or word in DEAD or _OF_FORMULAS.fullmatch(word):
            self._group = replace(self._group, dead=True, opened=False)
        elif word in APART:
            self._group = replace(self._group, kind=word, sink=[], opened=True)
        elif word in SILENT:
            outside = self._group.outside if self._group.sink is None else self._group.sink
            self._group = replace(self._group, kind=word, sink=None, outside=outside, opened=False)
        elif word in OUTSIDE:
            self._group = replace(self._group, kind=word, sink=self._group.outside)
        else:
            return False
        return True

    def _apply(self, word: str, number: int | None) -> None:
        in_body = self._group.sink is self._body
        setting = self._style if self._group.kind == "style" else self._paragraph
        if word == "u" and number is not None:
            self._write(chr(number % 0x10000 if number < 0 else min(number, 0x10FFFF)))
            self._to_skip = self._group.skipped
        elif word in SHOWN:
            self._write(SHOWN[word])
        elif word in _PARAGRAPH_ENDS:
            self._break()
        elif word in {"cell", "row"}:
            self._end_cell(word)
        elif word in {"plain", "v", "deleted", "uc", "f"}:
            self._set_characters(word, number)
        elif word == "chftn" and in_body:
            self._write(f"[{self._notes + 1}]")
        elif word == "pard" and in_body:
            self._paragraph = Paragraph()
        elif word == "intbl" and in_body:
            self._paragraph.in_table = True
        elif word == "s" and (in_body or setting is self._style):
            setting.style = number or 0
        elif word == "outlinelevel" and (in_body or setting is self._style):
            setting.level = number + 1 if number is not None and 0 <= number < 9 else 0
        else:
            self._fonts.take(word, number)

    def _set_characters(self, word: str, number: int | None) -> None:
        group = self._group
        if word == "plain":
            group = replace(group, hidden=False, deleted=False, font=None)
        elif word == "v":
            group = replace(group, hidden=number != 0)
        elif word == "deleted":
            group = replace(group, deleted=number != 0)
        elif word == "uc":
            group = replace(group, skipped=max(0, min(number or 0, _MOST_SKIPPED)))
        elif group.kind == "fonttbl":
            self._fonts.define(number or 0)
        else:
            group = replace(group, font=number)
        self._group = group

    def _add_bytes(self, token: Token) -> None:
        text = token.text
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        if self._fonts.is_utf_8 and not token.escaped:
            self._flush()
            self._write(text.decode("utf-8", "replace"))
        elif self._group.shown:
            self._pending += text

    def _flush(self) -> None:
        if self._pending:
            named = self._group.kind in PROPERTIES
            font = NO_FONT if named else self._group.font
            self._write(self._fonts.decoded(bytes(self._pending), font))
            self._pending.clear()

    def _write(self, text: str) -> None:
        if self._group.shown and self._group.sink is not None:
            self._group.sink.append(text)

    def _break(self) -> None:
        if self._group.sink is self._body:
            self._end_paragraph()
        else:
            self._write("\n")

    def _end_cell(self, word: str) -> None:
        if self._group.sink is not self._body:
            self._write("\n")
        elif word == "row":
            self._flow.row()
        else:
            self._flow.cell(self._taken())

    def _end_paragraph(self) -> None:
        text, setting = self._taken(), self._paragraph
        level = self._styles.level(setting)
        self._flow.paragraph(
            text,
            level=level if len(text) <= _LONGEST_HEADING else 0,
            in_table=setting.in_table,
        )

    def _taken(self) -> str:
        text = whole(self._body)
        self._body.clear()
        return text

    def _finish(self, kind: str, text: str) -> None:
        """Put the text of a group that stands apart where it belongs."""
        if kind == "style":
            self._styles.add(self._style, text)
        elif kind in LABELS:
            marked = any(map(str.isalnum, text))
            self._write(f"{text} " if marked or not text else "- ")
        elif kind in PROPERTIES:
            self._properties |= {kind: text} if text else {}
        elif kind in HEADERS | FOOTERS:
            self._around.setdefault(text, kind)
        elif kind == "atnauthor":
            self._commenter = text
        elif kind == "annotation":
            by = f"Comment by {self._commenter}:" if self._commenter else "Comment:"
            self._flow.note(f"{by} {text}")
        elif kind == "footnote":
            self._notes += 1
            self._flow.note(f"[{self._notes}] {text}")
        else:
            self._flow.note(text)
