"""Which documents a filter leaves, as a condition on the catalogue's rows.

source, title, status   the value itself
folder                  the folder, and every one below it
after, before           the day or time of the file's last change; from `after` on
anything else           a value of the metadata
"""

import json
from collections.abc import Mapping
from datetime import datetime

from rag_app.errors import ConfigError

_COLUMNS = frozenset({"source", "title", "status"})
_FOLDER = "json_extract(metadata, '$.folder')"


def condition(where: Mapping[str, str]) -> tuple[str, list[str | int]]:
    """A condition in SQL that all of the values meet, and what stands for its marks.

    Raises:
        ConfigError: `after` or `before` is no time.
    """
    parts: list[str] = []
    values: list[str | int] = []
    for key, value in where.items():
        part, given = _one(key, value)
        parts.append(part)
        values += given
    return " AND ".join(parts), values


def _one(key: str, value: str) -> tuple[str, list[str | int]]:
    if key in _COLUMNS:
        return f"{key} = ?", [value]
    if key == "folder":
        below = value.rstrip("/") + "/"
        within = f"({_FOLDER} = ? OR substr({_FOLDER}, 1, ?) = ?)"
        return within, [value.rstrip("/"), len(below), below]
    if key in {"after", "before"}:
        return f"modified {'>=' if key == 'after' else '<'} ?", [_nanoseconds(value)]
    return "json_extract(metadata, ?) = ?", [f"$.{json.dumps(key)}", value]


def _nanoseconds(time: str) -> int:
    """A day or time in ISO form, of this machine's zone where it names none, since 1970.

    Raises:
        ConfigError: It is none.
    """
    try:
        return int(datetime.fromisoformat(time).timestamp()) * 10**9
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{time!r} is no day or time; use 2026-01-31") from error
