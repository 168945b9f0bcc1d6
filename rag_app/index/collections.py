"""Collections: several indexes side by side, with nothing in common.

The index that the settings name is the first one. The others are whole indexes of their own
in its folder `collections/`, so that all that takes an index folder takes a collection:
documents, embedding model, uploads, conversations and settings are each one's own.
"""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from unicodedata import category, normalize

from rag_app.errors import ConfigError, StoreError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.chosen_model import own_model
from rag_app.index.chosen_store import ChosenStore
from rag_app.index.writer_lock import writer_lock
from rag_app.settings.provenance import Settings
from rag_app.text.printable import printable

FIRST = "My documents"  # until it is given another name
LONGEST = 80  # characters of a name
_FOLDER = "collections"  # in the folder of the first
_FILE = "collection.toml"
_LONGEST_WORDS = 40  # characters of a slug that come from the name


@dataclass(frozen=True, slots=True)
class Collection:
    """One of the collections.

    Attributes:
        name: As the user gave it, on one line.
        folder: Its index folder.
        slug: What addresses call it: small Latin letters, digits and hyphens, never those of
            one that was deleted; "" for the first.
    """

    name: str
    folder: Path
    slug: str = ""


def collections_of(index: Path) -> list[Collection]:
    """The first one, which need not be there yet, then the others by name.

    Raises:
        StoreError: The folder cannot be read.
    """
    with _telling(index / _FOLDER, "read"):
        others = [
            Collection(_name(folder, folder.name), folder, folder.name)
            for folder in _folders(index / _FOLDER)
        ]
        first = Collection(_name(index, FIRST), index)
    return [first, *sorted(others, key=lambda other: (_likeness(other.name), other.slug))]


def find(index: Path, name: str) -> Collection:
    """The collection of that name, in whatever case, or of that slug.

    Raises:
        ConfigError: There is none.
        StoreError: The folder cannot be read.
    """
    known = collections_of(index)
    for found in known:
        if _likeness(found.name) == _likeness(name):
            return found
    for found in known:
        if found.slug and found.slug == name:
            return found
    names = ", ".join(repr(found.name) for found in known)
    raise ConfigError(f"there is no collection {printable(name)!r}; there are {names}")


def folder_of(index: str | Path | None, name: str | None) -> str | Path | None:
    """The index folder of the collection of that name; as it was given where there is no name.

    Args:
        index: The folder of the first collection; None is the configured one.
        name: See `find`.

    Raises:
        ConfigError: There is no such collection.
    """
    return index if name is None else find(Settings.load(index=index).index, name).folder


def create(index: Path, name: str) -> Collection:
    """A new one, which is empty.

    Args:
        index: The folder of the first collection.
        name: One to 80 characters, not the name of another one.

    Raises:
        ConfigError: The name cannot be used.
        StoreError: The folder cannot be written to.
    """
    named = _usable(name, collections_of(index))
    slug = _slug(named)
    made = Collection(named, index / _FOLDER / slug, slug)
    with _telling(made.folder, "made"):
        made.folder.mkdir(parents=True)
        # An index from the start, so that an ingestion of the folders above passes it over.
        Catalog(made.folder).close()
        _note(made)  # last: what a kill leaves before is no collection
    return made


def rename(index: Path, collection: Collection, name: str) -> Collection:
    """The same collection under another name; folder and slug stay.

    Raises:
        ConfigError: The name cannot be used.
        StoreError: The collection is no longer there, or cannot be written to.
    """
    others = [other for other in collections_of(index) if other.slug != collection.slug]
    renamed = replace(collection, name=_usable(name, others))
    with _telling(collection.folder, "renamed"):
        if not collection.slug:
            index.mkdir(parents=True, exist_ok=True)
        _note(renamed)
    return renamed


def delete(collection: Collection) -> None:
    """Remove the collection with all that is in its folder; what links there lead to stays.

    Raises:
        ConfigError: It is the first one.
        IndexLocked: Documents are being added to it.
        StoreError: It is no longer there, or cannot be removed.
    """
    folder = collection.folder
    if not collection.slug:
        raise ConfigError(f"{collection.name!r} is the first collection, which always stays")
    with writer_lock(folder):
        _leave_server(folder)
    # Windows moves no folder in which a file, such as the lock, is open.
    gone = folder.with_name(f".{collection.slug}.deleted")
    with _telling(folder, "removed"):
        folder.rename(gone)  # in one step: a kill leaves no collection that is half there
        shutil.rmtree(gone)


def _folders(within: Path) -> Iterator[Path]:
    """Those of collections; a link may lead anywhere and is none."""
    with suppress(FileNotFoundError), os.scandir(within) as listing:
        for entry in listing:
            folder = within / entry.name
            hidden = entry.name.startswith(".")
            if not hidden and entry.is_dir(follow_symlinks=False) and (folder / _FILE).is_file():
                yield folder


def _name(folder: Path, default: str) -> str:
    """The name that is noted in the folder; the default where none can be read there."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = tomllib.loads((folder / _FILE).read_text(encoding="utf-8"))
        return _on_one_line(noted["name"]) or default
    return default


def _note(collection: Collection) -> None:
    unfinished = collection.folder / f"{_FILE}.unfinished"
    # What JSON escapes in a text, TOML escapes in the same way.
    text = f"name = {json.dumps(collection.name, ensure_ascii=False)}\n"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(collection.folder / _FILE)


def _usable(name: str, others: Iterable[Collection]) -> str:
    named = _on_one_line(name)
    # Of spaces and marks alone nothing would be seen.
    if not any(category(character)[0] in "LNPS" for character in named):
        raise ConfigError("a collection needs a name that can be seen; give it one")
    if len(named) > LONGEST:
        raise ConfigError(f"a name has up to {LONGEST} characters, this one has {len(named)}")
    for other in others:
        if _likeness(other.name) == _likeness(named):
            raise ConfigError(f"there is a collection {other.name!r} already; use another name")
    return named


def _on_one_line(name: str) -> str:
    return normalize("NFC", " ".join(printable(name).split()))


def _likeness(name: str) -> str:
    """The same for names that differ in case, or in what cannot be seen."""
    folded = normalize("NFKC", _on_one_line(name)).casefold()
    return "".join(character for character in folded if category(character) != "Cf")


def _slug(name: str) -> str:
    latin = normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    words = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:_LONGEST_WORDS].rstrip("-")
    # By chance, so that the address of one that was deleted never leads to a later one.
    return f"{words or 'collection'}-{token_hex(4)}"


def _leave_server(folder: Path) -> None:
    """Have a server forget the vectors, where they are on one and it is in reach."""
    # What is damaged cannot say where they are, and is to be deleted all the same.
    with suppress(StoreError), closing(Catalog(folder)) as catalog:
        if own := own_model(catalog):
            wanted = Settings.load(index=folder).vector_store
            store = ChosenStore(folder, catalog, own.fingerprint, wanted=wanted)
            if store.is_remote:
                store.forget(store.name)


@contextmanager
def _telling(folder: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{folder} cannot be {done} ({reason}); check the folder") from error
