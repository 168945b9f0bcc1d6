"""Errors a user can act on. The commands print the one line and exit 1.

RagError
├── ConfigError        a setting or argument that cannot be used
├── ModelError         a model that is missing, damaged or not the expected one
├── StoreError         the index on disk cannot be used as asked
│   ├── IndexLocked    another process is writing
│   └── IndexMismatch  it was built with another model
├── LoadError          one document that could not be read
│   └── SkippedFile    one that is deliberately not indexed
└── DataError          an evaluation set that is not in the expected layout

Anything else that escapes is a bug and keeps its traceback. Neither ever says a password or a key,
though libraries and servers repeat what they were given.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

# To the last @, as a password may hold one that should have been written as %40.
_USER = re.compile(r"(?<=://)[^\s'\"]*@")
_IN_QUERY = re.compile(r"(?i)(?<=[?&])((?:password|secret|[\w-]*token|[\w-]*key)=)[^&\s'\"]+")
_SECRET_VARIABLE = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8  # characters; shorter ones are words such as "none"


def without_secrets(text: str) -> str:
    """The text as it may be shown: without users, passwords and keys.

    Neither those of addresses nor those of this process's environment.
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET_VARIABLE.search(name):
            text = text.replace(value, "…")
    return _USER.sub("…@", _IN_QUERY.sub(r"\1…", text))


class RagError(Exception):
    """What is wrong, the values seen, and what to do next, in one line."""

    def __str__(self) -> str:
        return without_secrets(super().__str__())


_LONGEST = 300  # characters of what a library says; it may repeat all that it was sent


def first_line(error: BaseException) -> str:
    """What a library's error says first, or its name where it says nothing."""
    return without_secrets(str(error)).strip().split("\n")[0][:_LONGEST] or type(error).__name__


class ConfigError(RagError):
    """A setting or argument cannot be used."""


class ModelError(RagError):
    """A model is missing, damaged or not the expected one."""


class StoreError(RagError):
    """The index on disk cannot be used as asked."""


# What the disk says of itself, in the words of the libraries that write to it.
_NOT_DAMAGE = ("full", "readonly", "read-only", "Read-only", "No space", "disk I/O")


def store_error(path: object, error: Exception) -> StoreError:
    """What a library says of its files, as an error that says what to do.

    `DamagedStore` where the files are damaged, as after a kill while they were written, and
    not the disk full or read-only.
    """
    damaged = not isinstance(error, OSError) and not any(sign in str(error) for sign in _NOT_DAMAGE)
    return (DamagedStore if damaged else StoreError)(
        f"{path} cannot be used ({error}); make room if the disk is full, then "
        "`rag-app doctor --repair` makes it anew"
    )


@contextmanager
def store_errors(path: object, *kinds: type[Exception]) -> Iterator[None]:
    """Failures of the disk, and of these kinds, as `store_error` tells them."""
    told: tuple[type[Exception], ...] = (OSError, *kinds)
    try:
        yield
    except told as error:
        raise store_error(path, error) from error


class DamagedStore(StoreError):
    """What is made from the catalogue cannot be read, and has to be made again."""


class IndexLocked(StoreError):
    """Another process is writing to the index."""


class IndexMismatch(StoreError):
    """The index was built with another embedding model."""


class LoadError(RagError):
    """One document could not be read; the others are unaffected."""


class SkippedFile(LoadError):
    """A file that is deliberately not indexed; the message says why."""


class DataError(RagError):
    """An evaluation set is not in the expected layout."""
