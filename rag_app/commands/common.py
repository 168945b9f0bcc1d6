"""What the commands share: their options, their settings, and how they print JSON."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.errors import ConfigError
from rag_app.settings.provenance import Settings
from rag_app.text.printable import json_text, show

if TYPE_CHECKING:
    from rag_app.index.index import Index
    from rag_app.protocols import Embedder

Command = Callable[[argparse.Namespace], int]


def add_command(commands: Any, name: str, run: Command, help_: str = "") -> argparse.ArgumentParser:
    """A parser for the command, with the options that all take.

    Args:
        commands: What `add_subparsers` gave.
        name: Of the command.
        run: Does it.
        help_: What it does, where the docstring of `run` is not to say it.
    """
    told = help_ or run.__doc__ or ""
    added: argparse.ArgumentParser = commands.add_parser(name, help=told, description=told)
    add_common_options(added)
    added.set_defaults(run=run)
    return added


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes."""
    parser.add_argument("--index", type=Path, metavar="DIR", help="the index folder")
    parser.add_argument("--collection", metavar="NAME", help="one of the index's collections")
    parser.add_argument("--embedder", metavar="NAME", help="embedding model: folder or name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def index_of(arguments: argparse.Namespace) -> str | Path | None:
    """The index folder that the command line names, if it names one."""
    from rag_app.index.collections import folder_of

    return folder_of(arguments.index, arguments.collection)


def settings_of(arguments: argparse.Namespace, **more: Any) -> Settings:
    """The settings, with what the command line says of them."""
    return Settings.load(index=index_of(arguments), embedder=arguments.embedder, **more)


def of_an_index(arguments: argparse.Namespace, **more: Any) -> Settings:
    """The settings, where they name an index that is there; looking makes none."""
    from rag_app.index.catalog.catalog import is_index

    settings = settings_of(arguments, **more)
    if not is_index(settings.index):
        raise ConfigError(
            f"{settings.index} holds no index; make one with `rag-ingest FOLDER`, "
            "or name another --index"
        )
    return settings


def key_value(text: str) -> tuple[str, str]:
    """An option's KEY=VALUE."""
    key, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


@contextmanager
def opened_index(settings: Settings) -> "Iterator[tuple[Index, Embedder]]":
    """The index of the settings and its embedder, closed in the end."""
    from rag_app.opening import open_index

    index, embedder = open_index(settings)
    with closing(index):
        yield index, embedder


def print_json(value: object) -> None:
    """One line of JSON."""
    show(json_text(value))
