"""Cells in rows and columns, as on a sheet, put into words table by table.

People put several tables on one sheet, with titles above them, blank rows in them and
merged cells. Rows come one at a time, so that a sheet of a million needs no memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice, pairwise

from ingest.loading.extracted import TextBuilder, table_row
from ingest.loading.tables.column_names import Cells, Row, in_words, is_quantity, named, parted

_LOOKED_AT = 20  # rows at the top of a table
_TALLEST = 1_000  # rows of a merged cell whose text is repeated


@dataclass(frozen=True, slots=True)
class Span:
    """A merged cell: its first row and column, and those after its last."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class _Names:
    """The names of columns: those in force, and a row of words that may turn out to be some."""

    known: Cells = field(default_factory=dict)
    alone: Cells = field(default_factory=dict)


def add_grid(
    builder: TextBuilder,
    rows: Iterable[tuple[int, Mapping[int, str]]],
    spans: Iterable[Span] = (),
    *,
    heads: int = 0,
) -> None:
    """Add the tables that rows hold, each row naming its columns where the columns have names.

    Args:
        builder: What to add to.
        rows: Ascending row numbers with the text of their cells by column.
        spans: The merged cells. Their text counts for all their rows, and all columns they name.
        heads: How many rows name the columns, where that is known.
    """
    names = _Names()
    for _, block in groupby(_rows(rows, spans), lambda row: row.block):
        for table in [block] if heads else _side_by_side(block):
            _add_table(builder, iter(table), names, heads)
            heads = 0


def _add_table(builder: TextBuilder, rows: Iterator[Row], names: _Names, given: int) -> None:
    top = list(islice(rows, _LOOKED_AT))
    captions, heads = (0, given) if given else parted(top, names.known)
    body = top[captions + heads :]
    first = body[0].cells if body else {}
    if heads:
        names.known = named(top[captions : captions + heads])
    elif captions or not first.keys() <= names.known.keys():
        names.known = {}
        if first.keys() <= names.alone.keys() and not in_words(first):
            names.known = names.alone
    names.alone = first if len(top) == captions + 1 and in_words(first) else {}
    for row in top[:captions]:
        builder.paragraph(" ".join(row.cells.values()))
    for row in chain(body, rows):
        builder.paragraph(_in_words(names.known, row.cells))


def _in_words(names: Cells, cells: Cells) -> str:
    if any(column in names for column in cells):
        return table_row([names.get(column, "") for column in cells], list(cells.values()))
    first, *rest = cells.values()
    return f"{first} {' | '.join(rest)}" if first.endswith(":") else " | ".join([first, *rest])


def _rows(rows: Iterable[tuple[int, Mapping[int, str]]], spans: Iterable[Span]) -> Iterator[Row]:
    """The rows that hold text, merged cells repeated down, numbered by block."""
    waiting = sorted(spans, key=lambda span: span.top, reverse=True)
    active: list[tuple[Span, str]] = []
    block, expected = 0, 0
    for number, given in rows:
        cells = {column: text for column, cell in given.items() if (text := " ".join(cell.split()))}
        active = [(span, text) for span, text in active if span.bottom > number]
        if number > expected and not active:
            block += 1
        if cells or active:
            expected = number + 1
        if not cells:
            continue
        cells = {span.left: text for span, text in active} | cells
        ends: dict[int, int] = {}
        while waiting and waiting[-1].top <= number:
            span = waiting.pop()
            if span.top == number and span.left in cells:
                ends[span.left] = span.right
                if 1 < span.bottom - span.top <= _TALLEST:
                    active.append((span, cells[span.left]))
        yield Row(dict(sorted(cells.items())), ends, block)


def _side_by_side(block: Iterable[Row]) -> Iterator[Iterable[Row]]:
    """The tables in rows without a blank one: several if they stand apart by a blank column."""
    rows = iter(block)
    top = list(islice(rows, _LOOKED_AT))
    if not (cuts := _cuts(top)):
        yield chain(top, rows)
        return
    whole = [*top, *rows]
    for left, right in pairwise([0, *cuts, max(max(row.cells) for row in whole) + 1]):
        parts = (
            replace(row, cells={at: text for at, text in row.cells.items() if left <= at < right})
            for row in whole
        )
        yield [part for part in parts if part.cells]


def _cuts(top: Sequence[Row]) -> list[int]:
    """The columns right of a blank one where another table begins."""
    rows = [row for row in top if len(row.cells) > 1]
    used = {column for row in rows for at in row.cells for column in row.covers(at)}
    beginnings = sorted(column for column in used if column - 1 not in used)
    return [column for column in beginnings[1:] if _begins_table(rows, column)]


def _begins_table(rows: Sequence[Row], column: int) -> bool:
    """Whether what is right of a blank column has a row of names, or rows, of its own."""
    begins = next(at for at, row in enumerate(rows) if max(row.cells) >= column)
    first = {at: text for at, text in rows[begins].cells.items() if at >= column}
    labels = [row.cells[column] for row in rows[begins + 1 :] if column in row.cells]
    texts = sum(not is_quantity(label) for label in labels)
    return (begins > 0 and in_words(first)) or (len(labels) > 1 and texts > len(labels) / 2)
