"""Jupyter notebooks: text cells as Markdown, code and what it printed; no pictures."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup import html, markdown
from ingest.loading.markup.text import decode

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_OBJECT = re.compile(r"<[^<>]*>$")  # what Python shows of a figure


def extract(data: bytes) -> Extracted:
    """Cell by cell; the title is the notebook's own or its first heading."""
    notebook = json.loads(decode(data).lstrip("\ufeff"))
    details = notebook.get("metadata") or {}
    language = str((details.get("language_info") or {}).get("name") or "")
    builder = TextBuilder()
    for cell in _cells(notebook):
        source = _joined(cell.get("source", cell.get("input")))
        kind = cell.get("cell_type")
        if kind == "code" and source.strip():
            builder.paragraph(f"```{language}\n{source}\n```")
        elif kind == "heading":  # before 2015
            builder.heading(source, int(cell.get("level", 1)))
        elif source.strip():
            builder.part(markdown.read(source))
        for output in cell.get("outputs") or []:
            _add_output(builder, output)
    return builder.build(str(details.get("title") or ""))


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from notebook.get("cells") or []
    for sheet in notebook.get("worksheets") or []:  # before 2015
        yield from sheet.get("cells") or []


def _add_output(builder: TextBuilder, output: Mapping[str, Any]) -> None:
    shown = output.get("data", output)
    if "ename" in output:
        builder.paragraph(f"{output['ename']}: {output.get('evalue', '')}")
    elif "text/markdown" in shown:
        builder.part(markdown.read(_joined(shown["text/markdown"])), level=1)
    elif (page := shown.get("text/html", shown.get("html"))) and (part := _read(page)).text:
        builder.part(part, level=1)
    else:
        plain = _joined(shown.get("text/plain", shown.get("text")))
        if not _OBJECT.match(plain.strip()):
            builder.paragraph(_as_seen(plain))


def _read(page: str | list[str]) -> Extracted:
    return html.read(_joined(page))


def _as_seen(printed: str) -> str:
    """Without colours; of a progress bar the last state."""
    lines = _COLOURS.sub("", printed).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _joined(source: str | list[str] | None) -> str:
    return source if isinstance(source, str) else "".join(map(str, source or ()))
