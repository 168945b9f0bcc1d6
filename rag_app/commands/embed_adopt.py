"""`rag-app embed adopt`: another embedding model for an index, and its former one back."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import add_command, of_an_index, opened_index, print_json
from rag_app.errors import ConfigError
from rag_app.text.printable import show_text

if TYPE_CHECKING:
    from rag_app.settings.provenance import Settings
    from rag_app.workbench.adoption import Adoption


def adopt_model(arguments: argparse.Namespace) -> int:
    """Give the index another embedding model, or go back to the one before."""
    settings = of_an_index(arguments)
    done = _go_back(settings) if arguments.back else adopt_into(settings, arguments.model)
    if arguments.json:
        print_json(asdict(done))
    else:
        show_text(adoption_text(done, settings))
    return 0


def add_commands(own: Any) -> None:
    """Add `adopt` to `embed`."""
    parser = add_command(own, "adopt", adopt_model)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("model", nargs="?", metavar="MODEL", help="folder or name")
    which.add_argument("--back", action="store_true", help="the model before the last adoption")


def adopt_into(settings: "Settings", name: str) -> "Adoption":
    """Give the index of the settings the model of that name."""
    from rag_app.opening import open_embedder, open_index
    from rag_app.workbench.adoption import adopt

    current = open_embedder(settings)
    index, new = open_index(replace(settings, embedder=name))
    with closing(index), _as_ingested(settings) as options:
        return adopt(index, new, current=current, **options)


def check_adoptable(settings: "Settings") -> None:
    """Does nothing where the index has the embedding model of the settings.

    Raises:
        IndexMismatch: It has another one.
    """

    with opened_index(settings) as (index, _):
        index.check_model()


def adoption_text(done: "Adoption", settings: "Settings") -> str:
    """What was done, for a person to read."""
    if done.former == done.model:
        return f"{settings.index} has {done.model} already"
    return (
        f"{done.embedded} texts embedded in {done.seconds:.1f} s; {settings.index} now has "
        f"{done.model}\n`rag-app embed adopt --back --index {settings.index}` goes back to "
        f"{done.former}"
    )


def _go_back(settings: "Settings") -> "Adoption":
    from rag_app.index.catalog.catalog import Catalog
    from rag_app.index.chosen_model import former_model
    from rag_app.opening import check_trusted, open_index
    from rag_app.workbench.adoption import go_back

    with closing(Catalog(settings.index)) as catalog:
        noted = former_model(catalog)
    if noted is None:
        raise ConfigError(f"{settings.index} has adopted no model, so it cannot go back")
    check_trusted(settings.index, noted.name)
    index, former = open_index(replace(settings, embedder=noted.name))
    with closing(index), _as_ingested(settings) as options:
        return go_back(index, former, **options)


@contextmanager
def _as_ingested(settings: "Settings") -> Iterator[dict[str, Any]]:
    """How the documents were ingested, and a bar that shows how far it is."""
    from tqdm import tqdm

    from rag_app.index.redis_cache import shared_vectors

    with tqdm(unit=" chunks", file=sys.stderr, dynamic_ncols=True, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield {
            "tokens": settings.chunk_tokens,
            "context": settings.context_tokens,
            "cache": shared_vectors(settings),
            "progress": show,
        }
