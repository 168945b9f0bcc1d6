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

Anything else that escapes is a bug and keeps its traceback.
"""


class RagError(Exception):
    """What is wrong, the values seen, and what to do next, in one line."""


class ConfigError(RagError):
    """A setting or argument cannot be used."""


class ModelError(RagError):
    """A model is missing, damaged or not the expected one."""


class StoreError(RagError):
    """The index on disk cannot be used as asked."""


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
