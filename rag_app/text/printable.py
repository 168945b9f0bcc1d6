"""Text of documents made fit to be shown, and the one door to the terminal.

What cannot be printed becomes a space: a terminal would obey it, or show one name as another.
"""

import argparse
import json
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any

from rag_app.errors import without_secrets

# Control characters, those that turn the direction of what follows (which could make one
# file name look like another), and halves of pairs as in file names that are not UTF-8.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BETWEEN_LINES = re.compile(r"[\t\n\u2028\u2029]")
_SHOWN = 300  # characters of a passage on a terminal


def printable(text: str) -> str:
    """The text, of the same length, with spaces for what cannot be shown or sent."""
    return _UNPRINTABLE.sub(" ", text)


def one_line(text: str) -> str:
    """The same on one line, as for names, which may hold line breaks."""
    return _BETWEEN_LINES.sub(" ", printable(text))


def where(source: str, page: int | None) -> str:
    """Source and page as people write them, on one line."""
    return one_line(f"{source}, page {page}" if page else source)


def shorten(text: str, most: int = _SHOWN) -> str:
    """The first words of a text on one line, so many characters at most and an ellipsis."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[:most].rsplit(" ", 1)[0] + " …"


def json_text(value: object, *, indent: int | None = None) -> str:
    """The value as JSON, with escapes for what cannot be printed."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def show(line: object = "", *, error: bool = False) -> None:
    """Print it on one line.

    Args:
        line: What is shown.
        error: Whether it goes to stderr, as all that is no result.
    """
    show_text(one_line(str(line)), error=error)


def show_text(text: str, *, error: bool = False) -> None:
    """Print it on the lines that it has."""
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{printable(text)}\n")
    stream.flush()


def show_log(level: int) -> None:
    """Have what is logged from this level on printed on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LogLine("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    sys.excepthook = _show_bug


class _LogLine(logging.Formatter):
    """A message on one line, then the traceback if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return printable(without_secrets(super().format(record)))


def _show_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The traceback of what nobody expected; a document's text may be in it."""
    told = "".join(traceback.format_exception(kind, error, trace)).rstrip("\n")
    show_text(without_secrets(told), error=True)


class Parser(argparse.ArgumentParser):
    """Parses a command line; names of files, which a shell may have put there, are in errors."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(printable(message), file)
