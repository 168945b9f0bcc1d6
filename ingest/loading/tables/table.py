"""Tables of pages and articles: cells that span, and cells that are marked as names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.loading.extracted import TextBuilder, table_row
from ingest.loading.tables.grid import Span, add_grid

_WIDEST, _TALLEST = 200, 2_000  # columns and rows that one cell may span
_MOST_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is written; `names` if it names its column or row."""

    text: str
    names: bool = False
    wide: int = 1
    tall: int = 1


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell in one of the places that it covers; `first` in the leftmost of its row."""

    cell: Cell
    first: bool


def counted(text: str) -> int:
    """How many columns or rows an attribute says, 1 or more; 0 where it says nothing sensible."""
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 0


def add_table(builder: TextBuilder, rows: Iterable[Sequence[Cell]]) -> None:
    """Add a table, every row with the names of its columns or its own name."""
    given = [row for row in rows if any(cell.text.strip() for cell in row)]
    if not any(cell.names for row in given for cell in row):
        _add_unnamed(builder, given)
        return
    names: dict[int, str] = {}
    in_head = False
    for row in _placed(given):
        shown = [placed.cell for placed in row.values() if placed.first and placed.cell.text]
        if len(shown) == 1 and shown[0].wide >= len(row) > 1:
            builder.paragraph(shown[0].text)  # a title above the rows below
        elif all(cell.names for cell in shown):
            names = _joined(names if in_head else {}, row)
            in_head = True
        else:
            builder.paragraph(_in_words(names, row))
            in_head = False
    if in_head:
        builder.paragraph(" | ".join(names.values()))


def _joined(names: dict[int, str], row: dict[int, _Placed]) -> dict[int, str]:
    """The names with those of the row below: `Sales` over `2023` is `Sales 2023`."""
    joined = dict(names)
    for column, placed in row.items():
        above, text = names.get(column, ""), placed.cell.text
        joined[column] = above if above.endswith(text) else f"{above} {text}".strip()
    return joined


def _in_words(names: dict[int, str], row: dict[int, _Placed]) -> str:
    """A row with the names of its columns, or else its own name and its values."""
    cells = {column: placed.cell for column, placed in row.items() if placed.first}
    if names:
        shown = [cell.text for cell in cells.values()]
        return table_row([names.get(column, "") for column in cells], shown)
    first, *rest = [cell for cell in cells.values() if cell.text]
    values = " | ".join(cell.text for cell in rest)
    if not values or not (first.names or first.text.endswith(":")):
        return " | ".join(filter(None, (first.text, values)))
    return f"{first.text.removesuffix(':')}: {values}"


def _placed(rows: Sequence[Sequence[Cell]]) -> Iterable[dict[int, _Placed]]:
    """The rows with every cell in all columns it covers, and again in all rows."""
    reaching: dict[int, tuple[_Placed, int]] = {}  # column → what reaches down, rows left
    for row in rows:
        places = {column: placed for column, (placed, _) in reaching.items()}
        reaching = {at: (placed, left - 1) for at, (placed, left) in reaching.items() if left > 1}
        column = 0
        for cell in row:
            while column in places:
                column += 1
            if column > _MOST_COLUMNS:
                break
            for offset in range(min(cell.wide, _WIDEST)):
                placed = _Placed(cell, first=not offset)
                places[column + offset] = placed
                if cell.tall > 1:
                    reaching[column + offset] = placed, min(cell.tall - 1, _TALLEST)
            column += min(cell.wide, _WIDEST)
        yield dict(sorted(places.items()))


def _add_unnamed(builder: TextBuilder, rows: Sequence[Sequence[Cell]]) -> None:
    """Where no cell is marked as a name, the words and numbers must tell."""
    placed = list(_placed(rows))
    cells = [{at: p.cell.text for at, p in row.items() if p.first} for row in placed]
    spans = [
        Span(number, at, number + 1, at + p.cell.wide)
        for number, row in enumerate(placed)
        for at, p in row.items()
        if p.first and p.cell.wide > 1
    ]
    add_grid(builder, enumerate(cells), spans)
