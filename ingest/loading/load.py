"""Which module reads which file, and what a failure says."""

import logging
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ingest.loading import html, markdown, pdf, sheet, text, word
from ingest.loading.extracted import Extracted
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document, identify

_logger = logging.getLogger(__name__)
Extract = Callable[[bytes], Extracted]

FORMATS: dict[str, Extract] = {
    "md": markdown.extract,
    "markdown": markdown.extract,
    "txt": text.extract,
    "text": text.extract,
    "log": text.extract,
    "html": html.extract,
    "htm": html.extract,
    "docx": word.extract,
    "xlsx": sheet.extract_workbook,
    "csv": sheet.extract_csv,
    "tsv": sheet.extract_csv,
    "pdf": pdf.extract,
}
_LARGEST = 200 * 1024 * 1024  # bytes


def load(path: Path, *, source: str | None = None) -> Document:
    """The text of a file with its title, pages and headings.

    Args:
        path: The file.
        source: What citations call it; the path as given if None.

    Raises:
        SkippedFile: The file is of a format that is not read, or holds no text.
        LoadError: It could not be read; the message names the file and the cure.
    """
    suffix = path.suffix.lower().removeprefix(".")
    extract = FORMATS.get(suffix)
    if extract is None:
        raise SkippedFile(f"{path}: .{suffix or 'no suffix'} is not among {', '.join(FORMATS)}")
    data = _read(path)
    try:
        extracted = extract(data)
    except LoadError as error:
        raise type(error)(f"{path}: {error}") from error
    except Exception as error:
        _logger.debug("parser failed on %s", path, exc_info=True)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise LoadError(f"{path}: damaged or not a .{suffix} file ({reason[:200]})") from error
    if not extracted.text.strip():
        raise SkippedFile(
            f"{path}: holds no text" + (f" ({m})" if (m := extracted.missing) else "")
        )
    folder = path.parent.resolve()
    return Document(
        id=identify(str(folder / path.name)),
        source=source if source is not None else str(path),
        text=extracted.text,
        title=extracted.title or path.stem,
        digest=sha256(data).hexdigest(),
        page_starts=extracted.page_starts,
        headings=extracted.headings,
        metadata={"format": suffix, "folder": str(folder)},
        missing=extracted.missing,
    )


def _read(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > _LARGEST:
            raise LoadError(f"{path}: {size >> 20} MiB is over the limit of {_LARGEST >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror or error}") from error
