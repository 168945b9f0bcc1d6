"""Paths as text that SQLite, JSON and a terminal can take, and back again.

On most systems a name is bytes, and need not be text in any encoding.
"""

import os
import re
import sys
from pathlib import Path

_ESCAPE = re.compile(r"\\x(5c|[89a-f][0-9a-f])")


def text_of(path: Path | str) -> str:
    r"""The path as text; a byte that is no UTF-8 becomes `\xNN`.

    No two paths have the same text: a backslash that would read as such an escape
    becomes `\x5c`.
    """
    text = str(path)
    if text.isascii() and "\\" not in text:
        return text
    if os.sep != "\\":
        text = _ESCAPE.sub(r"\\x5cx\1", text)
    data = text.encode("utf-8", sys.getfilesystemencodeerrors())
    return data.decode("utf-8", "backslashreplace")


def path_of(text: str) -> Path:
    """The path that `text_of` gave this text."""
    return Path(text if os.sep == "\\" else _ESCAPE.sub(_unescaped, text))


def prefix_of(folder: str) -> str:
    """What the paths of all in the folder begin with; nothing for the present folder."""
    return folder if not folder or folder.endswith(os.sep) else folder + os.sep


def _unescaped(escape: re.Match[str]) -> str:
    # Python holds an undecodable byte as this surrogate.
    return "\\" if escape[1] == "5c" else chr(0xDC00 + int(escape[1], 16))
