"""An index of evaluation documents, built as real use builds it and kept by content."""

import json
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import platformdirs

from rag_app.errors import ConfigError, DataError, RagError
from rag_app.index.search_structures import temporary_folder
from rag_app.opening import settled
from rag_app.protocols import Ingestion
from rag_app.rag import Rag
from rag_app.schema import Document, identify
from rag_app.settings.provenance import Settings
from rag_app.text.surrogates import loads

_logger = logging.getLogger(__name__)
_Row = TypeVar("_Row")
_REPORT = "evaluation"  # where the catalogue keeps the report of a finished ingestion


def open_temporary_index(
    documents: Sequence[Document], settings: Settings
) -> tuple[Rag, dict[str, Any]]:
    """An index of just these documents, and the report of its ingestion.

    It lies in the user's cache folder, where that can be written to, and is used again for the
    same documents. What embeds them is the settings' model, or that of the settings' index.
    """
    content = identify(*(part for d in documents for part in (d.id, d.title, d.digest)))
    folder = _cache() / content
    rag = Rag.open(settings=replace(settled(settings), index=folder, answer="read"))
    cut = (str(settings.chunk_tokens), str(settings.context_tokens))
    key = f"{_REPORT} {identify(rag.embedder.fingerprint, *cut)}"
    found = rag.index.catalog.get(key)
    if found is None:
        _logger.warning("indexing %d documents of the evaluation set", len(documents))
        report = _ingestion()(
            documents,
            rag.index,
            embedder=rag.embedder,
            tokens=settings.chunk_tokens,
            context=settings.context_tokens,
        )
        found = json.dumps(report)
        rag.index.catalog.set(key, found)
    return rag, json.loads(found)


def _cache() -> Path:
    folder = Path(platformdirs.user_cache_dir("rag-app")) / "evaluation"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK | os.X_OK):
        return folder
    _logger.warning("%s cannot be written to: what is indexed is not kept", folder)
    return Path(_until_the_end().name)


@cache
def _until_the_end() -> "TemporaryDirectory[str]":
    """A folder that goes with the process."""
    return temporary_folder()


def evaluation_document(name: str, text: str, *, title: str = "") -> Document:
    """A document that is no file; its name serves as id and source."""
    return Document(
        id=name, source=name, text=text, title=title, digest=sha256(text.encode()).hexdigest()
    )


def read_lines(path: Path, parse: Callable[[Any], _Row]) -> list[_Row]:
    """The rows of a JSON lines file, each made from its line's value by `parse`.

    Raises:
        DataError: The file is missing, or a line is not JSON or not of the layout.
    """
    return parse_lines(read_text(path), parse, name=str(path))


def parse_lines(text: str, parse: Callable[[Any], _Row], *, name: str) -> list[_Row]:
    """The same of text, whose name stands in errors.

    Raises:
        DataError: A line is not JSON or not of the layout.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append(parse(loads(line)))
        except RagError as error:
            raise DataError(f"{name}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{name}, line {number}: not of this layout ({error!r})") from error
    return rows


def read_text(path: Path) -> str:
    """The text of a file of the evaluation set.

    Raises:
        DataError: The file is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; docs/measurements.md names the data") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start})") from error


def _ingestion() -> Ingestion:
    """How documents get into an index; ingestion announces itself as an entry point."""
    found = list(entry_points(group="rag_app.ingestion", name="store"))
    if not found:
        raise ConfigError("ingestion is not installed; run `pip install .` in the project")
    ingestion: Ingestion = found[0].load()
    return ingestion
