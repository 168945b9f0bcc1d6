"""`rag-app config`: every setting and its origin, and changes for one index."""

import argparse
from pathlib import Path
from typing import Any

from rag_app.commands.common import add_command, index_of, print_json, settings_of
from rag_app.errors import ConfigError, StoreError, without_secrets
from rag_app.settings.provenance import Resolved, Settings, change_setting, named_index, resolve
from rag_app.text.printable import show


def add_to(commands: Any) -> None:
    """Add the command."""
    added = add_command(
        commands, "config", config, "show every setting and where it comes from, or change one"
    )
    added.add_argument(
        "action",
        nargs="?",
        choices=("set", "unset", "trust"),
        help="change a setting of the index, set it back, or have all count that it leads to",
    )
    added.add_argument("name", nargs="?", help="of the setting")
    added.add_argument("value", nargs="?")


def config(arguments: argparse.Namespace) -> int:
    """Show every setting and its origin; after a change, the one that was changed."""
    if arguments.action == "trust":
        return _trust(arguments)
    if arguments.action:
        _change(arguments)
    settings = settings_of(arguments)
    resolved = resolve(index=index_of(arguments), embedder=arguments.embedder)
    if not settings.embedder:
        resolved["embedder"] = _embedder(settings)
    shown = {arguments.name: resolved[arguments.name]} if arguments.action else resolved
    if arguments.json:
        print_json(
            {
                name: {"value": _shown(value), "from": origin}
                for name, (value, origin) in shown.items()
            }
        )
        return 0
    for name, (value, origin) in shown.items():
        show(f"{name} = {_shown(value)}  ({origin})")
    return 0


def _change(arguments: argparse.Namespace) -> None:
    setting = arguments.action == "set"
    if not arguments.name or setting != (arguments.value is not None):
        raise ConfigError("use `rag-app config set NAME VALUE` or `rag-app config unset NAME`")
    change_setting(arguments.name, arguments.value, index=named_index(index_of(arguments)))


def _trust(arguments: argparse.Namespace) -> int:
    """Have what the index has of addresses, providers and models count from now on."""
    from rag_app.consent import trust_index

    index = named_index(index_of(arguments))
    trusted = trust_index(index)
    if arguments.json:
        print_json({"index": str(index), "trusted": trusted})
        return 0
    for name, where in trusted.items():
        show(f"{name} may lead to {where}")
    if not trusted:
        show(f"{index} leads nowhere")
    return 0


def _embedder(settings: Settings) -> Resolved:
    """The embedding model that is used where none is set, and what says so."""
    from rag_app.index.chosen_model import own_model_of
    from rag_app.opening import embedder_name

    try:
        own = own_model_of(settings.index)
    except StoreError:  # this command is to help with what is broken
        return Resolved("", "the index, which cannot be read")
    return Resolved(embedder_name(settings), "the index" if own else "default")


def _shown(value: object) -> object:
    """A setting as a JSON value, addresses without their passwords."""
    if isinstance(value, Path):
        return str(value)
    return without_secrets(value) if isinstance(value, str) else value
