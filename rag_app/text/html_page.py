"""Pages for people: HTML that loads nothing and runs nothing, and how files are written."""

from html import escape
from pathlib import Path

from rag_app.errors import DataError
from rag_app.text.printable import printable

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def plain(text: str) -> str:
    """The text as HTML that shows just that text."""
    return escape(printable(text))


def page(title: str, body: str, *, style: str) -> str:
    """A whole page.

    Args:
        title: Any text.
        body: HTML, whose texts have passed through `plain`.
        style: CSS.
    """
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{plain(title)}</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{style}</style></head><body>\n{body}</body></html>\n"
    )


def write(path: Path, text: str) -> None:
    """Write the file.

    Raises:
        DataError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
