"""Text as old word processors keep it: one stream in which marks end paragraphs and cells."""

from collections.abc import Sequence

from ingest.loading.extracted import TextBuilder
from ingest.loading.tables.grid import add_grid
from rag_app.schema import COLUMNS

_LONGEST_CELL = 1_000  # characters; longer ones are pages laid out by a table


class Flow:
    """Puts paragraphs, table rows and notes into a builder, as their marks are met."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self._cell: list[str] = []
        self._row: list[str] = []
        self._rows: list[list[str]] = []
        self._notes: list[str] = []

    def paragraph(self, text: str, *, level: int = 0, in_table: bool = False) -> None:
        """End a paragraph; of level 1 or more it is a heading, in a table it is part of a cell."""
        if in_table:
            self._cell.append(text)
            return
        self._end_table()
        if level:
            self.builder.heading(text, min(level, COLUMNS - 1))
        else:
            self.builder.paragraph(text)
        self._tell_notes()

    def cell(self, text: str) -> None:
        """End a cell, `text` its last paragraph."""
        self._row.append("\n".join([*self._cell, text]).strip())
        self._cell.clear()

    def row(self) -> None:
        """End a row of cells."""
        self._rows.append(self._row)
        self._row = []

    def note(self, text: str) -> None:
        """Tell a note as soon as the paragraph or the table is over."""
        self._notes.append(text)

    def end(self) -> TextBuilder:
        """The builder with all that was left open."""
        self._end_table()
        self._tell_notes()
        return self.builder

    def _end_table(self) -> None:
        if self._cell:
            self.cell("")
        if self._row:
            self.row()
        if self._rows:
            _add_table(self.builder, self._rows)
            self._rows = []
            self._tell_notes()

    def _tell_notes(self) -> None:
        for note in self._notes:
            self.builder.paragraph(note)
        self._notes.clear()


def _add_table(builder: TextBuilder, rows: Sequence[Sequence[str]]) -> None:
    widest = max(sum(map(bool, row)) for row in rows)
    if widest < 2 or any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        for row in rows:
            for cell in row:
                builder.paragraph(cell)
    else:
        add_grid(builder, enumerate(dict(enumerate(row)) for row in rows))
