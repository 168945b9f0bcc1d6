"""Nested data in words: objects as `path: value` lines, lists of objects as rows.

What JSON and data in XML come down to. A record stands as one paragraph that names its
keys, so that a quoted one can be understood alone; what is too large for a paragraph
gets a heading.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.loading.extracted import TextBuilder, table_row

_MOST_LINES = 24  # of one paragraph
_SHORT = 60  # characters of a value that stands in a list
_LABELS = ("title", "name", "label", "id", "key")


def add(builder: TextBuilder, value: Any, *, name: str = "", level: int = 1) -> None:
    """Add any value made of dicts, lists, strings, numbers, true, false and null.

    Args:
        builder: Where to.
        value: The value.
        name: What leads to it.
        level: Of the headings inside.
    """
    if isinstance(value, Mapping):
        _add_object(builder, value, level=level)
    elif _is_table(value):
        builder.table([[_shown(cell) for cell in row] for row in value])
    elif _is_list(value) and any(isinstance(item, Mapping) or _is_list(item) for item in value):
        for number, item in enumerate(value):
            _add_item(builder, item, name=f"{name}[{number}]", level=level)
    elif _is_list(value) and not name:
        for item in value:
            builder.paragraph(_shown(item))
    else:
        builder.paragraph("\n".join(_lines(value, name)))


def _add_object(builder: TextBuilder, value: Mapping[str, Any], *, level: int) -> None:
    """What is small in one paragraph, then each large part under its own heading."""
    small: list[str] = []
    large: list[tuple[str, Any]] = []
    for key, inner in value.items():
        if isinstance(inner, Mapping | list) and (_is_large(inner) or _is_rows(inner)):
            large.append((key, inner))
        else:
            small += _lines(inner, key)
    builder.paragraph("\n".join(small))
    for key, inner in large:
        builder.heading(key, min(level, 6))
        add(builder, inner, name=key, level=level + 1)


def _add_item(builder: TextBuilder, item: Any, *, name: str, level: int) -> None:
    """One of a list: a row where it is flat, a paragraph where it is small."""
    if isinstance(item, Mapping) and _is_flat(item):
        keys, values = list(item), [_joined(value) for value in item.values()]
        builder.paragraph(table_row(keys, values))
    elif _is_large(item):
        label = _label(item) if isinstance(item, Mapping) else ""
        builder.heading(label or name.lstrip("[0123456789]"), min(level, 6))
        add(builder, item, name=name, level=level + 1)
    else:
        builder.paragraph("\n".join(_lines(item, "" if isinstance(item, Mapping) else name)))


def _lines(value: Any, path: str) -> Iterator[str]:
    """`path: value` for every value inside."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(inner, ".".join(filter(None, (path, key))))
    elif _is_list(value) and not _is_flat_list(value):
        for number, inner in enumerate(value):
            yield from _lines(inner, f"{path}[{number}]")
    elif shown := _joined(value):
        yield f"{path}: {shown}" if path else shown


def _is_large(value: Any) -> bool:
    """More lines than stand well in one paragraph; it is not counted further than that."""
    lines = _lines(value, "")
    return sum(1 for _, _ in zip(range(_MOST_LINES + 1), lines, strict=False)) > _MOST_LINES


def _is_rows(value: Any) -> bool:
    return _is_list(value) and len(value) > 1 and all(isinstance(row, Mapping) for row in value)


def _is_flat(value: Mapping[str, Any]) -> bool:
    return all(
        (_is_scalar(inner) and "\n" not in _shown(inner)) or _is_flat_list(inner)
        for inner in value.values()
    )


def _is_flat_list(value: Any) -> bool:
    """Short values only, or rows of short ones such as the points of a line."""
    return _is_list(value) and all(
        (_is_scalar(item) and len(_shown(item)) <= _SHORT) or _is_point(item) for item in value
    )


def _is_point(value: Any) -> bool:
    return _is_list(value) and all(_is_scalar(item) and len(_shown(item)) < 30 for item in value)


def _is_table(value: Any) -> bool:
    """Rows of the same length, the first of which is all words."""
    return (
        _is_list(value)
        and len(value) > 1
        and all(_is_list(row) and len(row) == len(value[0]) > 1 for row in value)
        and all(_is_scalar(cell) for row in value for cell in row)
        and all(_has_letter(_shown(cell)) for cell in value[0])
    )


def _joined(value: Any) -> str:
    if not _is_list(value):
        return _shown(value)
    mark = "; " if any(_is_list(item) for item in value) else ", "
    return mark.join(filter(None, map(_joined, value)))


def _label(value: Mapping[str, Any]) -> str:
    """What a record calls itself."""
    names = (_shown(value[key]) for key in _LABELS if _is_scalar(value.get(key, [])))
    return next((name for name in names if _has_letter(name) and len(name) <= _SHORT * 2), "")


def _has_letter(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip()


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping) and not _is_list(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
