"""What the commands share: their options, their settings, and how they print JSON."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag_app.config import Settings
from rag_app.errors import ConfigError

Command = Callable[[argparse.Namespace], int]


def add_command(commands: Any, name: str, run: Command, help_: str) -> argparse.ArgumentParser:
    """A parser for the command, with the options that all take."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
    add_common_options(added)
    added.set_defaults(run=run)
    return added


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes."""
    parser.add_argument("--index", type=Path, metavar="DIR", help="the index folder")
    parser.add_argument("--embedder", metavar="NAME", help="embedding model: folder or name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def settings_of(arguments: argparse.Namespace, **more: Any) -> Settings:
    """The settings, with what the command line says of them."""
    return Settings.load(index=arguments.index, embedder=arguments.embedder, **more)


def of_an_index(arguments: argparse.Namespace, **more: Any) -> Settings:
    """The settings, where they name an index that is there; looking makes none."""
    settings = settings_of(arguments, **more)
    if not (settings.index / "catalog.sqlite").exists():
        raise ConfigError(
            f"{settings.index} holds no index; make one with `rag-ingest FOLDER`, "
            "or name another --index"
        )
    return settings


def print_json(value: object) -> None:
    """One line of JSON."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
