"""What every format's `extract` returns, and the builder most of them use.

The extracted text is what all offsets point into, so it is built once and never
edited: headings keep their own lines, paragraphs and table rows stand apart by a
blank line, and a row names its columns, so that a quoted row can be understood alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file and its structure; see `Document` for the fields."""

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[tuple[int, int, str], ...] = ()
    missing: str = ""


class TextBuilder:
    """Puts blocks of text together and remembers where the headings are."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, int, str]] = []

    def paragraph(self, text: str) -> None:
        """Add a block, set apart by a blank line; blank text adds nothing."""
        text = text.strip()
        if not text:
            return
        block = f"\n\n{text}" if self._parts else text
        self._parts.append(block)
        self._length += len(block)

    def heading(self, text: str, level: int) -> None:
        """Add a heading, level 1 the highest."""
        title = " ".join(text.split())
        if title:
            self.paragraph(title)
            self._headings.append((self._length - len(title), level, title))

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

    def build(self, title: str = "") -> Extracted:
        """The text so far; without a title the first heading serves."""
        if not title and self._headings:
            title = self._headings[0][2]
        return Extracted("".join(self._parts), title=title, headings=tuple(self._headings))


def table_row(header: Sequence[str], row: Sequence[str]) -> str:
    """One row in words: `Column: value; Column: value`, empty cells left out."""
    names = [*header, *[""] * (len(row) - len(header))]
    return "; ".join(
        f"{name}: {cell}" if name and name != cell else cell
        for name, cell in zip(names, row, strict=False)
        if cell
    )
