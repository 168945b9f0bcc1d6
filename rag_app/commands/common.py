"""What the commands share: their settings, and how they print JSON."""

import argparse
import json
from typing import Any

from rag_app.config import Settings
from rag_app.errors import ConfigError


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
