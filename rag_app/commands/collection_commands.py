"""`rag-app collections`: list the collections of an index; make, rename and delete them."""

import argparse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import add_command, print_json
from rag_app.errors import ConfigError, StoreError
from rag_app.settings.provenance import Settings
from rag_app.text.printable import one_line, show_text

if TYPE_CHECKING:
    from rag_app.index.collections import Collection

_Told = tuple[object, str]  # as JSON values, and for a person


def add_to(commands: Any) -> None:
    """Add the command."""
    added = add_command(commands, "collections", collections, "list, make or remove collections")
    added.add_argument(
        "action", nargs="?", default="list", choices=tuple(_ACTIONS), help="list if not given"
    )
    added.add_argument("names", nargs="*", metavar="NAME", help="of the collection; then its new")
    added.add_argument("--yes", action="store_true", help="really delete")


def collections(arguments: argparse.Namespace) -> int:
    """List the collections, or make, rename or delete one."""
    act, usage = _ACTIONS[arguments.action]
    if len(arguments.names) != usage.count("NAME"):
        raise ConfigError(f"write `rag-app collections {usage}`, names with spaces in quotes")
    # Collections are those of the first one, whichever `--collection` names.
    told, words = act(Settings.load(index=arguments.index).index, arguments)
    if arguments.json:
        print_json(told)
    else:
        show_text(words)
    return 0


def _list(index: Path, _: argparse.Namespace) -> _Told:
    from rag_app.index.collections import collections_of

    rows = [{**_told(one), **_size(one.folder)} for one in collections_of(index)]
    return rows, "\n".join(map(_line, rows))


def _new(index: Path, arguments: argparse.Namespace) -> _Told:
    from rag_app.index.collections import create

    made = create(index, *arguments.names)
    fill = f"fill it with `rag-ingest FOLDER --index {index} --collection {made.slug}`"
    return _told(made), f"{made.name!r} is in {made.folder}; {fill}"


def _rename(index: Path, arguments: argparse.Namespace) -> _Told:
    from rag_app.index.collections import find, rename

    name, new = arguments.names
    found = find(index, name)
    renamed = rename(index, found, new)
    return _told(renamed), f"{found.name!r} is now called {renamed.name!r}"


def _delete(index: Path, arguments: argparse.Namespace) -> _Told:
    from rag_app.index.collections import delete, find

    found = find(index, *arguments.names)
    if not arguments.yes:
        raise ConfigError(
            f"this removes {found.folder} with its index, uploads and conversations; "
            "add --yes if that is what you want"
        )
    delete(found)
    return _told(found), f"{found.name!r} is deleted"


_ACTIONS: dict[str, tuple[Callable[[Path, argparse.Namespace], _Told], str]] = {
    "list": (_list, "list"),
    "new": (_new, "new NAME"),
    "rename": (_rename, "rename NAME NEW-NAME"),
    "delete": (_delete, "delete NAME --yes"),
}


def _told(collection: "Collection") -> dict[str, Any]:
    return {
        "name": collection.name,
        "slug": collection.slug,
        "folder": str(collection.folder),
    }


def _size(folder: Path) -> dict[str, int | None]:
    """How many documents and chunks there are; None where the catalogue cannot be read."""
    from rag_app.index.catalog.catalog import Catalog, is_index

    documents: int | None = 0
    chunks: int | None = 0
    # Looking makes no index.
    if is_index(folder):
        try:
            with closing(Catalog(folder)) as catalog:
                documents, chunks = catalog.size()
        except StoreError:
            documents = chunks = None
    return {"documents": documents, "chunks": chunks}


def _line(row: dict[str, Any]) -> str:
    slug = f"  ({row['slug']})" if row["slug"] else ""
    if row["documents"] is None:
        return f"cannot be read; `rag-app doctor` tells more     {row['name']}{slug}"
    size = f"{row['documents']:6} documents {row['chunks']:8} chunks"
    return one_line(f"{size}  {row['name']}{slug}")
