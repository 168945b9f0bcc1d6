"""Which rows at the top of a table are captions, and which name the columns.

Nothing in a sheet says so: a first row of words above numbers names them, a first row
with a number in it is a row like the others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cells = Mapping[int, str]
_WIDEST = 1_000  # columns of a merged cell
_MOST_HEADS = 3  # rows that name columns together
_LONGEST_NAME = 80  # characters; what is longer stands above a table, not a column
_QUANTITY = re.compile(r"[-+−(]{0,2}\s*[$€£¥]?\s*-?\d[\d.,'\s  ]*(E[+-]?\d+)?\s*[%€£$]?\)?")
_YEAR = re.compile(r"(19|20)\d\d")
_DATE = re.compile(r"\d{4}-\d\d(-\d\d.*)?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d\d?:\d\d.*")


@dataclass(frozen=True, slots=True)
class Row:
    """A row with text in it.

    Attributes:
        cells: The text by column, ascending.
        ends: Of cells merged across, the column after the last.
        block: Rows without a blank one between them have the same.
    """

    cells: Cells
    ends: Mapping[int, int]
    block: int = 0

    def covers(self, column: int) -> range:
        """The columns that the cell in a column covers."""
        return range(column, min(self.ends.get(column, column + 1), column + _WIDEST))


def parted(top: Sequence[Row], known: Cells) -> tuple[int, int]:
    """How many rows are captions, and how many after them name the columns.

    Args:
        top: The first rows of a table.
        known: The names of the columns of the table above, which may go on here.
    """
    leftmost = min(min(row.cells) for row in top)
    captions = next((at for at, row in enumerate(top) if not _is_caption(row, leftmost)), len(top))
    rows = top[captions:]
    if len(rows) < 2 or not _is_head(rows, {} if captions else known):
        return captions, 0
    width = max(len(row.cells) for row in rows)
    heads = 1
    while heads < min(_MOST_HEADS, len(rows) - 1) and _goes_on(rows[heads - 1 : heads + 1], width):
        heads += 1
    return captions, heads


def named(heads: Sequence[Row]) -> dict[int, str]:
    """Column → name, the lines of several rows together."""
    found: dict[int, list[str]] = {}
    for row in heads:
        for left, text in row.cells.items():
            for column in row.covers(left):
                lines = found.setdefault(column, [])
                if text not in lines:
                    lines.append(text)
    return {column: " ".join(lines) for column, lines in found.items()}


def in_words(cells: Cells) -> bool:
    """Whether there is more than one cell and none is a number or a date."""
    return len(cells) > 1 and not any(map(is_quantity, cells.values()))


def is_quantity(text: str) -> bool:
    """A number or a date, but not a year, which names columns often."""
    if _YEAR.fullmatch(text):
        return False
    return bool(_QUANTITY.fullmatch(text) or _DATE.fullmatch(text))


def _is_caption(row: Row, leftmost: int) -> bool:
    """One cell alone, or several that are too long, or too wide, to name columns."""
    if len(row.cells) == 1 or all(len(text) > _LONGEST_NAME for text in row.cells.values()):
        return True
    return leftmost in row.cells and all(len(row.covers(column)) > 1 for column in row.cells)


def _is_head(rows: Sequence[Row], known: Cells) -> bool:
    first = rows[0].cells
    quantities = [cell for cell in first.values() if is_quantity(cell)]
    under = [row.cells[c] for row in rows[1:] for c in row.cells.keys() & first.keys()]
    if quantities:
        dates = len(quantities) > 1 and all(map(_DATE.fullmatch, quantities))
        return dates and not any(map(_DATE.fullmatch, under))
    if first.keys() <= known.keys() and not any(map(is_quantity, under)):
        return False
    labels = any(text.endswith(":") for text in first.values())
    if labels and any(text.endswith(":") for text in under):
        return False
    return not _are_pairs(rows)


def _are_pairs(rows: Sequence[Row]) -> bool:
    """Names on the left with values of all kinds on the right, as in a form."""
    if any(len(row.cells) > 2 for row in rows):
        return False
    pairs = [tuple(row.cells.values()) for row in rows if len(row.cells) == 2]
    kinds = {is_quantity(right) for _, right in pairs[1:]}
    return len(kinds) == 2 and not any(is_quantity(left) for left, _ in pairs)


def _goes_on(rows: Sequence[Row], width: int) -> bool:
    """Whether names take another line below, under cells merged across."""
    above, below = rows
    widest = max((len(above.covers(column)) for column in above.cells), default=1)
    quantities = [cell for cell in below.cells.values() if is_quantity(cell)]
    return 1 < widest < max(width, 3) and all(map(_DATE.fullmatch, quantities))
