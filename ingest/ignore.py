"""`.ragignore`: files and folders to pass over, in the syntax of `.gitignore`.

A walk comes from above and does not enter what is ignored, so a pattern is only asked
about the entry itself, never about the folders it lies in. That is how git does it.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from ingest.names import prefix_of, text_of
from rag_app.errors import LoadError

IGNORE_FILE = ".ragignore"
_LARGEST = 256 << 10  # bytes
_FOLDERS = re.compile(r"/\*\*/\s*$")  # all folders inside; the library takes it for the outer one
_IN_SEGMENT = "[^/]"
_INNER_FOLDERS, _OUTER_FOLDERS = "(?:/.+)?", "^(?:.+/)?"  # what `**` becomes


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line; `by_name` where it holds in every folder below."""

    regex: re.Pattern[str]
    ignores: bool
    by_name: bool

    def matches(self, path: str, *, folder: bool) -> bool:
        path = path.rpartition("/")[2] if self.by_name else path
        # The only group is the slash after a folder: with it, the match is of a folder.
        match = self.regex.search(path)
        if match is not None and match.lastindex is None:
            return True
        return folder and any(
            found.lastindex is not None and found.end() == len(path) + 1
            for found in self.regex.finditer(f"{path}/")
        )


@dataclass(frozen=True, slots=True)
class _Level:
    """The patterns of one file, the last first, and where paths in its folder begin."""

    start: int
    patterns: tuple[_Pattern, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the ignore files of a folder and of those above it say, the deepest first."""

    levels: tuple[_Level, ...] = ()

    def within(self, folder: str) -> "Rules":
        """With the ignore file of a folder below, if it has one.

        Raises:
            LoadError: It cannot be read, or holds what is no pattern.
        """
        lines = _read(Path(folder, IGNORE_FILE))
        patterns = tuple(_patterns(lines))[::-1]
        if not patterns:
            return self
        return Rules((_Level(len(prefix_of(folder)), patterns), *self.levels))

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether this file or folder is to be passed over; the last word on it counts."""
        for level in self.levels:
            # In expressions a line break is special; a name can hold it, but no zero byte.
            relative = path[level.start :].replace(os.sep, "/").replace("\n", "\0")
            for pattern in level.patterns:
                if pattern.matches(relative, folder=folder):
                    return pattern.ignores
        return False


def _read(path: Path) -> list[str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadError("is not a file")
        if status.st_size > _LARGEST:
            raise LoadError(f"is longer than {_LARGEST >> 10} KiB; shorten it")
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LoadError(error.strerror or str(error)) from error
    return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")


def _patterns(lines: list[str]) -> Iterator[_Pattern]:
    for number, line in enumerate(lines, start=1):
        try:
            if "[:" in line and ":]" in line:
                raise ValueError("named classes of characters are not known to the library")
            regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(_FOLDERS.sub("/**/*/", line))
            compiled = re.compile(_quick(regex)) if regex is not None else None
        except (ValueError, re.error) as error:
            shown = text_of(line.strip())
            raise LoadError(f"line {number} is no pattern: {shown}; correct it") from error
        if compiled is not None and ignores is not None and "\0" not in line:
            body = line.removeprefix("!").rstrip()
            yield _Pattern(compiled, ignores, by_name="/" not in body[:-1])


def _quick(regex: str) -> str:
    """The expression with every wildcard but the last bound to its first match.

    It matches the same, but in linear time: a name cannot be made that it works on for ever.
    """
    # Python warns of a set that begins with a bracket: it may one day mean something else.
    regex = re.sub(r"(\\.)|\[(\^?)\[", lambda m: m[1] or f"[{m[2]}\\[", regex, flags=re.DOTALL)
    regex = regex.replace(_IN_SEGMENT, "\0")
    regex = re.sub(r"(?:\0\*)+", "\0*", regex)
    regex = re.sub(r"\0\*([^/]+?)(?=\0\*)", "(?>\0*?\\1)", regex)
    regex = regex.replace("\0", _IN_SEGMENT)
    first, *others = regex.split(_INNER_FOLDERS)
    if not others:
        return regex
    if first.startswith(_OUTER_FOLDERS):
        first = f"^(?>(?:.+?/)??{first.removeprefix(_OUTER_FOLDERS)}(?=/))"
    inner = "".join(f"(?>(?:/.+?)??{part}(?=/))" for part in others[:-1])
    return f"{first}{inner}{_INNER_FOLDERS}{others[-1]}"
