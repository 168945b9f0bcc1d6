"""An index of evaluation documents, built as real use builds it and kept by content."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import platformdirs

from rag_app.config import Settings
from rag_app.errors import ConfigError, DataError
from rag_app.protocols import Ingestion
from rag_app.rag import Rag
from rag_app.schema import Document, identify

_logger = logging.getLogger(__name__)
_REPORT = "evaluation"  # where the catalogue keeps the report of a finished ingestion


def open_throwaway(documents: Sequence[Document], settings: Settings) -> tuple[Rag, dict[str, Any]]:
    """An index of just these documents, and the report of its ingestion.

    It lies in the user's cache folder and is used again for the same documents.
    """
    content = identify(*(part for d in documents for part in (d.id, d.title, d.digest)))
    folder = Path(platformdirs.user_cache_dir("rag-app")) / "evaluation" / content
    rag = Rag.open(settings=replace(settings, index=folder, answer="read"))
    key = f"{_REPORT} {identify(rag.embedder.fingerprint, str(settings.chunk_tokens))}"
    found = rag.index.catalog.get(key)
    if found is None:
        _logger.warning("indexing %d documents of the evaluation set", len(documents))
        report = _ingestion()(
            documents, rag.index, embedder=rag.embedder, tokens=settings.chunk_tokens
        )
        found = json.dumps(report)
        rag.index.catalog.set(key, found)
    return rag, json.loads(found)


def evaluation_document(name: str, text: str, *, title: str = "") -> Document:
    """A document that is no file; its name serves as id and source."""
    return Document(
        id=name, source=name, text=text, title=title, digest=sha256(text.encode()).hexdigest()
    )


def read_lines(path: Path) -> list[Any]:
    """The rows of a JSON lines file.

    Raises:
        DataError: The file is missing or a line is not JSON.
    """
    return [_parse(path, number, line) for number, line in enumerate(_lines(path), start=1) if line]


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; see the README for the layout") from error


def _parse(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: not JSON ({error})") from error


def _ingestion() -> Ingestion:
    """How documents get into an index; ingestion announces itself as an entry point."""
    found = list(entry_points(group="rag_app.ingestion", name="store"))
    if not found:
        raise ConfigError("ingestion is not installed; run `pip install .` in the project")
    ingestion: Ingestion = found[0].load()
    return ingestion
