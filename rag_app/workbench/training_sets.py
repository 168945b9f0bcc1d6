"""What embedding models are trained on: pairs, triplets or scored pairs of texts.

The columns of the data say which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag_app.errors import DataError
from rag_app.evaluation.temporary_index import read_lines

Kind = Literal["pairs", "triplets", "scored"]
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "triplets": ("anchor", "positive", "negative"),
    "scored": ("sentence1", "sentence2", "score"),
    "pairs": ("anchor", "positive"),
}


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Rows of texts by the columns of their kind; of scored pairs, the last is a number 0…1."""

    kind: Kind
    rows: tuple[tuple[Any, ...], ...]

    def columns(self) -> dict[str, list[Any]]:
        """The same by column."""
        names = COLUMNS[self.kind]
        return {name: [row[i] for row in self.rows] for i, name in enumerate(names)}


def read_training_set(path: Path) -> TrainingSet:
    """The rows of a JSON lines file.

    Raises:
        DataError: The file has other columns, or no rows.
    """
    rows = read_lines(path, dict)
    kind = _kind(rows[0] if rows else {}, path)
    try:
        return TrainingSet(kind, tuple(tuple(row[c] for c in COLUMNS[kind]) for row in rows))
    except KeyError as error:
        raise DataError(f"{path}: a row lacks the column {error}") from error


def _kind(row: Mapping[str, Any], path: Path) -> Kind:
    for kind, names in COLUMNS.items():
        if set(names) <= set(row):
            return kind
    wanted = "; ".join(", ".join(names) for names in COLUMNS.values())
    raise DataError(f"{path}: rows have none of these columns: {wanted}")
