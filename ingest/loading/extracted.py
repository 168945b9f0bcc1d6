"""What every format's `extract` returns, and the builder most of them use.

The extracted text is what all offsets point into, so it is built once and never
edited: headings keep their own lines, paragraphs and table rows stand apart by a
blank line, and a row names its columns, so that a quoted row can be understood alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rag_app.schema import COLUMNS


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file: its name, its bytes unpacked, and how to get them.

    `size` is never less than what `read` returns, so that it can be refused unread.
    """

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file and its structure; see `Document` for the fields.

    `members` are the files inside an archive or a message, yet to be read; they become
    sections after the text.
    """

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[tuple[int, int, str], ...] = ()
    missing: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    members: Iterable[Member] = ()


_BREAK = "\n\n"
_MOST_LISTED = 20


class TextBuilder:
    """Puts blocks of text together and remembers where the headings are."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, int, str]] = []
        self._pages: list[int] = []

    def page(self) -> None:
        """Begin a page with the next block."""
        self._pages.append(self._length + len(_BREAK) if self._parts else 0)

    def paragraph(self, text: str) -> None:
        """Add a block, set apart by a blank line; blank text adds nothing."""
        if text := text.strip():
            self._append(text)

    def heading(self, text: str, level: int) -> None:
        """Add a heading, level 1 the highest."""
        title = " ".join(text.split())
        if title:
            self.paragraph(title)
            self._headings.append((self._length - len(title), level, title))

    def section(self, title: str, part: Extracted, *, level: int = 1) -> None:
        """Add another file's text under a heading, its own headings below that one."""
        self.heading(title, level)
        self.part(part, level=level)

    def part(self, part: Extracted, *, level: int = 0) -> None:
        """Add another text with its headings, moved down by some levels."""
        if part.text.strip():
            start = self._length + len(_BREAK) if self._parts else 0
            self._append(part.text)
            self._headings += [
                (start + at, below if below == COLUMNS else min(below + level, COLUMNS - 1), name)
                for at, below, name in part.headings
            ]

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Add a table whose first row names the columns."""
        filled = [[" ".join(cell.split()) for cell in row] for row in rows]
        filled = [row for row in filled if any(row)]
        if not filled:
            return
        header, *body = filled
        if not body:
            self.paragraph(" | ".join(cell for cell in header if cell))
        for row in body:
            self.paragraph(table_row(header, row))

    def _append(self, text: str) -> None:
        block = f"{_BREAK}{text}" if self._parts else text
        self._parts.append(block)
        self._length += len(block)

    def build(self, title: str = "") -> Extracted:
        """The text so far; without a title the first heading serves."""
        if not title and self._headings:
            title = self._headings[0][2]
        return Extracted(
            "".join(self._parts),
            title=title,
            page_starts=tuple(min(start, self._length) for start in self._pages),
            headings=tuple(self._headings),
        )


def listed(numbers: Sequence[int]) -> str:
    """The first of them, for a person."""
    return ", ".join(map(str, numbers[:_MOST_LISTED])) + (
        " and more" if len(numbers) > _MOST_LISTED else ""
    )


def without_text(blank: Sequence[int], slides: int) -> str:
    """What is missing of a presentation with slides that gave no text."""
    return f"of {slides} slides, without text, perhaps pictures: {listed(blank)}" if blank else ""


def table_row(header: Sequence[str], row: Sequence[str]) -> str:
    """One row in words: `Column: value; Column: value`, empty cells left out."""
    names = [*header, *[""] * (len(row) - len(header))]
    return "; ".join(
        f"{name}: {cell}" if name and name != cell else cell
        for name, cell in zip(names, row, strict=False)
        if cell
    )
