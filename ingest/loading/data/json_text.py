"""JSON and JSON Lines: every record in words, its keys named."""

import json
from collections.abc import Iterator
from typing import Any

from ingest.loading.data import records
from ingest.loading.extracted import Extracted, TextBuilder, listed
from ingest.loading.markup.text import decode


def extract(data: bytes) -> Extracted:
    """One value or several in a row; what is no JSON is kept as it stands."""
    text = decode(data).lstrip("\ufeff")
    try:
        values = list(_values(text))
    except ValueError as error:
        return Extracted(text, missing=f"its structure, being no valid JSON ({error})")
    except RecursionError:
        return Extracted(text, missing="its structure, being nested too deep")
    builder = TextBuilder()
    records.add(builder, values[0] if len(values) == 1 else values)
    return builder.build(_title(values[0]))


def extract_lines(data: bytes) -> Extracted:
    """A record a line; lines that are no JSON are kept as they stand."""
    builder = TextBuilder()
    wrong: list[int] = []
    text = decode(data)
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            values = list(_values(line))
        except (ValueError, RecursionError):
            wrong.append(number)
            builder.paragraph(line)
        else:
            records.add(builder, values)
    if wrong and not any(line.startswith(("{", "[")) for line in lines):
        return Extracted(text, missing="its structure, being no JSON Lines")
    built = builder.build()
    return Extracted(
        built.text,
        headings=built.headings,
        missing=f"the structure of lines that are no JSON: {listed(wrong)}" if wrong else "",
    )


def _values(text: str) -> Iterator[Any]:
    """All values in the text, one after the other; numbers as they are written.

    Raises:
        ValueError: Something else stands in between.
        RecursionError: They are nested too deep.
    """
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    at = _skip_space(text, 0)
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        yield value
        at = _skip_space(text, end)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,\x1e":
        at += 1
    return at


def _title(value: Any) -> str:
    title = value.get("title") if isinstance(value, dict) else ""
    return title if isinstance(title, str) else ""
