"""The files that settings come from: the user's own, and one in each index folder.

What can be set, and to what, `rag_app/config.py` knows.
"""

import os
import tomllib
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from rag_app.errors import ConfigError

ENVIRONMENT = "RAG_APP_"  # what the names of our variables begin with


def settings_file() -> Path:
    """The TOML file with the user's settings; it need not exist."""
    named = os.environ.get(f"{ENVIRONMENT}CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("rag-app")) / "config.toml"


def own_settings_file(index: Path) -> Path:
    """The TOML file with the settings of one index; it need not exist."""
    return index / "settings.toml"


def read_settings(path: Path) -> dict[str, Any]:
    """What the file says; nothing where it does not exist.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML ({error}); mend it, or move it away"
        ) from error


@contextmanager
def edited(path: Path) -> Iterator[MutableMapping[str, Any]]:
    """What the file says, to be changed; comments and order stay.

    It is written whole in the end, and not at all where anything is raised meanwhile. Others
    who want to change it wait.

    Raises:
        ConfigError: It cannot be read or written, or is not TOML.
    """
    import tomlkit
    from filelock import FileLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), is_singleton=False):
            read_settings(path)  # its complaints are the better ones
            document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
            yield document
            partial = path.with_name(f".{path.name}.part")
            partial.write_text(document.as_string(), encoding="utf-8")
            partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error})") from error
